//! One event made by a command: checked as a worker would check it, published, confirmed.

use super::counts::BatchReport;
use super::counts::Counts;
use super::lines::{self, Batch};
use super::sending::Sending;
use crate::cli::failure::Failure;
use crate::cli::{Sources, servers};
use crate::wire::PlainEvent;
use crate::wire::encode::plain_event;

const NO_QUEUE: &str = "no queue takes events; has `waybill run` ever started?";
const FULL: &str = "the broker refused it: its queue is full or can't be reached; try again";

/// Publishes one event; a fault in it is one of the command line that it was made of.
pub(in crate::cli) async fn one(event: &PlainEvent, sources: &Sources) -> Result<(), Failure> {
    let (to, limits) = servers::events(sources)?;
    let line = event.to_line();
    let accepted = plain_event::check_line(&line, &limits, event.time)
        .map_err(|rejection| Failure::Usage(lines::explain(&rejection.problem)))?;
    let message = lines::message(&accepted, line.as_bytes());
    let mut sending = Sending::begin(to).await?;
    let BatchReport {
        counts,
        faults,
        failure,
    } = sending.send(&Batch::of(message)).await;
    sending.end().await;
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let Some(fault) = faults.into_iter().next() {
        return Err(Failure::Failed(fault.said));
    }
    match counts {
        Counts { confirmed: 1, .. } => Ok(()),
        Counts { unroutable: 1, .. } => Err(Failure::Failed(NO_QUEUE.to_owned())),
        _ => Err(Failure::Failed(FULL.to_owned())),
    }
}
