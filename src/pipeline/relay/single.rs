//! Publishes one message on a channel of its own: whatever happens to the channel is its answer.

use std::sync::Arc;
use std::time::Duration;

use super::outgoing;
use super::settle::Outcome;
use crate::broker::window::{ACCESS_REFUSED, NOT_FOUND};
use crate::broker::{Connection, Refusal, Unanswered, Verdict, Window, topology};
use crate::store::write::outbox::{OutboxRow, Slow};
use crate::store::write::slow_outbox::Destination;

/// The outcome of one message.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) row: Box<OutboxRow>,
    pub(super) destination: Destination,
    /// The length of its body.
    pub(super) length: usize,
    pub(super) outcome: Outcome,
    /// Whether the broker closed the whole connection because of it, or of another message.
    pub(super) closed_connection: bool,
    /// Its channel, for the next message.
    pub(super) window: Option<Window>,
}

/// How long a message may take, and how many partitions there are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) limit: Duration,
    pub(super) partitions: u16,
}

/// Publishes a message and waits for its answer.
pub(super) async fn publish(
    connection: Arc<Connection>,
    row: Box<OutboxRow>,
    window: Option<Window>,
    broker: Limits,
) -> Answered {
    let Limits { limit, partitions } = broker;
    let destination = row.destination();
    let length = row.payload.as_ref().map_or(0, String::len);
    let mut closed_connection = false;
    let (outcome, window) = match open(&connection, window).await {
        None => (Outcome::Lost, None),
        Some(mut window) => {
            window.publish(0, outgoing(&row));
            let answer = tokio::time::timeout(limit, window.next()).await;
            match answer.map(|answer| answer.map(|(_, answer)| answer)) {
                Ok(Some(Ok(verdict))) => (decided(verdict), Some(window)),
                Ok(Some(Err(Unanswered::Refused(refusal)))) => {
                    closed_connection = refusal.closed_connection();
                    (refused(&connection, partitions, refusal).await, None)
                }
                Ok(Some(Err(Unanswered::Lost(_))) | None) => (Outcome::Lost, None),
                Err(_) => {
                    window.close().await;
                    (Outcome::Slow(Slow::Timeout, None), None)
                }
            }
        }
    };
    Answered {
        row,
        destination,
        length,
        outcome,
        closed_connection,
        window,
    }
}

async fn open(connection: &Connection, window: Option<Window>) -> Option<Window> {
    match window.filter(Window::is_open) {
        None => Window::open(connection).await.ok(),
        open => open,
    }
}

fn decided(verdict: Verdict) -> Outcome {
    match verdict {
        Verdict::Confirmed => Outcome::Confirmed,
        Verdict::Nacked => Outcome::Slow(Slow::Nacked, None),
        Verdict::Unroutable => Outcome::Unroutable,
    }
}

/// Declares a missing exchange again: it may have been deleted.
async fn refused(connection: &Connection, partitions: u16, refusal: Refusal) -> Outcome {
    let text = Some(format!("{} ({})", refusal.text, refusal.code));
    match refusal.code {
        ACCESS_REFUSED => Outcome::Slow(Slow::Denied, text),
        NOT_FOUND => {
            // If that fails, the next attempt reports why.
            let _ = topology::declare(connection, partitions).await;
            Outcome::Slow(Slow::Denied, text)
        }
        _ => Outcome::Slow(Slow::Refused, text),
    }
}
