//! One event made by a command: checked as a worker would check it, published, confirmed.

use super::super::failure::Failure;
use super::super::{Sources, servers};
use super::lines;
use crate::broker::{Publisher, Verdict};
use crate::wire::{PlainEvent, plain};

/// Publishes one event; a fault in it is one of the command line that it was made of.
pub(in crate::cli) async fn one(event: &PlainEvent, sources: &Sources) -> Result<(), Failure> {
    let (broker, limits) = servers::publishing(sources)?;
    let line = event.to_line();
    let accepted = plain::check_line(&line, &limits, event.time)
        .map_err(|rejection| Failure::Usage(lines::explain(rejection)))?;
    let message = lines::message(&accepted, line.as_bytes());
    let connection = servers::broker(&broker).await?;
    let mut publisher = Publisher::open(&connection, broker.confirm_timeout).await?;
    let verdicts = publisher.publish_all(&[message]).await;
    connection.close().await;
    match verdicts?.first() {
        Some(Verdict::Confirmed) => Ok(()),
        Some(Verdict::Unroutable) => Err(Failure::Failed(
            "no queue takes events; has `waybill run` ever started?".to_owned(),
        )),
        Some(Verdict::Nacked) | None => Err(Failure::Failed(
            "the broker refused it: its queue is full or can't be reached; try again".to_owned(),
        )),
    }
}
