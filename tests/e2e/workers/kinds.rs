//! The kind of a process is decided by its opening: a misrouted event does not change it, whenever
//! it comes, and becomes one dead letter with its bytes.

use serde_json::{Value, json};

use crate::support::client::{Client, served};
use crate::support::ground::{Ground, assert_rows, holds, reaches};
use crate::support::producer::{Message, Producer};
use crate::support::scenario::Scenario;
use crate::support::story::{event, shuffled, stories};

const MISMATCHES: &str = "dead_letter where reason = 'kind_mismatch'";
const PARKED: &str = "parked";

#[test]
fn misrouted_events_change_no_record_whether_they_come_first_or_last() {
    Scenario::test("misrouted", async |mut scenario| {
        let worker = scenario.plan().with("batch.events", "10").start().await;
        let uploads = stories("misrouted", 70);
        let mut tokens: Vec<String> = uploads.iter().filter_map(|e| e.token.clone()).collect();
        tokens.dedup();
        let mut messages: Vec<Message> = uploads.iter().map(Message::event).collect();
        for token in tokens {
            messages.push(misrouted(
                &token,
                "items",
                json!({ "items": [
                { "identifier": "foreign", "ok": false }
            ] }),
            ));
            messages.push(misrouted(&token, "pushed", json!({ "stage": "open" })));
            messages.push(misrouted(&token, "failed", json!({ "message": "foreign" })));
        }
        scenario.publish(shuffled(messages, 5)).await;
        scenario.finish(vec![worker]).await;
        assert_eq!(scenario.ground.count(MISMATCHES).await, 210);
        assert_eq!(scenario.ground.count(PARKED).await, 0);
    });
}

#[test]
fn the_kind_is_undecided_until_the_opening_and_earlier_events_count_then() {
    served("undecided", async |ground, client| {
        let mut producer = Producer::new(&ground);
        producer
            .events(&[
                event("t1", "m1", 1, "upload.items", items("foreign")),
                event("t1", "m2", 2, "upload.completed", json!({})),
            ])
            .await;
        logged(&ground, 2).await;
        let record = record(&client, "t1").await;
        assert_eq!(
            (&record["kind"], &record["status"]),
            (&Value::Null, &json!("waiting"))
        );
        producer
            .events(&[
                event("t1", "o2", 3, "order.items", items("own")),
                event("t1", "o3", 4, "order.pushed", json!({ "stage": "open" })),
            ])
            .await;
        logged(&ground, 4).await;
        assert_eq!(ground.count(PARKED).await, 4);
        producer
            .events(&[event("t1", "o1", 0, "order.opened", json!({}))])
            .await;
        logged(&ground, 5).await;
        let record = self::record(&client, "t1").await;
        assert_eq!(
            (&record["kind"], &record["status"]),
            (&json!("order"), &json!("done"))
        );
        assert_eq!(
            record["progress"],
            json!({ "done": 1, "total": null, "failed": 0 })
        );
        assert_eq!(ground.count(PARKED).await, 0);
        assert_eq!(ground.count(MISMATCHES).await, 2);
        assert_rows(&ground, "event where refused = 'kind_mismatch'", 2).await;
        assert_rows(&ground, "process where kind = 'order' and items = 1", 1).await;
        assert_eq!(
            crate::support::checker::counters(&ground).await,
            Vec::<String>::new()
        );
    });
}

async fn logged(ground: &Ground, count: i64) {
    reaches(ground, "event", count).await;
}

async fn record(client: &Client, token: &str) -> Value {
    let reply = client.get(&format!("/v1/processes/{token}")).await;
    reply.json(200)
}

fn message() -> Value {
    json!({ "message": "m" })
}

fn items(identifier: &str) -> Value {
    json!({ "items": [{ "identifier": identifier, "ok": true }] })
}

fn misrouted(token: &str, what: &str, data: Value) -> Message {
    let id = format!("{token}-{what}");
    let event = event(token, &id, 0, &format!("order.{what}"), data);
    Message::event(&event).refused("kind_mismatch")
}

#[test]
fn events_of_the_other_kind_are_bounded_in_number_and_bytes() {
    Ground::test("others", async |ground| {
        let worker = ground.plan().start().await;
        let mut producer = Producer::new(&ground);
        let first = |token| event(token, "first", 0, "upload.step", message());
        producer.events(&[first("many"), first("long")]).await;
        logged(&ground, 2).await;
        let many = (0..1_003).map(|n| event("many", &format!("m{n}"), 1, "order.step", message()));
        let scan = json!({ "message": "m", "scan": "0".repeat(1_900_000) });
        let long = (0..10).map(|n| event("long", &format!("l{n}"), 1, "order.step", scan.clone()));
        producer.events(&many.chain(long).collect::<Vec<_>>()).await;
        holds("the events beyond the limits", async || {
            let refused = ground
                .count("dead_letter where reason = 'limit_exceeded'")
                .await;
            refused == 5 && ground.ready("waybill.events.0").await == Some(0)
        })
        .await;
        assert_eq!(ground.count(PARKED).await, 2 + 1_000 + 8);
        let opening = event("long", "opening", 0, "order.opened", json!({}));
        producer.events(&[opening]).await;
        reaches(
            &ground,
            "process where kind = 'order' and status = 'running'",
            1,
        )
        .await;
        assert_eq!(ground.count(PARKED).await, 1 + 1_000);
        worker.stop().await;
    });
}

#[test]
fn an_opening_whose_early_events_cant_be_read_is_refused_until_they_can() {
    Ground::test("early-unread", async |ground| {
        let worker = ground.plan().start().await;
        let mut producer = Producer::new(&ground);
        producer
            .events(&[
                event("t1", "first", 0, "upload.step", message()),
                event("t1", "early", 1, "order.items", items("own")),
            ])
            .await;
        logged(&ground, 2).await;
        ground
            .execute("update waybill.event set data = '[' || data || ']' where id = 'early'")
            .await;
        let opening = event("t1", "opening", 0, "order.opened", json!({}));
        producer
            .events(&[
                opening,
                event("t2", "other", 0, "upload.received", json!({})),
            ])
            .await;
        reaches(&ground, "dead_letter where reason = 'unreadable_record'", 1).await;
        logged(&ground, 3).await;
        assert_eq!(ground.count(PARKED).await, 2);
        assert_rows(
            &ground,
            "process where token = 't1' and status = 'waiting'",
            1,
        )
        .await;
        worker.stop().await;
    });
}
