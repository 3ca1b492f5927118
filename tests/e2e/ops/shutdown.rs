//! On a signal a worker finishes its unacknowledged deliveries and requeues nothing; on a second
//! one it ends at once.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use crate::support::ground::{run, until};
use crate::support::scenario::Scenario;
use crate::support::story::{shuffled, stories};
use crate::support::worker::Worker;

#[test]
fn a_worker_stopped_under_load_leaves_nothing_to_redeliver() {
    run(async {
        let mut scenario = Scenario::shared("stop").await;
        let plan = scenario.ground.plan().with("batch.events", "50");
        for round in 0..3 {
            let worker = plan.start().await;
            let events = shuffled(stories(&format!("stop{round}"), 150), round);
            let log = worker.log.clone();
            let stopping = async {
                working(&worker).await;
                worker.stop().await;
            };
            tokio::join!(scenario.producer.events(&events), stopping);
            let log = std::fs::read_to_string(log).expect("a log");
            assert!(!log.contains("returned"), "it requeued something:\n{log}");
        }
        let worker = plan.start().await;
        scenario.until_idle().await;
        let twice = worker
            .metric("waybill_events_total", "outcome=\"duplicate\"")
            .await;
        assert_eq!(
            twice, 0,
            "the one before did not acknowledge what it had done"
        );
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn unacknowledged_deliveries_of_a_stopped_worker_are_not_redelivered() {
    run(async {
        let mut scenario = Scenario::shared("unacked").await;
        let worker = scenario
            .ground
            .plan()
            .with("broker.prefetch", "20")
            .start()
            .await;
        // The window grows with the deliveries that it has seen.
        scenario.events(&stories("before", 20)).await;
        scenario.until_idle().await;
        let log = "select count(*) from waybill.event";
        let before = scenario.ground.number(log).await;
        let blocker = Blocker::of(&scenario.ground.database_url).await;
        scenario.events(&stories("pending", 40)).await;
        // Then nothing is under way inside the broker, which on a cancel it would mark as
        // redelivered although no worker has seen it.
        until("a full window", async || {
            let pending = worker.metric("waybill_in_flight", "").await;
            (pending == 20).then_some(())
        })
        .await;
        worker.signal("TERM").await;
        until("draining", async || {
            (worker.readiness().await == Some(503)).then_some(())
        })
        .await;
        drop(blocker);
        let mut worker = worker;
        let status = worker.ended(Duration::from_secs(30)).await;
        assert_eq!(status.code(), Some(0), "{}", worker.log_text());
        let logged = scenario.ground.number(log).await;
        assert_eq!(logged - before, 20, "it did not finish its deliveries");
        let worker = scenario.ground.plan().start().await;
        scenario.until_idle().await;
        let again = worker
            .metric("waybill_deliveries_total", "redelivered=\"true\"")
            .await;
        assert_eq!(again, 0, "the one before requeued something");
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_second_signal_forces_the_end_and_the_next_worker_does_the_rest() {
    run(async {
        let mut scenario = Scenario::shared("forced").await;
        let worker = scenario.ground.plan().start().await;
        let blocker = Blocker::of(&scenario.ground.database_url).await;
        scenario.events(&stories("forced", 30)).await;
        until("pending work", async || {
            (worker.metric("waybill_in_flight", "").await > 0).then_some(())
        })
        .await;
        let mut worker = worker;
        worker.signal("TERM").await;
        until("draining", async || {
            (worker.readiness().await == Some(503)).then_some(())
        })
        .await;
        let second_signal = Instant::now();
        worker.signal("TERM").await;
        let status = worker.ended(Duration::from_secs(10)).await;
        assert_eq!(status.code(), Some(1), "{}", worker.log_text());
        assert!(second_signal.elapsed() < Duration::from_secs(5));
        drop(blocker);
        let worker = scenario.ground.plan().start().await;
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_worker_that_cannot_finish_ends_after_its_grace_period() {
    run(async {
        let mut scenario = Scenario::shared("grace").await;
        let mut worker = scenario
            .ground
            .plan()
            .with("shutdown.grace", "1s")
            .start()
            .await;
        let blocker = Blocker::of(&scenario.ground.database_url).await;
        scenario.events(&stories("grace", 30)).await;
        until("pending work", async || {
            (worker.metric("waybill_in_flight", "").await > 0).then_some(())
        })
        .await;
        worker.signal("TERM").await;
        let status = worker.ended(Duration::from_secs(8)).await;
        assert_eq!(status.code(), Some(1), "{}", worker.log_text());
        drop(blocker);
        let worker = scenario.ground.plan().start().await;
        scenario.finish(vec![worker]).await;
    });
}

/// Keeps every writer waiting, until it is dropped.
pub(crate) struct Blocker {
    _client: tokio_postgres::Client,
    _driving: JoinSet<Result<(), tokio_postgres::Error>>,
}

impl Blocker {
    pub(crate) async fn of(url: &str) -> Self {
        let connected = tokio_postgres::connect(url, NoTls).await;
        let (client, connection) = connected.expect("the database is there");
        let mut driving = JoinSet::new();
        driving.spawn(connection);
        let lock = "begin; lock table waybill.process in share row exclusive mode";
        client.batch_execute(lock).await.expect("a lock");
        Self {
            _client: client,
            _driving: driving,
        }
    }
}

async fn working(worker: &Worker) {
    until("work under way", async || {
        let applied = "outcome=\"applied\"";
        let done = worker.metric("waybill_events_total", applied).await;
        (done >= 100).then_some(())
    })
    .await;
}
