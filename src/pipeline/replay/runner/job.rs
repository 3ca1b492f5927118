//! Works on one replay: dead letter by dead letter in order, recording its progress in the
//! transaction that deletes the confirmed ones.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::ReplayRunner;
use crate::broker::{self, Connection};
use crate::pipeline::replay::ReplayError;
use crate::pipeline::replay::dry_run::DryRun;
use crate::pipeline::replay::rate_limit::Pace;
use crate::pipeline::replay::selection::{self, Pages};
use crate::pipeline::replay::sender::{SendReport, Sender};
use crate::pipeline::retry_reason::reason;
use crate::store::StoreError;
use crate::store::admin::replay::{ExpectedCounts, ReplayCounts};
use crate::store::admin::replay_claim::{ClaimState, ClaimedReplay, ReplayProgress};
use crate::store::read::dead_letter_scan::DeadLetterSize;
use crate::telemetry::{Published, RetryReason, What};

/// How often the lease of a replay is renewed while a step takes long.
const RENEW_EVERY: Duration = Duration::from_secs(1);
/// How long one replay is worked on before others get their turn.
const TURN: Duration = Duration::from_secs(60);
/// After this long a replay that has failed may be claimed again.
const AGAIN_AFTER: Duration = Duration::from_secs(3);

const NO_BROKER: &str = "the broker can't be reached, or does not accept what is published";
const NO_DATABASE: &str = "the database does not answer";

/// One claimed replay.
pub(super) struct ReplayJob {
    runner: ReplayRunner,
    replay: ClaimedReplay,
    stop: CancellationToken,
    /// Until when it may keep others waiting.
    turn: Instant,
    /// Whether others may be waiting.
    is_full: Arc<AtomicBool>,
}

/// Why work on a replay ends before all its dead letters are done.
#[derive(Debug)]
enum Left {
    /// A stop of the replay was requested.
    Stopped,
    /// This process ends, or others get their turn.
    Unfinished,
    /// Another process has claimed it.
    Lost,
    /// A step has failed.
    Failed(ReplayError),
}

impl<E> From<E> for Left
where
    ReplayError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

impl ReplayJob {
    /// A job that is released after its turn if the runner is full: a slow replay of a million dead
    /// letters would keep all others waiting for days.
    pub(super) fn new(
        runner: ReplayRunner,
        replay: ClaimedReplay,
        stop: CancellationToken,
        is_full: Arc<AtomicBool>,
    ) -> Self {
        Self {
            runner,
            replay,
            stop,
            turn: Instant::now() + TURN,
            is_full,
        }
    }

    /// Works until the replay has ended or is released.
    pub(super) async fn run(self) {
        let worked = match self.replay.is_to_stop {
            true => Err(Left::Stopped),
            false if self.replay.dry_run => self.dry_run().await,
            false => self.publish().await,
        };
        if let Err(error) = self.conclude(worked).await {
            self.runner.telemetry.retried(reason(&error), &error);
        }
    }

    async fn conclude(&self, worked: Result<(), Left>) -> Result<(), StoreError> {
        let (store, replay) = (&self.runner.store, &self.replay);
        match worked {
            Ok(()) => self.end(true).await,
            Err(Left::Stopped) => self.end(false).await,
            Err(Left::Unfinished) => store.release_replay(replay, Duration::ZERO, None).await,
            Err(Left::Lost) => Ok(()),
            Err(Left::Failed(error)) => {
                let problem = self.failed(&error);
                store
                    .release_replay(replay, AGAIN_AFTER, Some(problem))
                    .await
            }
        }
    }

    async fn end(&self, is_through: bool) -> Result<(), StoreError> {
        let (id, dry_run) = (self.replay.id, self.replay.dry_run);
        tracing::info!(replay = %id, dry_run, stopped = !is_through, "a replay has ended");
        self.runner.store.end_replay(&self.replay, is_through).await
    }

