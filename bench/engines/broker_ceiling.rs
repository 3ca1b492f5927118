//! What the broker alone can do: consume, acknowledge by the thousand, and publish a confirmed
//! message wherever Waybill would, over the same broker module.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use waybill::broker;
use waybill::broker::{Consumer, Delivery, Next, Outgoing, Properties, Publisher, topology};
use waybill::config::Settings;
use waybill::domain::Kind;

use super::Starter;
use crate::workload::{self, Workload};

/// As many as Waybill puts into one transaction.
const BATCH: usize = 1_000;
/// In the open loop it works on received messages after this long without another one.
const IDLE: Duration = Duration::from_millis(1);
/// Waiting messages are published together, as Waybill does.
const ROUNDS: usize = 64;
/// About the length of a completion, and of the announcement of a stop.
const ANSWER_BYTES: usize = 450;

pub(super) async fn run(
    settings: &Settings,
    mut starter: Starter,
    workload: Workload,
) -> anyhow::Result<()> {
    starter.ready().await?;
    let (completions, queued) = mpsc::channel(64);
    let mut publishing = JoinSet::new();
    let connection = broker::connect(&settings.broker, "bench publish").await?;
    let publisher = Publisher::open(&connection, settings.broker.confirm_timeout).await?;
    publishing.spawn(publish(publisher, queued));
    consume(settings, workload, &completions).await?;
    starter.wait_for_end().await
}

async fn consume(
    settings: &Settings,
    workload: Workload,
    completions: &mpsc::Sender<Vec<Outgoing>>,
) -> anyhow::Result<()> {
    let connection = broker::connect(&settings.broker, "bench consume").await?;
    let queue = topology::events_queue(0);
    let mut consumer = Consumer::open(&connection, &queue, settings.broker.prefetch).await?;
    let acker = consumer.acker();
    let mut left = workload.order().len();
    let mut tag = 0;
    let mut batch = Vec::with_capacity(BATCH);
    while left > 0 {
        let idle = match tokio::time::timeout(IDLE, consumer.next()).await {
            Ok(Next::Delivery(delivery)) => {
                tag = delivery.tag;
                batch.push(delivery);
                left -= 1;
                false
            }
            Ok(Next::Ended(_)) => anyhow::bail!("the subscription ended"),
            Err(_) => true,
        };
        if batch.len() == BATCH || left == 0 || (idle && !batch.is_empty()) {
            acker.ack_through(tag).await?;
            completions
                .send(
                    batch
                        .drain(..)
                        .filter_map(|delivery| answer(workload.kind, *delivery))
                        .collect(),
                )
                .await?;
        }
    }
    // The last acknowledgement is sent before the connection closes in order.
    tokio::time::sleep(Duration::from_millis(1)).await;
    connection.close().await;
    Ok(())
}

/// What Waybill would publish after an event: of an upload's last and an order's last a completion,
/// of each other one of an order the announcement of a stop.
fn answer(kind: Kind, delivery: Delivery) -> Option<Outgoing> {
    let Properties {
        message_id: Some(id),
        correlation_id: Some(token),
        ..
    } = delivery.properties
    else {
        return None;
    };
    let ends = id.ends_with(&format!("-{}", workload::events_of(kind) - 1));
    let (exchange, routing_key, name) = match (kind, ends) {
        (_, true) => (topology::COMPLETIONS_EXCHANGE, "any.done", &token),
        (Kind::Order, false) => (topology::STAGES_EXCHANGE, "any.stage", &id),
        (Kind::Upload, false) => return None,
    };
    let body = vec![b'c'; ANSWER_BYTES];
    let mut message = Outgoing::new(exchange, routing_key, name, body);
    message.properties.correlation_id = Some(token);
    Some(message)
}

async fn publish(
    mut publisher: Publisher,
    mut queued: mpsc::Receiver<Vec<Outgoing>>,
) -> anyhow::Result<()> {
    let mut rounds: Vec<Vec<Outgoing>> = Vec::new();
    while queued.recv_many(&mut rounds, ROUNDS).await > 0 {
        let messages: Vec<Outgoing> = rounds.drain(..).flatten().collect();
        publisher.publish_all(&messages).await?;
    }
    Ok(())
}
