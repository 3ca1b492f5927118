//! A full queue, changes of partitions, and a worker that is suspended too long.

use std::time::Duration;

use lapin::{
    options::{QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, LongString},
};

use crate::support::channel::open;
use crate::support::ground::holds;
use crate::support::scenario::Scenario;
use crate::support::story::{repeated, shuffled, stories};
use crate::support::worker::stop_all;

#[test]
fn a_completion_that_a_full_queue_rejects_is_published_until_it_is_confirmed() {
    Scenario::test("full-queue", async |mut scenario| {
        let worker = scenario.plan().start().await;
        let (connection, channel) = open(&scenario.ground.broker_url).await;
        let mut limits = FieldTable::default();
        limits.insert("x-max-length".into(), AMQPValue::LongInt(1));
        let refuse = LongString::from("reject-publish");
        limits.insert("x-overflow".into(), AMQPValue::LongString(refuse));
        let options = QueueDeclareOptions::default();
        let declared = channel
            .queue_declare("narrow".into(), options, limits)
            .await;
        declared.expect("a queue");
        let bind = channel.queue_bind(
            "narrow".into(),
            "waybill.completions".into(),
            "#".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        );
        bind.await.expect("a binding");
        scenario.events(&stories("refused", 25)).await;
        let nacked = "what=\"completion\",result=\"nacked\"";
        holds("refusals", async || {
            worker.metric("waybill_published_total", nacked).await >= 10
        })
        .await;
        let kept = scenario.ground.count("outbox").await;
        assert!(kept > 0, "rejected messages were lost");
        let deleted = channel
            .queue_delete("narrow".into(), Default::default())
            .await;
        deleted.expect("it is there");
        connection.close(200, "OK".into()).await.expect("a goodbye");
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn a_worker_resumed_after_its_heartbeat_timeout_does_no_harm() {
    Scenario::test("sleeper", async |mut scenario| {
        let plan = scenario
            .plan()
            .with("batch.events", "30")
            .with("broker.heartbeat", "1s");
        let mut sleeper = plan.start().await;
        let events = shuffled(stories("asleep", 150), 4);
        let (before, after) = events.split_at(events.len() / 2);
        let suspending = async {
            sleeper.applies(51).await;
            sleeper.signal("STOP").await;
        };
        tokio::join!(scenario.producer.events(before), suspending);
        let other = plan.start().await;
        scenario.events(after).await;
        // A transaction may be suspended too; only its end releases the processes it has locked.
        tokio::time::sleep(Duration::from_secs(5)).await;
        sleeper.signal("CONT").await;
        sleeper.ready().await;
        scenario.finish(vec![sleeper, other]).await;
    });
}

#[test]
fn partitions_can_be_added_and_removed_under_load() {
    Scenario::test("partitions", async |mut scenario| {
        let roomy = scenario.plan().with("database.pool", "12");
        let plan = |partitions: &str| roomy.clone().with("broker.partitions", partitions);
        let mut workers = vec![plan("1").start().await];
        let plans = [plan("4"), plan("2")];
        for (n, plan) in plans.iter().enumerate() {
            let events = repeated(stories(&format!("partition{n}"), 120), 6);
            let events = shuffled(events, n as u64);
            let moving = async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                plan.start().await
            };
            let ((), worker) = tokio::join!(scenario.producer.events(&events), moving);
            workers.push(worker);
        }
        stop_all(workers.drain(..2)).await;
        scenario.events(&stories("partition-last", 60)).await;
        scenario.until_idle().await;
        for partition in 1..4 {
            let queue = format!("waybill.events.{partition}");
            assert_eq!(scenario.ground.ready(&queue).await, Some(0), "{queue}");
        }
        scenario.finish(workers).await;
    });
}
