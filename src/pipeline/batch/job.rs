//! What one writer writes, and what became of it.

use tokio::sync::oneshot;

use super::decide::Decision;
use super::outcome::Outcome;
use crate::pipeline::consume::delivery::Held;
use crate::store::write::outbox::OutboxRow;
use crate::wire::Reason;

/// What one writer writes in one transaction, and whom it tells.
pub(in crate::pipeline) struct Job {
    pub(super) held: Vec<Held>,
    pub(super) done: oneshot::Sender<Done>,
}

/// A job whose every delivery is committed.
pub(super) struct Done {
    pub(super) held: Vec<Held>,
    pub(super) written: Written,
}

/// What a committed batch did.
#[derive(Debug, Default)]
pub(super) struct Written {
    /// What became of each delivery, in the batch's order.
    pub(super) fates: Vec<Fate>,
    /// What the merge decided, part by part where the batch was halved.
    pub(super) decisions: Vec<Decision>,
    /// What must be published now.
    pub(super) outbox: Vec<OutboxRow>,
}

/// What became of one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Applied, duplicate or late.
    Logged(Outcome),
    /// An event that can't be applied, kept as a dead letter.
    Refused(Reason),
    /// It came as a dead letter.
    Dead,
}