    /// A general problem to store; the details are logged for operators.
    fn failed(&self, error: &ReplayError) -> &'static str {
        let (reason, problem) = match error {
            ReplayError::Store(error) => (reason(error), NO_DATABASE),
            ReplayError::Broker(_) => (RetryReason::Confirm, NO_BROKER),
        };
        self.runner.telemetry.retried(reason, error);
        problem
    }

    /// Publishes the dead letters.
    async fn publish(&self) -> Result<(), Left> {
        let connect = broker::connect(&self.runner.broker, "waybill replay");
        let connection = self.renewing(connect).await?;
        let published = self.publish_on(&connection).await;
        connection.close().await;
        published
    }

    async fn publish_on(&self, connection: &Connection) -> Result<(), Left> {
        let timeout = self.runner.broker.confirm_timeout;
        let sender = Sender::open(&self.runner.store, connection, timeout).await?;
        let mut sender = sender.of(self.replay.id);
        let mut pages = self.pages();
        let mut pace = Pace::new(self.replay.rate);
        while let Some(page) = self.renewing(pages.next()).await? {
            for piece in selection::pieces(&page, pace.dead_letters()) {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return Err(Left::Unfinished),
                    () = pace.turn(piece.len()) => {}
                }
                let ids = selection::ids(piece);
                // When stopped, it does not wait for a broker that is slow to confirm: dead letters
                // sent but not deleted may be published twice, which is harmless.
                let sent = self.renewing(sender.send(&ids)).await?;
                self.count(sent.counts);
                self.note(piece, &sent, &ExpectedCounts::new()).await?;
            }
        }
        Ok(())
    }

    /// Predicts the outcomes of the dead letters.
    async fn dry_run(&self) -> Result<(), Left> {
        let dry_run = DryRun::new(&self.runner.store, self.runner.rules.clone());
        let mut dry_run = dry_run.of(&self.replay);
        let mut pages = self.pages();
        let at_once = Pace::new(None).dead_letters();
        while let Some(page) = self.renewing(pages.next()).await? {
            for piece in selection::pieces(&page, at_once) {
                if self.stop.is_cancelled() {
                    return Err(Left::Unfinished);
                }
                let ids = selection::ids(piece);
                self.renewing(dry_run.add(&ids)).await?;
                let expected = dry_run.expected();
                self.note(piece, &SendReport::default(), expected).await?;
            }
        }
        Ok(())
    }

    fn pages(&self) -> Pages {
        let replay = &self.replay;
        let dead_letters = replay.dead_letters.clone();
        Pages::between(&self.runner.store, dead_letters, replay.at, replay.end)
    }

    /// Runs a step that may take long, and renews the lease of the replay meanwhile.
    async fn renewing<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Result<T, Left>
    where
        ReplayError: From<E>,
    {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(done?),
                () = tokio::time::sleep(RENEW_EVERY) => {
                    let order = self.runner.store.extend_replay_claim(&self.replay).await?;
                    ordered(order)?;
                }
            }
        }
    }

    /// Records the outcomes of a piece; an error if the work ends after it.
    async fn note(
        &self,
        piece: &[DeadLetterSize],
        sent: &SendReport,
        expected: &ExpectedCounts,
    ) -> Result<(), Left> {
        let Some(last) = piece.last() else {
            return Ok(());
        };
        let progress = ReplayProgress {
            at: last.place,
            confirmed: &sent.confirmed,
            counts: sent.counts,
            expected,
        };
        let order = self
            .runner
            .store
            .note_replay_progress(&self.replay, &progress)
            .await?;
        ordered(order)?;
        let is_over = self.is_full.load(Ordering::Relaxed) && self.turn <= Instant::now();
        if is_over {
            Err(Left::Unfinished)
        } else {
            Ok(())
        }
    }

    fn count(&self, counts: ReplayCounts) {
        for (result, count) in [
            (Published::Confirmed, counts.confirmed),
            (Published::Nacked, counts.nacked),
            (Published::Unroutable, counts.unroutable),
        ] {
            if count > 0 {
                self.runner.telemetry.published(What::Replay, result, count);
            }
        }
    }
}

fn ordered(order: ClaimState) -> Result<(), Left> {
    match order {
        ClaimState::Continue => Ok(()),
        ClaimState::Stop => Err(Left::Stopped),
        ClaimState::Lost => Err(Left::Lost),
    }
}
