//! Publishes the outbox: rows that a batch has just committed, from memory; rows that a crash, an
//! outage or a full mailbox left behind, from the table.
//!
//! Every message has its own outcome, which the table stores: nothing is retried in memory. On the
//! normal [`lane`] each destination has a [`channel`], with many messages in flight at a time; a
//! destination that does not confirm, or a message that the broker refuses, moves to the [`slow`]
//! lane, which has a connection of its own. [`settle`] writes each outcome, [`sweep`] publishes
//! rows that are due.
//!
//! A message leaves the outbox only after its confirm, or after a return where that is the setting.

pub(super) mod bodies;
mod channel;
mod destinations;
mod expiry;
mod lane;
mod probe;
mod probes;
mod settle;
mod shared_connection;
mod single;
mod slow;
mod sweep;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, mpsc};

pub use self::destinations::Destinations;

use super::failpoint::Faults;
use crate::broker::Outgoing;
use crate::config::{BrokerSettings, Unroutable};
use crate::store::Store;
use crate::store::write::outbox::{MessageKind, OutboxRow};
use crate::telemetry::Telemetry;

/// Bytes of messages that may wait for the publisher or be in flight, whatever the size of their
/// batches; messages without room stay in the table for the sweeper.
const MAILBOX_BYTES: u32 = 32 * 1024 * 1024;
/// About how much memory a message needs besides its body.
const ROW_BYTES: usize = 512;

/// Rows to publish, with the time their batch was committed.
#[derive(Debug)]
struct RelayBatch {
    rows: Vec<OutboxRow>,
    committed: Option<Instant>,
    room: OwnedSemaphorePermit,
}

/// Sends committed rows to the publisher.
#[derive(Clone)]
pub struct RelaySender {
    batches: mpsc::UnboundedSender<RelayBatch>,
    room: Arc<Semaphore>,
}

/// The receiving end of a [`RelaySender`].
pub struct RelayReceiver {
    batches: mpsc::UnboundedReceiver<RelayBatch>,
}

/// A mailbox: both its ends.
#[must_use]
pub fn mailbox() -> (RelaySender, RelayReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(MAILBOX_BYTES as usize));
    let mailbox = RelaySender {
        batches: sender,
        room,
    };
    (mailbox, RelayReceiver { batches: receiver })
}

impl RelaySender {
    /// Sends rows to be published now. Rows without room are published later by a sweep: a broker
    /// that blocks publishers must not stop the consumers that would relieve it.
    pub(super) fn offer(&self, mut rows: Vec<OutboxRow>) {
        let mut bytes = 0;
        let room = self.room.available_permits();
        let fits = |row: &OutboxRow| {
            bytes += size(row);
            bytes <= room
        };
        let fitting = rows.iter().map(fits).take_while(|fits| *fits).count();
        rows.truncate(fitting);
        let bytes = rows.iter().map(size).sum();
        let permit = Arc::clone(&self.room).try_acquire_many_owned(permits(bytes));
        if rows.is_empty() {
            return;
        }
        if let Ok(room) = permit {
            let committed = Some(Instant::now());
            // Without a publisher they stay in the table.
            let _ = self.batches.send(RelayBatch {
                rows,
                committed,
                room,
            });
        }
    }

    /// Sends rows that a sweep has claimed, once there is room; returns whether there is a
    /// publisher.
    async fn send(&self, rows: Vec<OutboxRow>) -> bool {
        let bytes = rows.iter().map(size).sum();
        let permit = Arc::clone(&self.room).acquire_many_owned(permits(bytes));
        let Ok(room) = permit.await else { return false };
        let batch = RelayBatch {
            rows,
            committed: None,
            room,
        };
        self.batches.send(batch).is_ok()
    }
}

fn size(row: &OutboxRow) -> usize {
    row.payload.as_ref().map_or(0, String::len) + ROW_BYTES
}

fn permits(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX).min(MAILBOX_BYTES)
}

/// What the lanes and the sweeper need.
#[derive(Clone)]
pub struct Relay {
    /// Where the outbox is.
    pub store: Store,
    /// Where the messages go.
    pub broker: BrokerSettings,
    /// What to do with unroutable messages.
    pub unroutable: Unroutable,
    /// After how long an unconfirmed message is published again.
    pub sweep_after: Duration,
    /// Where it is counted.
    pub telemetry: Telemetry,
    /// The points where it may crash on purpose.
    pub faults: Faults,
    /// The destinations that fail at present.
    pub destinations: Destinations,
    /// Notifies the sweeper that messages are due at once.
    pub returned: Arc<Notify>,
}

impl Relay {
    /// Whether an unroutable message is dropped. A deleted reply queue does not come back; a
    /// completion's queue may.
    fn drops(&self, what: MessageKind) -> bool {
        match (what, self.unroutable) {
            (MessageKind::Reply, _) | (_, Unroutable::Drop) => true,
            (MessageKind::Completion | MessageKind::Stage, Unroutable::Keep) => false,
        }
    }
}

/// The message of a row.
pub(super) fn outgoing(row: &OutboxRow) -> Outgoing {
    let body = row.payload.clone().unwrap_or_default().into_bytes();
    let mut message = Outgoing::new(&row.exchange, &row.routing_key, &row.id.to_string(), body);
    let properties = &mut message.properties;
    properties.correlation_id = Some(row.token.clone());
    properties.type_ = Some(row.type_name.clone());
    properties.content_type = Some("application/json".to_owned());
    properties.timestamp = u64::try_from(row.time.as_second()).ok();
    let headers = row.headers.iter();
    properties.headers = headers
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    message
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;
    use crate::domain::ProcessKey;

    fn row(bytes: usize) -> OutboxRow {
        OutboxRow {
            id: Uuid::nil(),
            token: "one".to_owned(),
            type_name: "process.completed".to_owned(),
            payload: Some("x".repeat(bytes)),
            process: ProcessKey(Uuid::nil()),
            what: MessageKind::Completion,
            exchange: "waybill.completions".to_owned(),
            routing_key: "upload.done".to_owned(),
            headers: BTreeMap::new(),
            time: Timestamp::UNIX_EPOCH,
            slow: None,
        }
    }

    fn waiting(receiver: &mut RelayReceiver) -> usize {
        let batches = std::iter::from_fn(|| receiver.batches.try_recv().ok());
        batches.map(|batch| batch.rows.len()).sum()
    }

    #[test]
    fn a_publisher_that_pauses_receives_every_message_of_many_small_batches() {
        let (mailbox, mut receiver) = mailbox();
        for _ in 0..5_000 {
            mailbox.offer(vec![row(1_000)]);
        }
        assert_eq!(waiting(&mut receiver), 5_000);
    }

    #[test]
    fn rows_beyond_the_memory_of_the_mailbox_stay_in_the_table() {
        let (mailbox, mut receiver) = mailbox();
        for _ in 0..5 {
            mailbox.offer(vec![row(10 * 1024 * 1024), row(1_000)]);
        }
        assert_eq!(waiting(&mut receiver), 6);
        mailbox.offer(vec![row(10 * 1024 * 1024)]);
        assert_eq!(waiting(&mut receiver), 1);
    }
}
