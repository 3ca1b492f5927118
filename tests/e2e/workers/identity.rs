//! The same identity with another content is told, and what is only written differently is not.

use serde_json::json;

use crate::support::ground::{Ground, run, until};
use crate::support::producer::{Message, Producer};

const LETTERS: &str = "select count(*) from waybill.dead_letter where reason = 'identity_conflict'";

#[test]
fn an_identity_that_comes_again_with_another_content_becomes_a_dead_letter_inside_a_batch_too() {
    run(async {
        let ground = Ground::shared("identity").await;
        let mut producer = Producer::new(&ground);
        // All in one batch: they wait before the worker comes.
        producer.publish(copies("together")).await;
        let worker = ground.plan().start().await;
        let duplicate = "type=\"upload.step\",outcome=\"duplicate\"";
        let told = async |duplicates: i64, conflicts: i64| {
            until("what became of the copies", async || {
                let repeated = worker.metric("waybill_events_total", duplicate).await;
                let dead_letters = ground.number(LETTERS).await;
                (repeated == duplicates && dead_letters == conflicts).then_some(())
            })
            .await;
        };
        told(4, 3).await;
        for message in copies("apart") {
            producer.publish(vec![message]).await;
        }
        told(8, 6).await;
        let kept = "select count(*) from waybill.event where data like '%first%'";
        assert_eq!(ground.number(kept).await, 2);
        worker.stop().await;
    });
}

/// An event, four copies of it and three others of the same identity.
fn copies(token: &str) -> Vec<Message> {
    let event = |type_: &str, time: Option<&str>, data: &str| {
        let time = time.map_or(String::new(), |time| format!("\"time\":\"{time}\","));
        let body = format!(
            "{{\"id\":\"1\",\"source\":\"e2e\",\"token\":\"{token}\",\"type\":\"{type_}\",{time}\"data\":{data}}}"
        );
        Message::bad("1", body.as_bytes(), "")
    };
    let (step, noon, one) = (
        "upload.step",
        "2026-01-31T12:00:00Z",
        "2026-01-31T13:00:00Z",
    );
    let said = json!({ "message": "first", "name": "scan" }).to_string();
    vec![
        event(step, Some(noon), &said),
        event(step, Some(noon), &said),
        event(
            step,
            Some(noon),
            r#"{ "name": "scan", "message": "f\u0069rst" }"#,
        ),
        event(step, Some("2026-01-31T13:00:00+01:00"), &said),
        event(step, None, &said),
        event(step, Some(one), &said),
        event(step, Some(noon), r#"{"message":"second","name":"scan"}"#),
        event("upload.failed", Some(noon), &said),
    ]
}
