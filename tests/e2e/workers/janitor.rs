//! What no event will move any more is ended and forgotten when its time has come, once, however
//! many janitors look.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::Value;
use waybill::domain::access::Scope;

use crate::http::processes::keyed;
use crate::support::checker;
use crate::support::client::Client;
use crate::support::ground::{Ground, run, until};
use crate::support::producer::Producer;
use crate::support::recorder::Audience;
use crate::support::story::{TOKEN_MARK, long_story, stories, story};
use crate::support::worker::Worker;

const OPEN: &str = "select count(*) from waybill.process where ended_at is null";

#[test]
fn two_janitors_end_what_settles_and_what_is_overdue_once_each() {
    run(async {
        let ground = Ground::shared("due").await;
        let audience = Audience::of_completions(&ground).await;
        let mut producer = Producer::new(&ground);
        let plan = ground
            .plan()
            .with("process.settle", "1500ms")
            .with("process.deadline", "3s");
        let (first, second) = (plan.start().await, plan.start().await);
        // Some lack their second event for good, the others their ending.
        let mut events = Vec::new();
        for n in 0..30 {
            let mut lacking = story(&format!("lacking{n}"), 7 * n);
            lacking.remove(2);
            let mut endless = story(&format!("endless{n}"), 7 * n);
            endless.pop();
            events.extend(lacking);
            events.extend(endless);
        }
        producer.events(&events).await;
        until("60 completions", async || {
            (audience.by_token().len() == 60).then_some(())
        })
        .await;
        assert_eq!(ground.number(OPEN).await, 0);
        for (token, copies) in audience.by_token() {
            assert_eq!(copies.len(), 1, "{token}");
            let said: Value = serde_json::from_slice(&copies[0].body).expect("JSON");
            let wanted = if token.contains("lacking") {
                ("warning", "incomplete")
            } else {
                ("error", "deadline_exceeded")
            };
            assert_eq!(
                (&said["status"], &said["error"]["code"]),
                (&wanted.0.into(), &wanted.1.into()),
                "{token}"
            );
        }
        let sealed = "waybill_janitor_sealed_total";
        assert_eq!(both(&first, &second, sealed, "cause=\"settle\"").await, 30);
        assert_eq!(
            both(&first, &second, sealed, "cause=\"deadline\"").await,
            30
        );
        first.stop().await;
        second.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn two_janitors_forget_what_is_past_its_retention_with_all_that_hangs_on_it() {
    run(async {
        let ground = Ground::shared("retention").await;
        let audience = Audience::of_completions(&ground).await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().roles("worker").start().await;
        let mut events = stories("old", 300);
        events.extend(long_story("old-long", 120));
        let mut open = story("open", 0);
        open.pop();
        let kept = open.len();
        events.extend(open);
        producer.events(&events).await;
        until("every completion", async || {
            (audience.by_token().len() == 301).then_some(())
        })
        .await;
        until("an empty outbox", async || {
            (ground.number("select count(*) from waybill.outbox").await == 0).then_some(())
        })
        .await;
        let plan = ground
            .plan()
            .roles("janitor")
            .with("process.retention", "1s");
        let plan = plan
            .with("janitor.batch", "20")
            .with("janitor.interval", "20ms");
        let (first, second) = (plan.start().await, plan.start().await);
        until("only the open process", async || {
            (ground.number("select count(*) from waybill.process").await == 1).then_some(())
        })
        .await;
        let kept = i64::try_from(kept).expect("few");
        assert_eq!(
            ground.number("select count(*) from waybill.event").await,
            kept
        );
        let items = "select count(*) from waybill.item where process not in (select key from waybill.process)";
        assert_eq!(ground.number(items).await, 0);
        let tombstones = "select count(*) from waybill.tombstone";
        assert_eq!(ground.number(tombstones).await, 301);
        until("the count of all", async || {
            let deleted = both(&first, &second, "waybill_retention_deleted_total", "").await;
            (deleted == 301).then_some(())
        })
        .await;
        for worker in [first, second, worker] {
            worker.stop().await;
        }
    });
}

#[test]
fn what_was_forgotten_is_gone_until_that_is_forgotten_too_or_it_comes_again() {
    run(async {
        let ground = Ground::shared("tombstones").await;
        let (worker, client) = ground.answering().await;
        let mut producer = Producer::new(&ground);
        producer.events(&stories("gone", 2)).await;
        let [path, other] = [0, 1].map(|n| format!("/v1/processes/{TOKEN_MARK}-gone-{n}"));
        let patient = client.with("prefer", "wait=60");
        for path in [&path, &other] {
            assert!(patient.get(path).await.record()["ended_at"].is_string());
        }
        let (foreign, _) = keyed(&ground, &client, "other", &[Scope::Read]).await;
        let (own, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let janitor = forgetting(&ground, "process.retention").await;
        for path in [&path, &other] {
            answers(&own, path, 410).await;
        }
        janitor.stop().await;
        let problem = own.get(&path).await.problem(410, "gone");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(
            detail.contains("had ended, and is not kept any more"),
            "{detail}"
        );
        // It will not end a second time by being waited for.
        let began = Instant::now();
        answers(&own.with("prefer", "wait=30"), &path, 410).await;
        assert!(began.elapsed() < Duration::from_secs(10));
        foreign.get(&path).await.problem(404, "not_found");

        let mut again = story("gone", 0);
        again.pop();
        producer.events(&again).await;
        let refused = "select count(*) from waybill.dead_letter where reason = 'gone'";
        let all = i64::try_from(again.len()).expect("few");
        until("the repetitions as dead letters", async || {
            (ground.number(refused).await == all).then_some(())
        })
        .await;
        own.get(&path).await.problem(410, "gone");
        for event in &mut again {
            event.id = format!("again-{}", event.id);
            event.time += SignedDuration::from_hours(1);
        }
        producer.events(&again).await;
        answers(&own, &path, 200).await;
        own.get(&other).await.problem(410, "gone");
        let janitor = forgetting(&ground, "process.tombstones").await;
        answers(&own, &other, 404).await;
        janitor.stop().await;
        assert_eq!(own.get(&path).await.record()["status"], "running");
        worker.stop().await;
    });
}

/// A janitor whose memory of one thing is short.
async fn forgetting(ground: &Ground, setting: &str) -> Worker {
    let plan = ground.plan().roles("janitor").with(setting, "1s");
    plan.with("janitor.interval", "20ms").start().await
}

/// Waits for that answer.
async fn answers(client: &Client, path: &str, status: u16) {
    until("the answer to change", async || {
        (client.get(path).await.status == status).then_some(())
    })
    .await;
}

async fn both(first: &Worker, second: &Worker, name: &str, part: &str) -> i64 {
    first.metric(name, part).await + second.metric(name, part).await
}
