//! Clears away what the broker has decided about.

use tokio::sync::mpsc;

use super::super::fault::CrashPoint;
use super::super::writer::reason;
use super::{Post, Relay};
use crate::broker::Verdict;
use crate::config::Unroutable;
use crate::core::ProcessKey;
use crate::store::outbox::{OutboxRow, What};
use crate::telemetry::{self, Published};

/// Rounds that one transaction may clear away.
const ROUNDS_AT_ONCE: usize = 8;

/// What was published together, and what became of each row.
#[derive(Debug)]
pub(super) struct Round {
    pub(super) posts: Vec<Post>,
    pub(super) verdicts: Vec<Verdict>,
}

/// What one transaction clears away.
#[derive(Default)]
struct Cleared<'a> {
    done: Vec<&'a OutboxRow>,
    unroutable: Vec<ProcessKey>,
}

impl Relay {
    /// Clears rounds away until no more come, those that wait in one go. A failure leaves the
    /// rows to be published once more.
    pub(super) async fn clear(self, mut confirmed: mpsc::Receiver<Round>) {
        let mut rounds = Vec::new();
        while confirmed.recv_many(&mut rounds, ROUNDS_AT_ONCE).await > 0 {
            self.faults.pass(CrashPoint::ConfirmedBeforeDelete);
            let mut cleared = Cleared::default();
            for round in &rounds {
                self.conclude(round, &mut cleared);
            }
            let noted = self.store.note_unroutable(&cleared.unroutable).await;
            if let Err(error) = noted.and(self.store.delete_outbox(&cleared.done).await) {
                self.telemetry.retried(reason(&error), &error);
            }
            rounds.clear();
        }
    }

    fn conclude<'a>(&self, round: &'a Round, cleared: &mut Cleared<'a>) {
        let mut verdicts = round.verdicts.iter();
        for post in &round.posts {
            for (row, verdict) in post.rows.iter().zip(verdicts.by_ref()) {
                self.telemetry
                    .published(label(row.what), result(*verdict), 1);
                match verdict {
                    Verdict::Confirmed => {
                        cleared.done.push(row);
                        if let Some(committed) = post.committed {
                            self.telemetry.completion_confirmed(committed.elapsed());
                        }
                    }
                    Verdict::Nacked => {}
                    Verdict::Unroutable => {
                        if row.what == What::Completion {
                            cleared.unroutable.push(row.process);
                        }
                        if self.drops(row.what) {
                            cleared.done.push(row);
                        }
                    }
                }
            }
        }
    }

    /// A reply queue that is gone does not come back; a completion's queue may.
    fn drops(&self, what: What) -> bool {
        match (what, self.unroutable) {
            (What::Reply, _) | (_, Unroutable::Drop) => true,
            (What::Completion | What::Stage, Unroutable::Keep) => false,
        }
    }
}

fn label(what: What) -> telemetry::What {
    match what {
        What::Completion => telemetry::What::Completion,
        What::Stage => telemetry::What::Stage,
        What::Reply => telemetry::What::Reply,
    }
}

fn result(verdict: Verdict) -> Published {
    match verdict {
        Verdict::Confirmed => Published::Confirmed,
        Verdict::Nacked => Published::Nacked,
        Verdict::Unroutable => Published::Unroutable,
    }
}
