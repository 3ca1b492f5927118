//! Fills the queue before the clock starts.

use waybill::broker;
use waybill::broker::{Publisher, Verdict, topology};
use waybill::config::BrokerSettings;

use crate::patience;
use crate::workload::{Workload, time_of};

/// Messages that are published before waiting for their confirms.
const CHUNK: usize = 5_000;

/// Publishes every message and waits until all of them are confirmed and ready.
pub(crate) async fn fill(settings: &BrokerSettings, workload: Workload) -> anyhow::Result<usize> {
    let queue = topology::events_queue(0);
    fill_by(settings, workload, topology::EVENTS_EXCHANGE, &queue).await
}

/// The same by another exchange, into the queue that it leads to.
pub(crate) async fn fill_by(
    settings: &BrokerSettings,
    workload: Workload,
    exchange: &str,
    queue: &str,
) -> anyhow::Result<usize> {
    let connection = broker::connect(settings, "bench feed").await?;
    let mut publisher = Publisher::open(&connection, settings.confirm_timeout).await?;
    let order = workload.order();
    for chunk in order.chunks(CHUNK) {
        let messages = chunk.iter().map(|place| {
            let mut message = place.message(time_of(place.position));
            exchange.clone_into(&mut message.exchange);
            message
        });
        let messages: Vec<_> = messages.collect();
        let verdicts = publisher.publish_all(&messages).await?;
        let confirmed = verdicts
            .iter()
            .all(|verdict| *verdict == Verdict::Confirmed);
        anyhow::ensure!(confirmed, "not every message was confirmed by the broker");
    }
    let ready = async || Ok(topology::ready_count(&connection, queue).await?.into());
    patience::until("messages ready in the queue", order.len() as u64, ready).await?;
    connection.close().await;
    Ok(order.len())
}
