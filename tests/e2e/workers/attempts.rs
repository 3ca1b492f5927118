//! After its process was deleted a token is remembered: what belongs to the attempt before is told
//! from the opening of the next one.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};
use waybill::wire::PlainEvent;

use crate::support::ground::{Ground, run, until};
use crate::support::producer::Producer;
use crate::support::recorder::{Audience, Heard};

const GONE: &str = "select count(*) from waybill.dead_letter where reason = 'gone'";

#[test]
fn what_comes_again_after_retention_is_gone_and_a_new_opening_begins_the_next_attempt() {
    run(async {
        let ground = Ground::shared("attempts").await;
        let audience = Audience::of_completions(&ground).await;
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
        until("the second completion", async || {
            (distinct(&audience).len() == 2).then_some(())
        })
        .await;
        producer.events(&first).await;
        until("what is gone still", async || {
            (ground.number(GONE).await >= 4 && ground.ready("waybill.events.0").await == Some(0))
                .then_some(())
        })
        .await;
        deleted(&ground, 2).await;
        check(&distinct(&audience));
        let open = "select coalesce(sum(value), 0)::bigint from waybill.tally where name = 'processes_open'";
        assert_eq!(ground.number(open).await, 0);
        worker.stop().await;
    });
}

/// Repetitions, one from the middle that never came, and one that overtakes the next opening.
async fn refused(ground: &Ground, producer: &mut Producer, first: &[PlainEvent; 2]) {
    let gone = [
        first[1].clone(),
        first[0].clone(),
        event("a3", 5, "upload.step", json!({ "message": "late" })),
        event("b2", 30, "upload.failed", unreadable()),
    ];
    producer.events(&gone).await;
    until("what is gone", async || {
        (ground.number(GONE).await == 4).then_some(())
    })
    .await;
    let left = ground.number("select count(*) from waybill.process").await;
    assert_eq!(left, 0);
}

/// Both attempts are told, each by an id of its own.
fn check(heard: &[Heard]) {
    let bodies = heard
        .iter()
        .map(|heard| serde_json::from_slice(&heard.body));
    let bodies: Vec<Value> = bodies.collect::<Result<_, _>>().expect("JSON");
    let told = bodies
        .iter()
        .map(|body| (&body["attempt"], &body["status"]));
    let (none, second) = (Value::Null, json!(2));
    let (done, error) = (json!("done"), json!("error"));
    assert_eq!(
        told.collect::<Vec<_>>(),
        [(&none, &done), (&second, &error)]
    );
}

fn unreadable() -> Value {
    json!({ "message": "unreadable" })
}

/// The completions, each once.
fn distinct(audience: &Audience) -> Vec<Heard> {
    let mut heard = audience.heard();
    let mut seen = BTreeSet::new();
    heard.retain(|heard| seen.insert(heard.id.clone()));
    heard
}

fn event(id: &str, second: i64, type_: &str, data: Value) -> PlainEvent {
    let time = Timestamp::from_second(1_769_860_800 + second).expect("a time");
    PlainEvent {
        id: id.to_owned(),
        ..PlainEvent::new("e2e", type_, "again", time, data)
    }
}

/// Waits until the process was deleted, and so many attempts are remembered.
async fn deleted(ground: &Ground, attempt: i64) {
    until("the tombstone", async || {
        let remembered = "select coalesce(max(attempt), 0)::bigint from waybill.tombstone";
        let left = "select count(*) from waybill.process";
        (ground.number(remembered).await == attempt && ground.number(left).await == 0).then_some(())
    })
    .await;
}
