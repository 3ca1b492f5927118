//! The network fails at the worst instants: after the server has done something, before the worker
//! receives its answer; and in every other way.

use std::time::Duration;

use crate::support::ground::{Ground, holds};
use crate::support::proxy::{COMMIT, Mode, PUBLISH, Proxy};
use crate::support::scenario::Scenario;
use crate::support::story::{shuffled, stories};
use crate::support::worker::Plan;

/// Events come in many small batches, and only the writer commits.
fn plan(ground: &Ground) -> Plan {
    ground
        .plan()
        .roles("worker,relay")
        .with("batch.events", "40")
}

#[test]
fn a_commit_whose_answer_is_lost_counts_once() {
    Scenario::test("lost-commits", async |mut scenario| {
        let (proxy, url) = Proxy::before(&scenario.ground.run_url).await;
        let worker = plan(&scenario.ground)
            .with("database.url", &url)
            .start()
            .await;
        for round in 1..=3 {
            proxy.cut(COMMIT, 2);
            scenario
                .events(&shuffled(stories(&format!("commit{round}"), 40), 3))
                .await;
            holds("a lost answer", async || proxy.cuts() == round).await;
        }
        scenario.until_idle().await;
        let duplicates = worker.events("duplicate").await;
        assert!(duplicates > 0, "no batch was written twice");
        assert!(worker.retries("connection").await >= 3);
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_publish_whose_confirm_is_lost_is_repeated_byte_by_byte() {
    Scenario::test("lost-confirms", async |mut scenario| {
        let (proxy, url) = Proxy::before(&scenario.ground.broker_url).await;
        let worker = plan(&scenario.ground)
            .with("broker.url", &url)
            .start()
            .await;
        for round in 1..=3 {
            proxy.cut(PUBLISH, 2);
            scenario
                .events(&shuffled(stories(&format!("confirm{round}"), 40), 5))
                .await;
            holds("a lost confirm", async || proxy.cuts() == round).await;
        }
        scenario.until_idle().await;
        holds("a completion that came twice", async || {
            let copies = scenario.recorder.by_token();
            copies.values().any(|copies| copies.len() > 1)
        })
        .await;
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_bad_network_delays_and_changes_nothing() {
    Scenario::test("bad-network", async |mut scenario| {
        let (database, database_url) = Proxy::before(&scenario.ground.run_url).await;
        let (broker, broker_url) = Proxy::before(&scenario.ground.broker_url).await;
        let worker = plan(&scenario.ground)
            .with("database.url", &database_url)
            .with("database.statement_timeout", "1s")
            .with("database.lock_timeout", "1s")
            .with("broker.url", &broker_url)
            .with("broker.heartbeat", "1s")
            .with("broker.confirm_timeout", "2s")
            .start()
            .await;
        let second = Duration::from_secs(1);
        let conditions = [
            (Mode::Slow(Duration::from_millis(15)), second),
            (Mode::Slices, second),
            (Mode::HoleToServer, 3 * second),
            (Mode::HoleToClient, 3 * second),
            (Mode::Hole, 3 * second),
            (Mode::Down, second),
        ];
        for (n, (mode, time)) in conditions.into_iter().enumerate() {
            for (side, proxy) in [&database, &broker].into_iter().enumerate() {
                let tag = format!("network{n}-{side}");
                let events = shuffled(stories(&tag, 30), n as u64);
                let (before, after) = events.split_at(events.len() / 2);
                scenario.events(before).await;
                proxy.set(mode);
                scenario.events(after).await;
                tokio::time::sleep(time).await;
                proxy.set(Mode::Pass);
            }
        }
        for _ in 0..10 {
            broker.set(Mode::Down);
            tokio::time::sleep(Duration::from_millis(150)).await;
            broker.set(Mode::Pass);
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        scenario.until_idle().await;
        assert!(
            worker.metric("waybill_retries_total", "").await > 0,
            "the worker noticed no fault"
        );
        scenario.finish(vec![worker]).await;
    });
}
