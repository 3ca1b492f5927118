//! A writer's job, and what its transactions wrote.

use tokio::sync::oneshot;

use super::decide::Decision;
use super::entry::Entry;
use crate::store::write::outbox::OutboxRow;

/// A share of a batch for one writer, and where it reports completion.
pub(in crate::pipeline) struct WriteJob {
    pub(super) entries: Vec<Entry>,
    pub(super) done: oneshot::Sender<WriteDone>,
}

/// A job whose every delivery is committed.
pub(super) struct WriteDone {
    pub(super) entries: Vec<Entry>,
    pub(super) written: Written,
}

/// What committed transactions wrote.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// The decisions, one per part if a job was halved.
    pub(super) decisions: Vec<Decision>,
    /// The messages to publish now.
    pub(super) outbox: Vec<OutboxRow>,
}

impl Written {
    pub(super) fn add(&mut self, part: Self) {
        self.decisions.extend(part.decisions);
        self.outbox.extend(part.outbox);
    }
}
