//! Processes that no event will change any more are ended and deleted at their time, once, with any
//! number of janitors.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use serde_json::Value;
use waybill::domain::access::Scope;

use crate::http::processes::keyed;
use crate::support::checker;
use crate::support::client::{Client, served};
use crate::support::ground::{Ground, assert_contains, holds, reaches};
use crate::support::producer::Producer;
use crate::support::recorder::Recorder;
use crate::support::story::{TOKEN_MARK, long_story, stories, story};
use crate::support::worker::{Worker, stop_all};

const OPEN: &str = "process where ended_at is null";

#[test]
fn two_janitors_end_each_settled_or_overdue_process_once() {
    Ground::test("due", async |ground| {
        let recorder = Recorder::of_completions(&ground).await;
        let mut producer = Producer::new(&ground);
        let plan = ground
            .plan()
            .with("process.settle", "1500ms")
            .with("process.deadline", "3s");
        let (first, second) = (plan.start().await, plan.start().await);
        // Some never get their second event, the others never their ending.
        let mut events = Vec::new();
        for n in 0..30 {
            let mut incomplete = story(&format!("incomplete{n}"), 7 * n);
            incomplete.remove(2);
            let mut endless = story(&format!("endless{n}"), 7 * n);
            endless.pop();
            events.extend(incomplete);
            events.extend(endless);
        }
        producer.events(&events).await;
        recorder.tokens(60).await;
        assert_eq!(ground.count(OPEN).await, 0);
        for (token, copies) in recorder.by_token() {
            assert_eq!(copies.len(), 1, "{token}");
            let body: Value = serde_json::from_slice(&copies[0].body).expect("JSON");
            let expected = if token.contains("incomplete") {
                ("warning", "incomplete")
            } else {
                ("error", "deadline_exceeded")
            };
            assert_eq!(
                (&body["status"], &body["error"]["code"]),
                (&expected.0.into(), &expected.1.into()),
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
fn two_janitors_delete_expired_processes_with_all_their_rows() {
    Ground::test("retention", async |ground| {
        let recorder = Recorder::of_completions(&ground).await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().roles("worker").start().await;
        let mut events = stories("old", 300);
        events.extend(long_story("old-long", 120));
        let mut open = story("open", 0);
        open.pop();
        let kept = open.len();
        events.extend(open);
        producer.events(&events).await;
        recorder.tokens(301).await;
        reaches(&ground, "outbox", 0).await;
        let plan = ground
            .plan()
            .roles("janitor")
            .with("process.retention", "1s");
        let plan = plan
            .with("janitor.batch", "20")
            .with("janitor.interval", "20ms");
        let (first, second) = (plan.start().await, plan.start().await);
        reaches(&ground, "process", 1).await;
        let kept = i64::try_from(kept).expect("few");
        assert_eq!(ground.count("event").await, kept);
        let items = "item where process not in (select key from waybill.process)";
        assert_eq!(ground.count(items).await, 0);
        assert_eq!(ground.count("tombstone").await, 301);
        holds("the count of all", async || {
            let deleted = both(&first, &second, "waybill_retention_deleted_total", "").await;
            deleted == 301
        })
        .await;
        stop_all([first, second, worker]).await;
    });
}

#[test]
fn a_deleted_process_is_gone_until_its_tombstone_expires_or_it_is_opened_again() {
    served("tombstones", async |ground, client| {
        let mut producer = Producer::new(&ground);
        producer.events(&stories("gone", 2)).await;
        let [path, other] = [0, 1].map(|n| format!("/v1/processes/{TOKEN_MARK}-gone-{n}"));
        let patient = client.with("prefer", "wait=60");
        for path in [&path, &other] {
            assert!(patient.get(path).await.record()["ended_at"].is_string());
        }
        let (foreign, _) = keyed(&ground, &client, "other", &[Scope::Read]).await;
        let (own, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let janitor = janitor_with(&ground, "process.retention").await;
        for path in [&path, &other] {
            answers(&own, path, 410).await;
        }
        janitor.stop().await;
        let problem = own.get(&path).await.problem(410, "gone");
        let detail = problem["detail"].as_str().expect("a detail");
        assert_contains(detail, "is not kept any more");
        // A waiting client is answered at once: the process has ended.
        let began = Instant::now();
        answers(&own.with("prefer", "wait=30"), &path, 410).await;
        assert!(began.elapsed() < Duration::from_secs(10));
        foreign.get(&path).await.problem(404, "not_found");

        let mut again = story("gone", 0);
        again.pop();
        producer.events(&again).await;
        let all = i64::try_from(again.len()).expect("few");
        reaches(&ground, "dead_letter where reason = 'gone'", all).await;
        own.get(&path).await.problem(410, "gone");
        for event in &mut again {
            event.id = format!("again-{}", event.id);
            event.time += SignedDuration::from_hours(1);
        }
        producer.events(&again).await;
        answers(&own, &path, 200).await;
        own.get(&other).await.problem(410, "gone");
        let janitor = janitor_with(&ground, "process.tombstones").await;
        answers(&own, &other, 404).await;
        janitor.stop().await;
        assert_eq!(own.get(&path).await.record()["status"], "running");
    });
}

/// A janitor with a retention of one second in this setting.
async fn janitor_with(ground: &Ground, setting: &str) -> Worker {
    let plan = ground.plan().roles("janitor").with(setting, "1s");
    plan.with("janitor.interval", "20ms").start().await
}

/// Waits for an answer with this status.
async fn answers(client: &Client, path: &str, status: u16) {
    holds("the answer to change", async || {
        client.get(path).await.status == status
    })
    .await;
}

async fn both(first: &Worker, second: &Worker, name: &str, part: &str) -> i64 {
    first.metric(name, part).await + second.metric(name, part).await
}
