//! Writes the outcome of each message to the outbox.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::Relay;
use crate::domain::ProcessKey;
use crate::pipeline::failpoint::CrashPoint;
use crate::pipeline::retry_reason::reason;
use crate::store::StoreError;
use crate::store::write::outbox::{MessageKind, OutboxRow, Slow};
use crate::store::write::slow_outbox::Failed;
use crate::telemetry::{self, Published};

/// Messages that may wait to be settled.
pub(super) const SETTLED_MAX: usize = 4_096;
/// Messages that one statement settles.
const AT_ONCE: usize = 2_048;
/// The delay of a message whose destination fails, after its first attempt.
const RETRY: Duration = Duration::from_secs(1);
/// The same for a message that the broker refused: it will hardly be accepted later.
pub(super) const RETRY_REFUSED: Duration = Duration::from_secs(60);

/// A message and its outcome.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) row: Box<OutboxRow>,
    /// When it was committed, if it came from memory.
    pub(super) committed: Option<Instant>,
    pub(super) outcome: Outcome,
}

/// The outcome of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Outcome {
    /// The broker confirmed it.
    Confirmed,
    /// No queue is bound for it.
    Unroutable,
    /// It goes to the slow lane, or stays there.
    Slow(Slow, Option<String>),
    /// Unknown: its connection has ended.
    Lost,
}

/// The outcomes that are written at a time.
#[derive(Default)]
struct Batch<'a> {
    done: Vec<&'a OutboxRow>,
    unroutable: Vec<ProcessKey>,
    /// Completions that may have been unroutable before.
    routed: Vec<ProcessKey>,
    failed: Vec<Failed>,
    lost: Vec<&'a OutboxRow>,
}

impl Relay {
    /// Settles messages until no more come, waiting ones in one batch. After a failure they are
    /// published again.
    pub(super) async fn settle(self, mut settled: mpsc::Receiver<Settled>) {
        let mut messages = Vec::new();
        while settled.recv_many(&mut messages, AT_ONCE).await > 0 {
            let mut batch = Batch::default();
            for message in &messages {
                self.sort(message, &mut batch);
            }
            if !batch.done.is_empty() {
                self.faults.pass(CrashPoint::ConfirmedBeforeDelete);
            }
            for written in self.write(&batch).await {
                if let Err(error) = written {
                    self.telemetry.retried(reason(&error), &error);
                }
            }
            if !batch.lost.is_empty() {
                self.returned.notify_one();
            }
            messages.clear();
        }
    }

    async fn write(&self, batch: &Batch<'_>) -> [Result<(), StoreError>; 5] {
        [
            self.store.note_unroutable(&batch.unroutable).await,
            self.store.note_routed(&batch.routed).await,
            self.store.delete_outbox(&batch.done).await,
            self.store.fail_outbox(&batch.failed).await,
            self.store.return_outbox(&batch.lost).await,
        ]
    }

    fn sort<'a>(&self, settled: &'a Settled, batch: &mut Batch<'a>) {
        let row = &settled.row;
        if let Some(result) = result(&settled.outcome) {
            self.telemetry.published(label(row.what), result, 1);
        }
        match &settled.outcome {
            Outcome::Confirmed => {
                if let Some(committed) = settled.committed {
                    self.telemetry.completion_confirmed(committed.elapsed());
                }
                if row.what == MessageKind::Completion && row.slow.is_some() {
                    batch.routed.push(row.process);
                }
                batch.done.push(row);
            }
            Outcome::Unroutable => {
                if row.what == MessageKind::Completion {
                    batch.unroutable.push(row.process);
                }
                match self.drops(row.what) {
                    true => batch.done.push(row),
                    false => batch.failed.push(failed(row, Slow::Unroutable, None)),
                }
            }
            Outcome::Slow(slow, detail) => batch.failed.push(failed(row, *slow, detail.clone())),
            Outcome::Lost => batch.lost.push(row),
        }
    }
}

fn failed(row: &OutboxRow, slow: Slow, detail: Option<String>) -> Failed {
    let retry_after = match slow {
        Slow::Timeout | Slow::Nacked | Slow::Unroutable | Slow::Denied | Slow::Waiting => RETRY,
        Slow::Refused => RETRY_REFUSED,
        Slow::Unconfirmed | Slow::Resend => Duration::ZERO,
    };
    Failed {
        row: row.clone(),
        slow,
        detail,
        retry_after,
    }
}

fn label(what: MessageKind) -> telemetry::What {
    match what {
        MessageKind::Completion => telemetry::What::Completion,
        MessageKind::Stage => telemetry::What::Stage,
        MessageKind::Reply => telemetry::What::Reply,
    }
}

/// The metric label of an outcome; a message that was not published has none.
fn result(outcome: &Outcome) -> Option<Published> {
    match outcome {
        Outcome::Confirmed => Some(Published::Confirmed),
        Outcome::Unroutable | Outcome::Slow(Slow::Unroutable, _) => Some(Published::Unroutable),
        Outcome::Slow(Slow::Nacked, _) => Some(Published::Nacked),
        Outcome::Slow(Slow::Refused | Slow::Denied, _) => Some(Published::Refused),
        Outcome::Slow(Slow::Timeout | Slow::Unconfirmed, _) | Outcome::Lost => {
            Some(Published::Unknown)
        }
        Outcome::Slow(Slow::Waiting | Slow::Resend, _) => None,
    }
}
