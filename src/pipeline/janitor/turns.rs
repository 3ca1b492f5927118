//! The loop of a job: slice after slice until nothing is left or its time is over, then a pause.
//! A slice that fails, panics or hangs affects only its own job.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::pace::{Next, Pace};
use super::{Janitor, JanitorJob};
use crate::backoff::Backoff;
use crate::domain::ProcessKey;
use crate::lock::lock;
use crate::pipeline::retry_reason::reason;
use crate::store::admin::quarantine::{ClaimLimits, ClaimedRecord};
use crate::store::{Blame, StoreError};
use crate::telemetry::Condition;

/// How long a job goes on before it pauses.
const ROUND_MAX: Duration = Duration::from_secs(10);
/// How long one slice may take; the server's own timeouts end it earlier. Less than the time after
/// which a loop counts as stuck.
const SLICE_MAX: Duration = Duration::from_secs(45);
/// The shortest pause after a failure: each may have cost a connection.
const PAUSE_FAILED: Duration = Duration::from_secs(1);
/// The longest pause of a job.
const PAUSE_MAX: Duration = Duration::from_secs(30);

/// The records that a slice has claimed: known even if it fails, panics or hangs.
#[derive(Debug, Clone, Default)]
pub(super) struct Claims(Arc<Mutex<Vec<ClaimedRecord>>>);

/// What a slice may claim, and what it has claimed.
#[derive(Debug, Clone)]
pub(super) struct Slice {
    pub(super) cut: ClaimLimits,
    pub(super) claims: Claims,
}

/// The result of a slice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    /// Whether it did something.
    pub(super) progressed: bool,
    /// Whether there may be more to do.
    pub(super) more: bool,
}

impl Claims {
    /// Sets the claimed records.
    pub(super) fn set(&self, records: &[ClaimedRecord]) {
        *lock(&self.0) = records.to_vec();
    }

    fn get(&self) -> Vec<ClaimedRecord> {
        lock(&self.0).clone()
    }
}

impl Done {
    /// `done` records out of at most `limit`.
    pub(super) fn of(done: u64, limit: i64) -> Self {
        Self {
            progressed: done > 0,
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
    /// The pause, or a longer one if it keeps failing.
    Failed,
}

/// Why a slice failed.
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
    /// Repeats a job until stopped.
    pub(super) async fn turns(
        self: Arc<Self>,
        job: JanitorJob,
        number: usize,
        stop: CancellationToken,
    ) {
        let pause = (self.interval * job.intervals()).min(PAUSE_MAX);
        // Staggers the jobs, so that a few connections are enough for all.
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
            // A database that can't be written to would only fail.
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
        let slice = Slice {
            cut: pace.cut(),
            claims: Claims::default(),
        };
        let ended = self.guarded(job, slice.clone()).await;
        let claimed = slice.claims.get();
        match ended {
            Ok(done) => {
                if done.progressed {
                    pace.succeeded(&claimed);
                } else if !done.more {
                    pace.idle();
                }
                if done.more { Turn::More } else { Turn::Idle }
            }
            Err(failure) => {
                match &failure {
                    Failure::Store(error) => self.telemetry.retried(reason(error), error),
                    Failure::Panic => self.telemetry.panicked(job.name()),
                }
                match pace.failed(failure.blame(), &claimed) {
                    Next::Again => Turn::More,
                    Next::Rest => Turn::Failed,
                    Next::Quarantine(key) => match self.quarantine(job, key, &failure.text()).await
                    {
                        true => Turn::More,
                        false => Turn::Failed,
                    },
                }
            }
        }
    }

    /// Runs a slice in a task of its own, which contains a panic, with a time limit.
    async fn guarded(self: &Arc<Self>, job: JanitorJob, slice: Slice) -> Result<Done, Failure> {
        let janitor = Arc::clone(self);
        let mut running = JoinSet::new();
        running.spawn(async move { janitor.slice(job, &slice).await });
        match tokio::time::timeout(SLICE_MAX, running.join_next()).await {
            Err(_) => Err(Failure::Store(StoreError::Timeout)),
            Ok(Some(Ok(ended))) => ended.map_err(Failure::Store),
            Ok(Some(Err(error))) => Err(ended_by(&error)),
            Ok(None) => Err(Failure::Panic),
        }
    }

    async fn slice(&self, job: JanitorJob, slice: &Slice) -> Result<Done, StoreError> {
        let limit = slice.cut.limit;
        match job {
            JanitorJob::Seal => self.seal_due(slice).await,
            JanitorJob::Park => self.expire_parked(slice).await,
            JanitorJob::Delete => self.delete_expired(slice).await,
            JanitorJob::Unopened => self.delete_unopened(slice).await,
            JanitorJob::Files => self.remove_files(limit).await,
            JanitorJob::Tombstones => self.delete_tombstones(limit).await,
            JanitorJob::DeadLetters => self.delete_dead_letters(limit).await,
            JanitorJob::Samples => self.delete_samples(limit).await,
            JanitorJob::Audit => self.delete_audit(limit).await,
            JanitorJob::Quarantine => self.release_quarantine().await,
        }
    }

    /// Returns whether the process could be quarantined; if not, it is found again.
    async fn quarantine(&self, job: JanitorJob, key: ProcessKey, why: &str) -> bool {
        let Some(what) = job.quarantined_for() else {
            return false;
        };
        match self.store.set_aside(key, what, why).await {
            Ok(()) => {
                self.telemetry.quarantined(what.name(), &key.0, &why);
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
