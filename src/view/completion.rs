//! The completion of a process: its state, and building it again from the record, with the same
//! bytes as the first time or not at all.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::outgoing;
use crate::domain::completion::FORMAT;
use crate::store::read::record::Record;
use crate::store::write::outbox::{MessageKind, OutboxRow};
use crate::store::write::process::body_hash;
use crate::store::write::slow_outbox::RetryPlan;
use crate::wire::{self, Outbound};

const NEWER: &str =
    "its completion was sent by a newer version, whose format this one does not know";
const CHANGED: &str =
    "its record no longer gives the completion that was sent: it was changed in the database";

/// Builds the completion again, without the cursor in the feed, which only the first one has.
///
/// # Errors
///
/// Why it can't be built.
pub fn again(kept: &RetryPlan) -> Result<Outbound, &'static str> {
    if kept.format.is_some_and(|format| format != FORMAT) {
        return Err(NEWER);
    }
    let outbound = wire::completion(&kept.completion, None);
    let hash = body_hash(&outbound.body);
    match &kept.hash {
        Some(sent) if sent.as_slice() != hash.as_ref() => Err(CHANGED),
        // Versions without formats stored no hash.
        _ => Ok(outbound),
    }
}

/// Builds the completion again as a row of the outbox, for that exchange.
///
/// # Errors
///
/// Why it can't be built.
pub fn row_again(kept: &RetryPlan, exchange: &str) -> Result<OutboxRow, &'static str> {
    let outbound = again(kept)?;
    Ok(outgoing::row(
        kept.process,
        outbound,
        MessageKind::Completion,
        exchange,
    ))
}

/// The state of a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Completion)]
pub enum CompletionState {
    /// The process has not ended.
    None,
    /// It is in the outbox.
    Pending,
    /// The broker had no queue for it.
    Unroutable,
    /// The broker has confirmed it.
    Sent,
}

impl CompletionState {
    /// The state of the completion of a process.
    pub(super) fn of(record: &Record) -> Self {
        match (&record.process.ended, record.unroutable_at, record.outbox) {
            (None, _, _) => Self::None,
            (Some(_), Some(_), _) => Self::Unroutable,
            (Some(_), None, 0) => Self::Sent,
            (Some(_), None, _) => Self::Pending,
        }
    }
}
