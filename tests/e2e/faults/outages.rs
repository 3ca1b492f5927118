//! A server dies or falls silent under load: it shows within seconds, the worker recovers by
//! itself, and nothing is lost.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use waybill::dev::Servers;

use crate::support::ground::{holds, run};
use crate::support::producer::Producer;
use crate::support::scenario::Scenario;
use crate::support::scraper;
use crate::support::scraper::Watch;
use crate::support::story::{shuffled, stories};
use crate::support::worker::Worker;

#[test]
fn a_killed_and_a_silent_broker_show_in_readiness_and_lose_nothing() {
    run(async {
        let (mut scenario, mut servers) = own("broker-outages").await;
        let mut worker = scenario.plan().with("batch.events", "60").start().await;
        let seen = Watch::of(&worker);

        outage(&mut scenario, &mut worker, "killed", async |worker| {
            servers.rabbitmq.kill().await.expect("it can be killed");
            scraper::assert_shown(worker, Instant::now()).await;
            servers.rabbitmq.restart().await.expect("it starts again");
        })
        .await;
        outage(&mut scenario, &mut worker, "silent", async |worker| {
            servers.rabbitmq.pause().await.expect("it can be stopped");
            scraper::assert_shown(worker, Instant::now()).await;
            servers.rabbitmq.resume().await.expect("it goes on");
        })
        .await;

        assert!(scenario.producer.missed > 0, "the producer noticed nothing");
        seen.check(&scenario.ground).await;
        scenario.until_idle().await;
        worker.stop().await;
        let worker = publish_against_an_alarm(&mut scenario, &servers).await;
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_killed_and_a_silent_database_show_in_readiness_and_lose_nothing() {
    run(async {
        let (mut scenario, mut servers) = own("database-outages").await;
        let mut worker = scenario.plan().with("batch.events", "60").start().await;
        let seen = Watch::of(&worker);

        outage(&mut scenario, &mut worker, "killed", async |worker| {
            servers.postgres.kill().await.expect("it can be killed");
            scraper::assert_shown(worker, Instant::now()).await;
            servers.postgres.restart().await.expect("it starts again");
        })
        .await;
        outage(&mut scenario, &mut worker, "silent", async |worker| {
            servers.postgres.pause().await.expect("it can be stopped");
            scraper::assert_shown(worker, Instant::now()).await;
            servers.postgres.resume().await.expect("it goes on");
        })
        .await;

        let retried = worker.retries("connection").await;
        assert!(retried > 0, "the writer noticed nothing");
        seen.check(&scenario.ground).await;
        scenario.until_idle().await;
        let applied = worker.events("applied").await;
        scenario.finish(vec![worker]).await;
        // Samples have waited for the database, and the last was written at the end.
        let sampled = "select sum(applied)::bigint from waybill.sample";
        assert_eq!(scenario.ground.number(sampled).await, applied);
    });
}

/// A broker with a memory alarm accepts no completions, but still delivers events.
async fn publish_against_an_alarm(scenario: &mut Scenario, servers: &Servers) -> Worker {
    let ctl = async |limit: &[&str]| {
        let set = [&["set_vm_memory_high_watermark"], limit].concat();
        servers.rabbitmq.ctl(&set).await.expect("rabbitmqctl");
    };
    scenario.events(&stories("alarm", 50)).await;
    ctl(&["absolute", "1MB"]).await;
    let worker = scenario.plan().start().await;
    worker.counts("waybill_publisher_blocked", "", 1).await;
    holds("every event applied", async || {
        let ready = scenario.ground.ready("waybill.events.0").await;
        let in_flight = worker.metric("waybill_in_flight", "").await;
        ready == Some(0) && in_flight == 0
    })
    .await;
    let kept = scenario.ground.count("outbox").await;
    assert_eq!(kept, 50, "all completions wait");
    assert_eq!(worker.readiness().await, Some(200));
    ctl(&["0.4"]).await;
    scenario.until_idle().await;
    assert_eq!(worker.metric("waybill_publisher_blocked", "").await, 0);
    worker
}

async fn own(name: &str) -> (Scenario, Servers) {
    let mut scenario = Scenario::own(name).await;
    let servers = scenario.ground.servers.take().expect("servers of its own");
    (scenario, servers)
}

/// A fault begins and ends while the worker is at work, which then recovers.
async fn outage(
    scenario: &mut Scenario,
    worker: &mut Worker,
    tag: &str,
    fault: impl AsyncFnOnce(&Worker),
) {
    let over = CancellationToken::new();
    let fault = async {
        at_work(worker).await;
        fault(worker).await;
        over.cancel();
    };
    tokio::join!(load(&mut scenario.producer, tag, &over), fault);
    worker.ready().await;
    scenario.until_idle().await;
}

/// Publishes a few hundred events a second until the fault is over, and some more.
async fn load(producer: &mut Producer, tag: &str, over: &CancellationToken) {
    let mut round = 0;
    loop {
        let last = over.is_cancelled();
        let events = stories(&format!("{tag}{round}"), 7);
        producer.events(&shuffled(events, round)).await;
        if last {
            return;
        }
        round += 1;
        tokio::time::sleep(Duration::from_millis(60)).await;
    }
}

/// Waits until the worker has applied another hundred events.
async fn at_work(worker: &Worker) {
    let before = worker.events("applied").await;
    worker.applies(before + 100).await;
}
