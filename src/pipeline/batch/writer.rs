//! Runs the transactions of batches until they are committed: retries on a fresh connection after a
//! connection error, and halves a part that failed by its data, or keeps failing, until the culprit
//! is alone ([`Part`]).

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::acceptance::Acceptance;
use super::entry::Entry;
use super::event::Outcome;
use super::job::Written;
use super::job::{WriteDone, WriteJob};
use super::orders::Catalog;
use super::part::{Part, Remedy};
use super::turns::Turns;
use crate::backoff::Backoff;
use crate::domain::ProcessKey;
use crate::domain::order::OrderLimits;
use crate::pipeline::failpoint::Faults;
use crate::pipeline::retry_reason::reason;
use crate::store::{Store, StoreError};
use crate::telemetry::{Phase, RetryReason, Telemetry};
use crate::wire::Reason;

/// How many records a writer remembers at most: about a megabyte of keys.
const KNOWN_MAX: usize = 50_000;

/// The time and size limits that a writer applies.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long an ending waits for what is missing.
    pub settle: SignedDuration,
    /// How long a process may be open at all.
    pub deadline: Option<Duration>,
    /// After how long the sweeper publishes what was not published from memory.
    pub sweep_after: Duration,
    /// The size limits of an order.
    pub orders: OrderLimits,
}

/// Writes the jobs it receives, part by part.
pub(in crate::pipeline) struct Writer {
    pub(in crate::pipeline) store: Store,
    pub(in crate::pipeline) rules: Rules,
    pub(in crate::pipeline) faults: Faults,
    pub(in crate::pipeline) telemetry: Telemetry,
    /// The queue the batches come from.
    pub(in crate::pipeline) queue: String,
    /// Which shard of the counts it updates.
    pub(in crate::pipeline) shard: i16,
    /// Records known to exist, which need not be created.
    pub(in crate::pipeline) known: HashSet<ProcessKey>,
    /// Cached workflows; a version never changes.
    pub(in crate::pipeline) catalog: Catalog,
    /// Shared by all writers: whether the database accepts writes.
    pub(in crate::pipeline) acceptance: Acceptance,
    pub(in crate::pipeline) backoff: Backoff,
    /// Shared by all writers: whose turn it is.
    pub(in crate::pipeline) turns: Turns,
    /// Whether it is a tenant's own queue, which has to wait for its turns.
    pub(in crate::pipeline) takes_turns: bool,
}

/// A job that is being written.
struct Open {
    entries: Vec<Entry>,
    done: oneshot::Sender<WriteDone>,
    parts: VecDeque<Part>,
    /// What is committed, by its index in the job.
    written: BTreeMap<usize, Written>,
    began: Instant,
}

impl Open {
    fn new(job: WriteJob) -> Self {
        let all = Some(0..job.entries.len()).filter(|all| !all.is_empty());
        Self {
            parts: all.map(Part::new).into_iter().collect(),
            entries: job.entries,
            done: job.done,
            written: BTreeMap::new(),
            began: Instant::now(),
        }
    }

    fn is_suspect(&self) -> bool {
        self.parts.iter().all(Part::is_suspect)
    }

    fn conclude(self) {
        let mut written = Written::default();
        self.written
            .into_values()
            .for_each(|part| written.add(part));
        // After the session there is no receiver any more.
        let _ = self.done.send(WriteDone {
            entries: self.entries,
            written,
        });
    }
}

impl Writer {
    /// Writes jobs until no more come. A job with a failing part does not keep the next one from
    /// being tried: whether that commits distinguishes a bad message from a bad database. `give_up`
    /// ends it at once: the broker requeues what is not acknowledged.
    pub(in crate::pipeline) async fn run(
        mut self,
        mut jobs: mpsc::Receiver<WriteJob>,
        give_up: CancellationToken,
    ) {
        let mut open: Vec<Open> = Vec::new();
        let mut closed = false;
        loop {
            let pause = (!open.is_empty()).then(|| self.backoff.next());
            tokio::select! {
                biased;
                () = give_up.cancelled() => return,
                job = jobs.recv(), if !closed => match job {
                    Some(job) => open.push(Open::new(job)),
                    None => closed = true,
                },
                () = tokio::time::sleep(pause.unwrap_or_default()), if pause.is_some() => {}
            }
            // No other message will come to show whether the messages or the database are at fault.
            if closed && open.iter().all(Open::is_suspect) {
                return;
            }
            if let Err(misfit) = self.pass_all(&mut open).await {
                self.store.report_misfit(misfit);
                give_up.cancelled().await;
                return;
            }
            for job in open.extract_if(.., |job| job.parts.is_empty()) {
                let began = job.began;
                self.telemetry
                    .phase_done(Phase::Transaction, began.elapsed());
                job.conclude();
            }
        }
    }

