//! Asked to stop, a worker finishes what it holds and gives back nothing; asked twice, it goes.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio_postgres::NoTls;

use crate::support::ground::{run, until};
use crate::support::scenario::Trial;
use crate::support::story::{shuffled, stories};
use crate::support::worker::Worker;

#[test]
fn a_worker_stopped_under_load_leaves_nothing_to_deliver_again() {
    run(async {
        let mut trial = Trial::shared("stop").await;
        let plan = trial.ground.plan().with("batch.events", "50");
        for round in 0..3 {
            let worker = plan.start().await;
            let events = shuffled(stories(&format!("stop{round}"), 150), round);
            let log = worker.log.clone();
            let stopping = async {
                working(&worker).await;
                worker.stop().await;
            };
            tokio::join!(trial.producer.events(&events), stopping);
            let log = std::fs::read_to_string(log).expect("a log");
            assert!(!log.contains("returned"), "it gave something back:\n{log}");
        }
        let worker = plan.start().await;
        trial.rest().await;
        let twice = worker
            .metric("waybill_events_total", "outcome=\"duplicate\"")
            .await;
        assert_eq!(
            twice, 0,
            "the one before did not acknowledge what it had done"
        );
        trial.conclude(vec![worker]).await;
    });
}

#[test]
fn what_a_worker_holds_when_it_is_stopped_is_not_delivered_again() {
    run(async {
        let mut trial = Trial::shared("held").await;
        let worker = trial
            .ground
            .plan()
            .with("broker.prefetch", "20")
            .start()
            .await;
        // The window opens with what it has seen.
        trial.events(&stories("before", 20)).await;
        trial.rest().await;
        let log = "select count(*) from waybill.event";
        let before = trial.ground.number(log).await;
        let blocker = Blocker::of(&trial.ground.database_url).await;
        trial.events(&stories("held", 40)).await;
        // Nothing is under way inside the broker then: on a cancel it marks that as redelivered
        // although no worker has seen it.
        until("a full window", async || {
            let held = worker.metric("waybill_in_flight", "").await;
            (held == 20).then_some(())
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
        let logged = trial.ground.number(log).await;
        assert_eq!(logged - before, 20, "it did not finish what it held");
        let worker = trial.ground.plan().start().await;
        trial.rest().await;
        let again = worker
            .metric("waybill_deliveries_total", "redelivered=\"true\"")
            .await;
        assert_eq!(again, 0, "the one before gave something back");
        trial.conclude(vec![worker]).await;
    });
}

#[test]
fn a_second_signal_forces_the_end_and_the_next_worker_does_the_rest() {
    run(async {
        let mut trial = Trial::shared("forced").await;
        let worker = trial.ground.plan().start().await;
        let blocker = Blocker::of(&trial.ground.database_url).await;
        trial.events(&stories("forced", 30)).await;
        until("held work", async || {
            (worker.metric("waybill_in_flight", "").await > 0).then_some(())
        })
        .await;
        let mut worker = worker;
        worker.signal("TERM").await;
        until("draining", async || {
            (worker.readiness().await == Some(503)).then_some(())
        })
        .await;
        let asked_again = Instant::now();
        worker.signal("TERM").await;
        let status = worker.ended(Duration::from_secs(10)).await;
        assert_eq!(status.code(), Some(1), "{}", worker.log_text());
        assert!(asked_again.elapsed() < Duration::from_secs(5));
        drop(blocker);
        let worker = trial.ground.plan().start().await;
        trial.conclude(vec![worker]).await;
    });
}

#[test]
fn a_worker_that_can_not_finish_in_time_goes_when_its_grace_is_over() {
    run(async {
        let mut trial = Trial::shared("grace").await;
        let mut worker = trial
            .ground
            .plan()
            .with("shutdown.grace", "1s")
            .start()
            .await;
        let blocker = Blocker::of(&trial.ground.database_url).await;
        trial.events(&stories("grace", 30)).await;
        until("held work", async || {
            (worker.metric("waybill_in_flight", "").await > 0).then_some(())
        })
        .await;
        worker.signal("TERM").await;
        let status = worker.ended(Duration::from_secs(8)).await;
        assert_eq!(status.code(), Some(1), "{}", worker.log_text());
        drop(blocker);
        let worker = trial.ground.plan().start().await;
        trial.conclude(vec![worker]).await;
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
