//! Publishes what is in the outbox: what a batch has just committed, from memory; what a crash or
//! a full mailbox left behind, from the table.
//!
//! A message leaves the outbox only after its confirm, or after a return where that is the setting.

mod clear;
mod publish;
mod sweep;

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::fault::Faults;
use crate::config::{BrokerSettings, Unroutable};
use crate::store::Store;
use crate::store::outbox::OutboxRow;
use crate::telemetry::Telemetry;

/// Batches that may wait for the publisher; what finds no room stays in the table for the sweeper.
const MAILBOX_BATCHES: usize = 64;

/// Rows to publish, with the time their batch was committed.
#[derive(Debug)]
struct Post {
    rows: Vec<OutboxRow>,
    committed: Option<Instant>,
}

/// Where committed rows are left for the publisher.
#[derive(Clone)]
pub struct Mailbox {
    posts: mpsc::Sender<Post>,
}

/// The other end of a [`Mailbox`].
pub struct Letterbox {
    posts: mpsc::Receiver<Post>,
}

/// A mailbox and its other end.
#[must_use]
pub fn mailbox() -> (Mailbox, Letterbox) {
    let (sender, receiver) = mpsc::channel(MAILBOX_BATCHES);
    (Mailbox { posts: sender }, Letterbox { posts: receiver })
}

impl Mailbox {
    /// Leaves rows to be published now. Without room they are published later, by a sweep: a
    /// broker that blocks publishers must not stop the consuming that would relieve it.
    pub(super) fn offer(&self, rows: Vec<OutboxRow>) {
        if rows.is_empty() {
            return;
        }
        let committed = Some(Instant::now());
        // A full mailbox is no failure: the rows are in the table.
        let _ = self.posts.try_send(Post { rows, committed });
    }
}

/// What the publisher and the sweeper need.
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
}
