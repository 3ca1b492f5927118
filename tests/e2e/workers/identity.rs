//! The same identity with another content is a dead letter; with the same content written
//! differently it is a duplicate.

use serde_json::json;

use crate::support::ground::{Ground, holds};
use crate::support::producer::{Message, Producer};

const DEAD_LETTERS: &str = "dead_letter where reason = 'identity_conflict'";

#[test]
fn an_identity_with_another_content_becomes_a_dead_letter_also_within_a_batch() {
    Ground::test("identity", async |ground| {
        let mut producer = Producer::new(&ground);
        // All in one batch: they wait before the worker starts.
        producer.publish(copies("one-batch")).await;
        let worker = ground.plan().start().await;
        let duplicate = "type=\"upload.step\",outcome=\"duplicate\"";
        let counts = async |duplicates: i64, conflicts: i64| {
            holds("the outcomes of the copies", async || {
                let repeated = worker.metric("waybill_events_total", duplicate).await;
                let dead_letters = ground.count(DEAD_LETTERS).await;
                repeated == duplicates && dead_letters == conflicts
            })
            .await;
        };
        counts(4, 3).await;
        for message in copies("apart") {
            producer.publish(vec![message]).await;
        }
        counts(8, 6).await;
        assert_eq!(ground.count("event where data like '%first%'").await, 2);
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
    let data = json!({ "message": "first", "name": "scan" }).to_string();
    vec![
        event(step, Some(noon), &data),
        event(step, Some(noon), &data),
        event(
            step,
            Some(noon),
            r#"{ "name": "scan", "message": "f\u0069rst" }"#,
        ),
        event(step, Some("2026-01-31T13:00:00+01:00"), &data),
        event(step, None, &data),
        event(step, Some(one), &data),
        event(step, Some(noon), r#"{"message":"second","name":"scan"}"#),
        event("upload.failed", Some(noon), &data),
    ]
}
