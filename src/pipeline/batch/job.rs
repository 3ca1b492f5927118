//! What one writer writes in one transaction, and what that did.

use tokio::sync::oneshot;

use super::decide::Decision;
use super::entry::Entry;
use crate::store::write::outbox::OutboxRow;

/// A share of a batch for one writer, and who waits for it.
pub(in crate::pipeline) struct WriteJob {
    pub(super) entries: Vec<Entry>,
    pub(super) done: oneshot::Sender<WriteDone>,
}

/// A job whose every delivery is committed.
pub(super) struct WriteDone {
    pub(super) entries: Vec<Entry>,
    pub(super) written: Written,
}

/// What committed transactions did.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// What was decided, part by part where a job was halved.
    pub(super) decisions: Vec<Decision>,
    /// What must be published now.
    pub(super) outbox: Vec<OutboxRow>,
}

impl Written {
    pub(super) fn add(&mut self, part: Self) {
        self.decisions.extend(part.decisions);
        self.outbox.extend(part.outbox);
    }
}
