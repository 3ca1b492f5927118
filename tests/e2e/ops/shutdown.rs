//! On a signal a worker finishes its unacknowledged deliveries and requeues nothing; on a second
//! one it ends at once.

use std::time::{Duration, Instant};

use crate::support::ground::{Ground, Session, holds};
use crate::support::scenario::Scenario;
use crate::support::story::{shuffled, stories};
use crate::support::worker::Worker;

#[test]
fn a_worker_stopped_under_load_leaves_nothing_to_redeliver() {
    Scenario::test("stop", async |mut scenario| {
        let plan = scenario.plan().with("batch.events", "50");
        for round in 0..3 {
            let worker = plan.start().await;
            let events = shuffled(stories(&format!("stop{round}"), 150), round);
            let log = worker.log.clone();
            let stopping = async {
                worker.applies(100).await;
                worker.stop().await;
            };
            tokio::join!(scenario.producer.events(&events), stopping);
            let log = std::fs::read_to_string(log).expect("a log");
            assert!(!log.contains("returned"), "it requeued something:\n{log}");
        }
        let worker = plan.start().await;
        scenario.until_idle().await;
        let twice = worker.events("duplicate").await;
        assert_eq!(
            twice, 0,
            "the one before did not acknowledge what it had done"
        );
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn unacknowledged_deliveries_of_a_stopped_worker_are_not_redelivered() {
    Scenario::test("unacked", async |mut scenario| {
        let worker = scenario.plan().with("broker.prefetch", "20").start().await;
        // The window grows with the deliveries that it has seen.
        scenario.events(&stories("before", 20)).await;
        scenario.until_idle().await;
        let log = "event";
        let before = scenario.ground.count(log).await;
        let blocker = blocker(&scenario.ground).await;
        scenario.events(&stories("pending", 40)).await;
        // Then nothing is under way inside the broker, which on a cancel it would mark as
        // redelivered although no worker has seen it.
        worker.counts("waybill_in_flight", "", 20).await;
        worker.signal("TERM").await;
        worker.reports(503).await;
        drop(blocker);
        let mut worker = worker;
        let status = worker.ended(Duration::from_secs(30)).await;
        assert_eq!(status.code(), Some(0), "{}", worker.log_text());
        let logged = scenario.ground.count(log).await;
        assert_eq!(logged - before, 20, "it did not finish its deliveries");
        let worker = scenario.plan().start().await;
        scenario.until_idle().await;
        let again = worker.redelivered().await;
        assert_eq!(again, 0, "the one before requeued something");
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_second_signal_forces_the_end_and_the_next_worker_does_the_rest() {
    Scenario::test("forced", async |mut scenario| {
        let worker = scenario.plan().start().await;
        let blocker = blocker(&scenario.ground).await;
        scenario.events(&stories("forced", 30)).await;
        has_work(&worker).await;
        let mut worker = worker;
        worker.signal("TERM").await;
        worker.reports(503).await;
        let second_signal = Instant::now();
        worker.signal("TERM").await;
        let status = worker.ended(Duration::from_secs(10)).await;
        assert_eq!(status.code(), Some(1), "{}", worker.log_text());
        assert!(second_signal.elapsed() < Duration::from_secs(5));
        drop(blocker);
        let worker = scenario.plan().start().await;
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_worker_that_cannot_finish_ends_after_its_grace_period() {
    Scenario::test("grace", async |mut scenario| {
        let mut worker = scenario.plan().with("shutdown.grace", "1s").start().await;
        let blocker = blocker(&scenario.ground).await;
        scenario.events(&stories("grace", 30)).await;
        has_work(&worker).await;
        worker.signal("TERM").await;
        let status = worker.ended(Duration::from_secs(8)).await;
        assert_eq!(status.code(), Some(1), "{}", worker.log_text());
        drop(blocker);
        let worker = scenario.plan().start().await;
        scenario.finish(vec![worker]).await;
    });
}

/// Keeps every writer waiting, until it is dropped.
pub(crate) async fn blocker(ground: &Ground) -> Session {
    let session = Session::open(&ground.database_url).await;
    let lock = "begin; lock table waybill.process in share row exclusive mode";
    session.execute(lock).await;
    session
}

/// Waits until it has deliveries that it has not acknowledged.
async fn has_work(worker: &Worker) {
    holds("pending work", async || {
        worker.metric("waybill_in_flight", "").await > 0
    })
    .await;
}
