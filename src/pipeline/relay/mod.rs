//! Publishes what is in the outbox: what a batch has just committed, from memory; what a crash, an
//! outage or a full mailbox left behind, from the table.
//!
//! Every message has its own outcome, and the table remembers it: nothing is retried in memory. On
//! the normal [`lane`] each destination has a [`channel`], with many messages on their way at a time;
//! a destination that does not confirm, or a message that the broker refuses, leaves it for the
//! [`slow`] lane, which has a connection of its own. [`settle`] writes down what became of each,
//! [`sweep`] takes up what is due.
//!
//! A message leaves the outbox only after its confirm, or after a return where that is the setting.

pub(super) mod bodies;
mod channel;
mod destinations;
mod expiry;
mod lane;
mod line;
mod probe;
mod probes;
mod settle;
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

/// Bytes of messages that may wait for the publisher or be on their way, however small the batches that
/// they come in; what finds no room stays in the table for the sweeper.
const MAILBOX_BYTES: u32 = 32 * 1024 * 1024;
/// What a message takes beside its body, about.
const ROW_BYTES: usize = 512;

/// Rows to publish, with the time their batch was committed.
#[derive(Debug)]
struct RelayBatch {
    rows: Vec<OutboxRow>,
    committed: Option<Instant>,
    room: OwnedSemaphorePermit,
}

/// Where committed rows are left for the publisher.
#[derive(Clone)]
pub struct RelaySender {
    posts: mpsc::UnboundedSender<RelayBatch>,
    room: Arc<Semaphore>,
}

/// The other end of a [`RelaySender`].
pub struct RelayReceiver {
    posts: mpsc::UnboundedReceiver<RelayBatch>,
}

/// A mailbox and its other end.
#[must_use]
pub fn mailbox() -> (RelaySender, RelayReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(MAILBOX_BYTES as usize));
    let mailbox = RelaySender {
        posts: sender,
        room,
    };
    (mailbox, RelayReceiver { posts: receiver })
}

impl RelaySender {
    /// Leaves rows to be published now. Those without room are published later, by a sweep: a
    /// broker that blocks publishers must not stop the consuming that would relieve it.
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
            // Without anybody to publish them they stay in the table.
            let _ = self.posts.send(RelayBatch {
                rows,
                committed,
                room,
            });
        }
    }

    /// Leaves rows that a sweep has taken, once there is room; says whether somebody is there to
    /// publish them.
    async fn send(&self, rows: Vec<OutboxRow>) -> bool {
        let bytes = rows.iter().map(size).sum();
        let permit = Arc::clone(&self.room).acquire_many_owned(permits(bytes));
        let Ok(room) = permit.await else { return false };
        let post = RelayBatch {
            rows,
            committed: None,
            room,
        };
        self.posts.send(post).is_ok()
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
    /// What to do with what no queue takes.
    pub unroutable: Unroutable,
    /// When a message that is still here is tried again.
    pub sweep_after: Duration,
    /// Where it is counted.
    pub telemetry: Telemetry,
    /// Where it may be told to die.
    pub faults: Faults,
    /// Where messages can't be delivered at present.
    pub destinations: Destinations,
    /// Says that messages were made due at once.
    pub returned: Arc<Notify>,
}

impl Relay {
    /// Whether a message that no queue takes is forgotten. A reply queue that is gone does not come
    /// back; a completion's queue may.
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

    fn waiting(dead_letterbox: &mut RelayReceiver) -> usize {
        let posts = std::iter::from_fn(|| dead_letterbox.posts.try_recv().ok());
        posts.map(|post| post.rows.len()).sum()
    }

    #[test]
    fn a_publisher_that_pauses_finds_every_message_of_many_small_batches() {
        let (mailbox, mut dead_letterbox) = mailbox();
        for _ in 0..5_000 {
            mailbox.offer(vec![row(1_000)]);
        }
        assert_eq!(waiting(&mut dead_letterbox), 5_000);
    }

    #[test]
    fn what_exceeds_the_memory_of_the_mailbox_stays_in_the_table() {
        let (mailbox, mut dead_letterbox) = mailbox();
        for _ in 0..5 {
            mailbox.offer(vec![row(10 * 1024 * 1024), row(1_000)]);
        }
        assert_eq!(waiting(&mut dead_letterbox), 6);
        mailbox.offer(vec![row(10 * 1024 * 1024)]);
        assert_eq!(waiting(&mut dead_letterbox), 1);
    }
}