    /// Tries every part of every job. If it stops early, the next pass begins after the job tried
    /// last.
    async fn pass_all(&mut self, open: &mut [Open]) -> Result<(), StoreError> {
        for at in 0..open.len() {
            if let Some(job) = open.get_mut(at)
                && !self.pass(job).await?
            {
                open.rotate_left(at + 1);
                break;
            }
        }
        Ok(())
    }

    /// Tries every part of a job; returns whether it makes sense to try other jobs now.
    async fn pass(&mut self, job: &mut Open) -> Result<bool, StoreError> {
        let mut later = Vec::new();
        let mut goes_on = true;
        while goes_on && let Some(mut part) = job.parts.pop_front() {
            let Some(slice) = job.entries.get_mut(part.range.clone()) else {
                continue;
            };
            let error = match self.attempt(slice).await {
                Ok(written) => {
                    self.note(slice);
                    job.written.insert(part.range.start, written);
                    continue;
                }
                Err(error) if error.is_misfit() => return Err(error),
                Err(error) => error,
            };
            self.known.clear();
            let remedy = part.failed(&error, self.acceptance.commits());
            let persists = !error.is_data() && error.persistent_cause().is_some();
            if persists && remedy != Remedy::Retry {
                self.acceptance.refused(&error);
            }
            match remedy {
                Remedy::Retry | Remedy::Suspect => {
                    self.telemetry.retried(reason(&error), &error);
                    goes_on = persists;
                    later.push(part);
                }
                Remedy::Halve => {
                    self.telemetry.retried(RetryReason::Bisect, &error);
                    job.parts.extend(part.halves());
                }
                Remedy::Quarantine => {
                    self.quarantine(slice, &error);
                    later.push(Part::new(part.range));
                }
            }
            // No hot loop: one attempt per pause, each time with another part.
            goes_on &= !self.acceptance.is_missing();
        }
        job.parts.extend(later);
        Ok(goes_on)
    }

    /// Turns messages that could not be written, although others could, into dead letters.
    fn quarantine(&self, slice: &mut [Entry], error: &StoreError) {
        self.telemetry.retried(RetryReason::Bisect, error);
        for culprit in slice {
            culprit.refuse(&self.queue, Reason::RefusedByDatabase, error.to_string());
        }
    }

    /// Remembers the records of a committed transaction. If one is deleted later, the next batch
    /// fails once, which clears the known records.
    fn note(&mut self, entries: &[Entry]) {
        self.backoff.reset();
        let events = || entries.iter().filter_map(Entry::as_event);
        if events().any(|event| event.outcome == Ok(Outcome::Applied)) {
            self.acceptance.applied();
        }
        if self.known.len() > KNOWN_MAX {
            self.known.clear();
        }
        self.known.extend(events().map(|event| event.new.key));
    }

    async fn attempt(&mut self, entries: &mut [Entry]) -> Result<Written, StoreError> {
        self.turns.note(&self.queue, entries.len());
        let _turn = match self.takes_turns {
            true => self.turns.wait(&self.queue, entries.len()).await,
            false => None,
        };
        let connection = self.store.connection().await?;
        let limit = self.store.answer_timeout();
        let outcome = tokio::time::timeout(limit, self.transaction(&connection, entries)).await;
        match outcome {
            Ok(Ok(written)) => Ok(written),
            Ok(Err(error)) => {
                if !error.is_data() || connection.roll_back().await.is_err() {
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
