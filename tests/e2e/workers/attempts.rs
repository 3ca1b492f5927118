//! After its process was deleted a token has a tombstone: events of the attempt before are
//! distinguished from the opening of the next one.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use waybill::wire::PlainEvent;

use crate::support::ground::{Ground, holds, reaches};
use crate::support::producer::Producer;
use crate::support::recorder::{Received, Recorder};
use crate::support::story;

const GONE: &str = "dead_letter where reason = 'gone'";

#[test]
fn repeated_events_are_gone_after_retention_and_an_opening_begins_the_next_attempt() {
    Ground::test("attempts", async |ground| {
        let recorder = Recorder::of_completions(&ground).await;
        let worker = ground.plan().with("process.retention", "1s").start().await;
        let mut producer = Producer::new(&ground);
        let first = [
            event("a1", 0, "upload.received", json!({})),
            event("a2", 10, "upload.completed", json!({})),
        ];
        producer.events(&first).await;
        deleted(&ground, 1).await;
        refused(&ground, &mut producer, &first).await;
        let second = [
            event("b1", 20, "upload.received", json!({})),
            event("b3", 31, "upload.failed", unreadable()),
        ];
        producer.events(&second).await;
        holds("the second completion", async || {
            distinct(&recorder).len() == 2
        })
        .await;
        producer.events(&first).await;
        holds("dead letters for what is still gone", async || {
            ground.count(GONE).await >= 4 && ground.ready("waybill.events.0").await == Some(0)
        })
        .await;
        deleted(&ground, 2).await;
        check(&distinct(&recorder));
        let open = "select coalesce(sum(value), 0)::bigint from waybill.tally where name = 'processes_open'";
        assert_eq!(ground.number(open).await, 0);
        worker.stop().await;
    });
}

/// Repetitions, one event from the middle that never came, and one that overtakes the next opening.
async fn refused(ground: &Ground, producer: &mut Producer, first: &[PlainEvent; 2]) {
    let gone = [
        first[1].clone(),
        first[0].clone(),
        event("a3", 5, "upload.step", json!({ "message": "late" })),
        event("b2", 30, "upload.failed", unreadable()),
    ];
    producer.events(&gone).await;
    reaches(ground, GONE, 4).await;
    let left = ground.count("process").await;
    assert_eq!(left, 0);
}

/// Both attempts have a completion, each with an id of its own.
fn check(completions: &[Received]) {
    let bodies = completions
        .iter()
        .map(|completion| serde_json::from_slice(&completion.body));
    let bodies: Vec<Value> = bodies.collect::<Result<_, _>>().expect("JSON");
    let attempts = bodies
        .iter()
        .map(|body| (&body["attempt"], &body["status"]));
    let (none, second) = (Value::Null, json!(2));
    let (done, error) = (json!("done"), json!("error"));
    assert_eq!(
        attempts.collect::<Vec<_>>(),
        [(&none, &done), (&second, &error)]
    );
}

fn unreadable() -> Value {
    json!({ "message": "unreadable" })
}

/// The completions, each once.
fn distinct(recorder: &Recorder) -> Vec<Received> {
    let mut completions = recorder.received();
    let mut seen = BTreeSet::new();
    completions.retain(|copy| seen.insert(copy.id.clone()));
    completions
}

fn event(id: &str, second: i64, type_: &str, data: Value) -> PlainEvent {
    story::event("again", id, second, type_, data)
}

/// Waits until the process is deleted and its tombstone has this attempt.
async fn deleted(ground: &Ground, attempt: i64) {
    holds("the tombstone", async || {
        let remembered = "select coalesce(max(attempt), 0)::bigint from waybill.tombstone";
        ground.number(remembered).await == attempt && ground.count("process").await == 0
    })
    .await;
}
