//! Runs the transaction of a batch until it is committed: tries again on a fresh connection what
//! failed by its connection, and halves what failed by its data until the culprit is alone.

use std::collections::HashSet;
use std::ops::Range;
use std::time::Duration;

use jiff::SignedDuration;
use tokio_util::sync::CancellationToken;

use super::decide::{Decision, Outcome};
use super::fault::Faults;
use super::held::Held;
use super::orders::Catalog;
use crate::backoff::Backoff;
use crate::core::ProcessKey;
use crate::store::batch;
use crate::store::outbox::OutboxRow;
use crate::store::{Retry, Store, StoreError};
use crate::telemetry::{RetryReason, Telemetry};
use crate::wire::Reason;

/// Records that a writer remembers at most: about a megabyte of keys.
const KNOWN_MAX: usize = 50_000;

/// How long things may stay open.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long an ending waits for what is missing.
    pub settle: SignedDuration,
    /// How long a process may be open at all.
    pub deadline: Option<Duration>,
    /// When the sweeper takes up what was not published from memory.
    pub sweep_after: Duration,
    /// The longest form of an order, in bytes.
    pub form_bytes_max: usize,
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

/// Writes one batch at a time.
pub(super) struct Writer {
    pub(super) store: Store,
    pub(super) rules: Rules,
    pub(super) faults: Faults,
    pub(super) telemetry: Telemetry,
    /// The queue the batches come from.
    pub(super) queue: String,
    /// Which shard of the counts it moves.
    pub(super) shard: i16,
    /// Records that were there lately, so that they need not be looked for twice.
    pub(super) known: HashSet<ProcessKey>,
    /// The workflows it has met; a version never changes.
    pub(super) catalog: Catalog,
}

impl Writer {
    /// Writes a batch whole; `None` if it was told to give up before that was possible. Then
    /// nothing is lost: what is not acknowledged comes again.
    pub(super) async fn write(
        &mut self,
        held: &mut [Held],
        give_up: &CancellationToken,
    ) -> Option<Written> {
        let mut written = Written::default();
        let all = Some(0..held.len()).filter(|all| !all.is_empty());
        let mut parts: Vec<Range<usize>> = all.into_iter().collect();
        let mut backoff = Backoff::new();
        while let Some(part) = parts.pop() {
            let slice = held.get_mut(part.clone())?;
            match self.attempt(slice).await {
                Ok(attempt) => {
                    written.add(attempt);
                    backoff.reset();
                    self.remember(slice);
                }
                Err(error) if error.is_data() => {
                    self.telemetry.retried(RetryReason::Bisect, &error);
                    self.halve(part, slice, &error, &mut parts);
                }
                Err(error) if error.is_misfit() => {
                    self.store.tell_misfit(error);
                    give_up.cancelled().await;
                    return None;
                }
                Err(error) => {
                    self.known.clear();
                    self.telemetry.retried(reason(&error), &error);
                    parts.push(part);
                    tokio::select! {
                        () = give_up.cancelled() => return None,
                        () = tokio::time::sleep(backoff.next()) => {}
                    }
                }
            }
        }
        Some(written)
    }

    /// Whoever forgets a record later makes the next batch fail once, which clears all of this.
    fn remember(&mut self, held: &[Held]) {
        if self.known.len() > KNOWN_MAX {
            self.known.clear();
        }
        let events = held.iter().filter_map(Held::as_event);
        self.known.extend(events.map(|event| event.key));
    }

    /// The first half is tried first, so that the fates stay in the batch's order.
    fn halve(
        &self,
        part: Range<usize>,
        held: &mut [Held],
        error: &StoreError,
        parts: &mut Vec<Range<usize>>,
    ) {
        if let [culprit] = held {
            culprit.refuse(&self.queue, Reason::RefusedByDatabase, error.to_string());
            parts.push(part);
            return;
        }
        let middle = part.start + part.len() / 2;
        parts.push(middle..part.end);
        parts.push(part.start..middle);
    }

    async fn attempt(&mut self, held: &[Held]) -> Result<Written, StoreError> {
        let connection = self.store.connection().await?;
        let limit = self.store.answer_timeout();
        let outcome = tokio::time::timeout(limit, self.transaction(&connection, held)).await;
        match outcome {
            Ok(Ok(written)) => Ok(written),
            Ok(Err(error)) => {
                if !error.is_data() || batch::roll_back(&connection).await.is_err() {
                    connection.discard();
                }
                Err(error)
            }
            Err(_) => {
                connection.discard();
                Err(StoreError::Timeout)
            }
        }
    }
}

impl Written {
    fn add(&mut self, part: Self) {
        self.fates.extend(part.fates);
        self.decisions.extend(part.decisions);
        self.outbox.extend(part.outbox);
    }
}

/// Why something is tried again, as a metric label.
pub(super) fn reason(error: &StoreError) -> RetryReason {
    match error.retry() {
        Retry::Connection => RetryReason::Connection,
        Retry::Deadlock => RetryReason::Deadlock,
        Retry::Timeout => RetryReason::Timeout,
        Retry::Serialization => RetryReason::Serialization,
    }
}
