//! The loop of a job: slice after slice until there is nothing left or its time is over, then a pause.
//! A slice that fails, panics or hangs is the matter of its own job.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::pace::{Next, Pace};
use super::{Janitor, JanitorJob};
use crate::backoff::Backoff;
use crate::domain::ProcessKey;
use crate::pipeline::retry_reason::reason;
use crate::store::admin::quarantine::{ClaimLimits, ClaimedRecord};
use crate::store::{Blame, StoreError};
use crate::telemetry::Condition;

/// How long a job goes on before it pauses.
const ROUND_MAX: Duration = Duration::from_secs(10);
/// How long one slice may take; the server's own timeouts end it earlier. Less than what a loop may
/// take before it counts as stuck.
const SLICE_MAX: Duration = Duration::from_secs(45);
/// The shortest pause after a failure: each may have cost a connection.
const PAUSE_FAILED: Duration = Duration::from_secs(1);
/// The longest pause of a job.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// What a slice has taken so far: known even if it fails, panics or hangs.
#[derive(Debug, Clone, Default)]
pub(super) struct Hand(Arc<Mutex<Vec<ClaimedRecord>>>);

/// What a slice did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    /// Whether it did anything.
    pub(super) something: bool,
    /// Whether there may be more to do.
    pub(super) more: bool,
}

impl Hand {
    /// Notes what was taken.
    pub(super) fn take(&self, taken: &[ClaimedRecord]) {
        let mut hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *hand = taken.to_vec();
    }

    fn taken(&self) -> Vec<ClaimedRecord> {
        let hand = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        hand.clone()
    }
}

impl Done {
    /// So many were done of at most so many.
    pub(super) fn of(done: u64, limit: i64) -> Self {
        Self {
            something: done > 0,
            more: done >= limit.unsigned_abs(),
        }
    }
}

/// What comes after a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// Another one at once.
    More,
    /// The pause: nothing is left to do.
    Idle,
    /// The pause, or longer if it fails again and again.
    Failed,
}

/// Why a slice came to nothing.
enum Failure {
    Store(StoreError),
    Panic,
}

impl Failure {
    fn blame(&self) -> Blame {
        match self {
            Self::Store(error) => error.blame(),
            Self::Panic => Blame::Record,
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Store(error) => error.to_string(),
            Self::Panic => "the program panicked".to_owned(),
        }
    }
}

impl Janitor {
    /// Does a job again and again until told to stop.
    pub(super) async fn turns(
        self: Arc<Self>,
        job: JanitorJob,
        number: usize,
        stop: CancellationToken,
    ) {
        let pause = (self.interval * job.intervals()).min(PAUSE_MAX);
        // Not all at the same time: so a few connections do for all.
        let share = u32::try_from(number).unwrap_or(0) * self.interval;
        let mut next = share / u32::try_from(JanitorJob::ALL.len()).unwrap_or(u32::MAX);
        let mut pace = Pace::new(self.batch);
        let mut backoff = Backoff::new();
        loop {
            self.health.beat(job.name());
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(next) => {}
            }
            // What nothing can be written to would only fail.
            if !self.health.holds(Condition::DatabaseWritable) {
                next = pause;
                continue;
            }
            let began = Instant::now();
            next = loop {
                match self.step(job, &mut pace).await {
                    Turn::More if !stop.is_cancelled() && began.elapsed() < ROUND_MAX => {}
                    Turn::More => break pause,
                    Turn::Idle => {
                        backoff.reset();
                        break pause;
                    }
                    Turn::Failed => break pause.max(PAUSE_FAILED) + backoff.next(),
                }
            };
        }
        self.health.retire(job.name());
    }

    /// Does one slice.
    async fn step(self: &Arc<Self>, job: JanitorJob, pace: &mut Pace) -> Turn {
        self.health.beat(job.name());
        let hand = Hand::default();
        let ended = self.guarded(job, pace.cut(), hand.clone()).await;
        let taken = hand.taken();
        match ended {
            Ok(done) => {
                match done {
                    Done {
                        something: true, ..
                    } => pace.succeeded(&taken),
                    Done { more: false, .. } => pace.idle(),
                    Done { .. } => {}
                }
                match done.more {
                    true => Turn::More,
                    false => Turn::Idle,
                }
            }
            Err(failure) => {
                match &failure {
                    Failure::Store(error) => self.telemetry.retried(reason(error), error),
                    Failure::Panic => self.telemetry.panicked(job.name()),
                }
                match pace.failed(failure.blame(), &taken) {
                    Next::Again => Turn::More,
                    Next::Rest => Turn::Failed,
                    Next::SetAside(key) => match self.set_aside(job, key, &failure.text()).await {
                        true => Turn::More,
                        false => Turn::Failed,
                    },
                }
            }
        }
    }

    /// A slice in a task of its own, so that its panic ends there, and with a limit to its time.
    async fn guarded(
        self: &Arc<Self>,
        job: JanitorJob,
        cut: ClaimLimits,
        hand: Hand,
    ) -> Result<Done, Failure> {
        let janitor = Arc::clone(self);
        let mut running = JoinSet::new();
        running.spawn(async move { janitor.slice(job, cut, hand).await });
        match tokio::time::timeout(SLICE_MAX, running.join_next()).await {
            Err(_) => Err(Failure::Store(StoreError::Timeout)),
            Ok(Some(Ok(ended))) => ended.map_err(Failure::Store),
            Ok(Some(Err(error))) => Err(ended_by(&error)),
            Ok(None) => Err(Failure::Panic),
        }
    }

    async fn slice(
        &self,
        job: JanitorJob,
        cut: ClaimLimits,
        hand: Hand,
    ) -> Result<Done, StoreError> {
        match job {
            JanitorJob::Seal => self.seal_due(&cut, &hand).await,
            JanitorJob::Park => self.expire_parked(&cut, &hand).await,
            JanitorJob::Delete => self.delete_expired(&cut, &hand).await,
            JanitorJob::Unopened => self.delete_unopened(&cut, &hand).await,
            JanitorJob::Files => self.remove_files(cut.limit).await,
            JanitorJob::Tombstones => self.delete_tombstones(cut.limit).await,
            JanitorJob::DeadLetters => self.delete_dead_letters(cut.limit).await,
            JanitorJob::Samples => self.delete_samples(cut.limit).await,
            JanitorJob::Quarantine => self.release_quarantine().await,
        }
    }

    /// Says whether that could be done; if not, it is found again.
    async fn set_aside(&self, job: JanitorJob, key: ProcessKey, why: &str) -> bool {
        let Some(what) = job.what() else {
            return false;
        };
        match self.store.set_aside(key, what, why).await {
            Ok(()) => {
                self.telemetry.set_aside(what.name(), &key.0, &why);
                true
            }
            Err(error) => {
                self.telemetry.retried(reason(&error), &error);
                false
            }
        }
    }
}

fn ended_by(error: &JoinError) -> Failure {
    match error.is_panic() {
        true => Failure::Panic,
        false => Failure::Store(StoreError::Timeout),
    }
}
