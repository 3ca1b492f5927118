//! A read-only database and an exhausted pool: the observer reports the one, and is not delayed by
//! the other.

use std::time::{Duration, Instant};

use lapin::{BasicProperties, options::BasicPublishOptions};

use crate::support::channel::open;
use crate::support::ground::{Ground, Session, execute, run};
use crate::support::scenario::Scenario;
use crate::support::story::stories;
use crate::support::worker::Worker;

#[test]
fn a_read_only_database_shows_within_five_seconds_without_a_busy_loop() {
    run(async {
        let mut scenario = Scenario::own("read-only").await;
        let worker = scenario.plan().start().await;
        scenario.events(&stories("before", 20)).await;
        scenario.until_idle().await;

        // A session with this address may write nevertheless.
        let admin = format!(
            "{}?options=-c%20default_transaction_read_only%3Doff",
            scenario.ground.database_url
        );
        let turn = async |value: &str| {
            let set = format!("alter system set default_transaction_read_only = {value}");
            execute(&admin, &set).await;
            execute(&admin, "select pg_reload_conf()").await;
        };
        turn("on").await;
        let began = Instant::now();
        worker.reports(503).await;
        assert!(began.elapsed() < Duration::from_secs(5));
        scenario.events(&stories("meanwhile", 20)).await;
        let retries = async || worker.metric("waybill_retries_total", "").await;
        let before = retries().await;
        let cpu = cpu_ticks(&worker);
        tokio::time::sleep(Duration::from_secs(5)).await;
        assert!(retries().await - before < 60, "{}", worker.log_text());
        // A hundred are a second of one core.
        let used = cpu_ticks(&worker) - cpu;
        assert!(used < 150, "{used}\n{}", worker.log_text());
        assert_eq!(worker.readiness().await, Some(503));

        turn("off").await;
        worker.reports(200).await;
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn an_exhausted_pool_does_not_make_the_database_seem_unreachable() {
    Scenario::test("used-up", async |mut scenario| {
        let worker = scenario.plan().with("database.pool", "6").start().await;
        let session = Session::open(&scenario.ground.database_url).await;
        session.execute("begin").await;
        // The tables that the observer reads stay readable.
        for (tables, mode) in [
            (
                "process, waybill.event, waybill.outbox, waybill.tally, waybill.dead_letter",
                "exclusive",
            ),
            (
                "replay, waybill.sample, waybill.tombstone",
                "access exclusive",
            ),
        ] {
            let statement = format!("lock table waybill.{tables} in {mode} mode");
            session.execute(&statement).await;
        }
        scenario.events(&stories("blocked", 900)).await;
        send(&scenario.ground, "waybill.dead").await;
        let used = "waybill_db_pool_connections";
        let used = async || worker.metric(used, "state=\"used\"").await;
        let mut most = 0;
        // The sampler runs every ten seconds.
        for _ in 0..130 {
            most = most.max(used().await);
            assert_eq!(worker.readiness().await, Some(200), "{}", worker.log_text());
            let connected = worker
                .metric("waybill_connected", "dependency=\"database\"")
                .await;
            assert_eq!(connected, 1);
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(most, 6, "the pool was not exhausted");
        session.execute("rollback").await;
        worker.stop().await;
    });
}

/// Publishes a message to a queue.
async fn send(ground: &Ground, queue: &str) {
    let (connection, channel) = open(&ground.broker_url).await;
    let properties = BasicProperties::default();
    let options = BasicPublishOptions::default();
    let publish = channel.basic_publish("".into(), queue.into(), options, b"any", properties);
    publish.await.expect("it is sent");
    let closed = connection.close(200, "done".into()).await;
    closed.expect("it closes");
}

/// The CPU time that it has used so far.
fn cpu_ticks(worker: &Worker) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", worker.pid()));
    let stat = stat.expect("it runs");
    let (_, fields) = stat.rsplit_once(')').expect("a name");
    let fields: Vec<u64> = fields
        .split_whitespace()
        .map(|field| field.parse().unwrap_or(0))
        .collect();
    fields[11] + fields[12]
}
