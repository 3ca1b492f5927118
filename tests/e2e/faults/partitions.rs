//! One partition fails while the others are well: those keep their rate, readiness names the
//! failing one, and it catches up by itself.

use std::time::{Duration, Instant};

use lapin::{
    BasicProperties, Channel,
    options::{BasicPublishOptions, QueueDeleteOptions},
};

use super::isolation::{resume, suspend, uploads};
use crate::support::channel::open;
use crate::support::ground::{Ground, holds, reaches, until};
use crate::support::ops;
use crate::support::worker::{Plan, Worker};

const EACH: usize = 200;
/// Longer than a healthy partition needs for its uploads.
const USUAL: Duration = Duration::from_secs(15);
const ENDED: &str = "process where ended_at is not null";

#[test]
fn an_unresponsive_queue_is_named_and_stops_no_other_partition() {
    Ground::test("silent-partition", async |ground| {
        let worker = plan(&ground).start().await;
        suspend(&ground, "waybill.events.1").await;
        let (connection, channel) = open(&ground.broker_url).await;
        let (_silent, silent_channel) = open(&ground.broker_url).await;
        let began = Instant::now();
        publish(&silent_channel, 1).await;
        publish(&channel, 0).await;
        publish(&channel, 2).await;
        ended(&ground, 2 * EACH).await;
        assert!(began.elapsed() < USUAL, "{:?}", began.elapsed());
        holds("readiness that names the queue", async || {
            says(&worker, "waybill.events.1").await
        })
        .await;
        // Longer than a broker may be silent before its session is closed.
        tokio::time::sleep(Duration::from_secs(25)).await;
        let lost = worker.metric("waybill_reconnects_total", "broker").await;
        assert_eq!(lost, 0, "{}", worker.log_text());
        assert_eq!(worker.metric("waybill_connected", "broker").await, 1);
        resume(&ground, "waybill.events.1").await;
        ended(&ground, 3 * EACH).await;
        worker.reports(200).await;
        assert_eq!(worker.scrape().await.expect("metrics").imbalance(), 0);
        worker.stop().await;
        connection.close(200, "OK".into()).await.expect("a goodbye");
    });
}

#[test]
fn a_queue_that_is_deleted_is_declared_again_and_the_others_go_on() {
    Ground::test("deleted-partition", async |ground| {
        let worker = plan(&ground).start().await;
        let (connection, channel) = open(&ground.broker_url).await;
        let options = QueueDeleteOptions::default();
        let deleted = channel.queue_delete("waybill.events.1".into(), options);
        deleted.await.expect("it was there");
        publish(&channel, 0).await;
        ended(&ground, EACH).await;
        until("the queue", async || ground.ready("waybill.events.1").await).await;
        publish(&channel, 1).await;
        publish(&channel, 2).await;
        ended(&ground, 3 * EACH).await;
        let lost = worker.metric("waybill_reconnects_total", "broker").await;
        assert_eq!(lost, 0, "{}", worker.log_text());
        assert_eq!(worker.readiness().await, Some(200));
        worker.stop().await;
        connection.close(200, "OK".into()).await.expect("a goodbye");
    });
}

fn plan(ground: &Ground) -> Plan {
    ground
        .plan()
        .with("broker.partitions", "3")
        .with("database.pool", "10")
        .with("database.pool", "10")
}

/// Publishes the events of some uploads into one partition, without waiting for a confirm.
async fn publish(channel: &Channel, partition: usize) {
    for mut event in uploads(EACH) {
        event.token = event.token.map(|token| format!("{token}-{partition}"));
        event.id = format!("{}-{partition}", event.id);
        let properties = BasicProperties::default()
            .with_content_type("application/json".into())
            .with_delivery_mode(2);
        let queue = format!("waybill.events.{partition}");
        let body = event.to_line();
        let options = BasicPublishOptions::default();
        let sent = channel.basic_publish(
            "".into(),
            queue.into(),
            options,
            body.as_bytes(),
            properties,
        );
        sent.await.expect("an open channel");
    }
}

async fn ended(ground: &Ground, count: usize) {
    let count = i64::try_from(count).expect("few");
    reaches(ground, ENDED, count).await;
}

async fn says(worker: &Worker, what: &str) -> bool {
    let answer = ops::get(worker.address(), "/readyz").await;
    answer.is_some_and(|answer| answer.status == 503 && answer.body.contains(what))
}
