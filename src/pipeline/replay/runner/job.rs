//! Works on one replay: dead letter by dead letter in their order, noting how far it has come in the
//! transaction that forgets what was confirmed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ReplayRunner;
use crate::broker::{self, Connection};
use crate::pipeline::replay::ReplayError;
use crate::pipeline::replay::dry_run::DryRun;
use crate::pipeline::replay::rate_limit::Pace;
use crate::pipeline::replay::selection::{self, Pages};
use crate::pipeline::replay::sender::{SendReport, Sender};
use crate::pipeline::retry_reason::reason;
use crate::store::StoreError;
use crate::store::admin::replay::{Counts, ExpectedCounts};
use crate::store::admin::replay_claim::{ClaimState, ClaimedReplay, ReplayProgress};
use crate::store::read::dead_letter_scan::DeadLetterSize;
use crate::telemetry::{Published, RetryReason, What};

/// How often a replay is held on to while something takes long.
const HOLD_EVERY: Duration = Duration::from_secs(1);
/// How long one is worked on before others get their turn.
const TURN: Duration = Duration::from_secs(60);
/// After this long one that has failed may be taken again.
const AGAIN_AFTER: Duration = Duration::from_secs(3);

const NO_BROKER: &str = "the broker can't be reached, or does not take what is published";
const NO_DATABASE: &str = "the database does not answer";

/// One replay in work.
pub(super) struct ReplayJob {
    desk: ReplayRunner,
    held: ClaimedReplay,
    stop: CancellationToken,
    /// Until when others don't wait for it, and whether they may have to.
    turn: Instant,
    is_full: Arc<AtomicBool>,
}

/// How work on a replay ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// At its end.
    Through,
    /// Because somebody has asked for that.
    Stopped,
    /// Because this process ends, or others are to have their turn.
    Unfinished,
    /// Because it is somebody else's by now.
    Lost,
}

/// What some dead letters came to, and what to do then.
type Step<T> = Result<Result<T, Left>, ReplayError>;

impl ReplayJob {
    pub(super) fn new(desk: ReplayRunner, held: ClaimedReplay, stop: CancellationToken) -> Self {
        Self {
            desk,
            held,
            stop,
            turn: Instant::now() + TURN,
            is_full: Arc::default(),
        }
    }

    /// One that is left to others after a while if there is no room for more: a slow one of a
    /// million dead letters would keep all others waiting for days.
    pub(super) fn giving_way(self, is_full: Arc<AtomicBool>) -> Self {
        Self { is_full, ..self }
    }

    /// Works until it has ended or has to be left to others.
    pub(super) async fn run(self) {
        let left = match self.held.is_to_stop {
            true => Ok(Left::Stopped),
            false if self.held.dry_run => self.look().await,
            false => self.publish().await,
        };
        if let Err(error) = self.leave(left).await {
            self.desk.telemetry.retried(reason(&error), &error);
        }
    }

    async fn leave(&self, left: Result<Left, ReplayError>) -> Result<(), StoreError> {
        let (store, held) = (&self.desk.store, &self.held);
        let (id, dry_run) = (held.id, held.dry_run);
        match left {
            Ok(end @ (Left::Through | Left::Stopped)) => {
                let stopped = end == Left::Stopped;
                tracing::info!(replay = %id, dry_run, stopped, "a replay has ended");
                store.end_replay(held, !stopped).await
            }
            Ok(Left::Unfinished) => store.release_replay(held, Duration::ZERO, None).await,
            Ok(Left::Lost) => Ok(()),
            Err(error) => {
                let trouble = self.failed(&error);
                store.release_replay(held, AGAIN_AFTER, Some(trouble)).await
            }
        }
    }

    /// What exactly is wrong is for operators, in the log.
    fn failed(&self, error: &ReplayError) -> &'static str {
        let (reason, trouble) = match error {
            ReplayError::Store(error) => (reason(error), NO_DATABASE),
            ReplayError::Broker(_) => (RetryReason::Confirm, NO_BROKER),
        };
        self.desk.telemetry.retried(reason, error);
        trouble
    }

    /// Publishes the dead letters.
    async fn publish(&self) -> Result<Left, ReplayError> {
        let connect = async {
            let connected = broker::connect(&self.desk.broker, "waybill replay").await;
            connected.map_err(ReplayError::from)
        };
        let connection = match self.holding(connect).await? {
            Ok(connection) => connection,
            Err(left) => return Ok(left),
        };
        let left = self.publish_on(&connection).await;
        connection.close().await;
        left
    }

    async fn publish_on(&self, connection: &Connection) -> Result<Left, ReplayError> {
        let timeout = self.desk.broker.confirm_timeout;
        let sender = Sender::open(&self.desk.store, connection, timeout).await?;
        let mut sender = sender.of(self.held.id);
        let mut pages = self.pages();
        let mut pace = Pace::new(self.held.rate);
        loop {
            let page = match self.holding(pages.next()).await? {
                Ok(page) if page.is_empty() => return Ok(Left::Through),
                Ok(page) => page,
                Err(left) => return Ok(left),
            };
            for piece in selection::pieces(&page, pace.dead_letters()) {
                tokio::select! {
                    biased;
                    () = self.stop.cancelled() => return Ok(Left::Unfinished),
                    () = pace.turn(piece.len()) => {}
                }
                let ids = ids(piece);
                // Told to stop meanwhile, it does not wait for a broker that is slow to confirm:
                // what was sent and is still here may be published twice, which is harmless.
                let sent = match self.holding(sender.send(&ids)).await? {
                    Ok(sent) => sent,
                    Err(left) => return Ok(left),
                };
                self.count(sent.counts);
                if let Some(left) = self.note(piece, &sent, &ExpectedCounts::new()).await? {
                    return Ok(left);
                }
            }
        }
    }

    /// Looks what would become of the dead letters.
    async fn look(&self) -> Result<Left, ReplayError> {
        let outlook = DryRun::new(&self.desk.store, self.desk.limits);
        let mut outlook = outlook.of(&self.held);
        let mut pages = self.pages();
        let at_once = Pace::new(None).dead_letters();
        loop {
            let page = match self.holding(pages.next()).await? {
                Ok(page) if page.is_empty() => return Ok(Left::Through),
                Ok(page) => page,
                Err(left) => return Ok(left),
            };
            for piece in selection::pieces(&page, at_once) {
                if self.stop.is_cancelled() {
                    return Ok(Left::Unfinished);
                }
                let ids = ids(piece);
                if let Err(left) = self.holding(outlook.add(&ids)).await? {
                    return Ok(left);
                }
                let foreseen = outlook.foreseen();
                if let Some(left) = self.note(piece, &SendReport::default(), foreseen).await? {
                    return Ok(left);
                }
            }
        }
    }

    fn pages(&self) -> Pages {
        let ClaimedReplay {
            dead_letters,
            at,
            end,
            ..
        } = &self.held;
        Pages::between(&self.desk.store, dead_letters.clone(), *at, *end)
    }

    /// Does something that may take long, and holds on to the replay meanwhile.
    async fn holding<T, E>(&self, work: impl Future<Output = Result<T, E>>) -> Step<T>
    where
        ReplayError: From<E>,
    {
        tokio::pin!(work);
        loop {
            tokio::select! {
                done = &mut work => return Ok(Ok(done?)),
                () = tokio::time::sleep(HOLD_EVERY) => {
                    let order = self.desk.store.extend_replay_claim(&self.held).await?;
                    if let Some(left) = ordered(order) {
                        return Ok(Err(left));
                    }
                }
            }
        }
    }

    /// Notes what became of a piece; says whether that was the last one.
    async fn note(
        &self,
        piece: &[DeadLetterSize],
        sent: &SendReport,
        foreseen: &ExpectedCounts,
    ) -> Result<Option<Left>, ReplayError> {
        let Some(last) = piece.last() else {
            return Ok(None);
        };
        let progress = ReplayProgress {
            at: last.place,
            confirmed: &sent.confirmed,
            counts: sent.counts,
            expected: foreseen,
        };
        let order = self
            .desk
            .store
            .note_replay_progress(&self.held, &progress)
            .await?;
        let is_over = self.is_full.load(Ordering::Relaxed) && self.turn <= Instant::now();
        Ok(ordered(order).or(is_over.then_some(Left::Unfinished)))
    }

    fn count(&self, counts: Counts) {
        for (result, count) in [
            (Published::Confirmed, counts.confirmed),
            (Published::Nacked, counts.nacked),
            (Published::Unroutable, counts.unroutable),
        ] {
            if count > 0 {
                self.desk.telemetry.published(What::Replay, result, count);
            }
        }
    }
}

fn ids(dead_letters: &[DeadLetterSize]) -> Vec<Uuid> {
    dead_letters
        .iter()
        .map(|dead_letter| dead_letter.place.id)
        .collect()
}

fn ordered(order: ClaimState) -> Option<Left> {
    match order {
        ClaimState::Continue => None,
        ClaimState::Stop => Some(Left::Stopped),
        ClaimState::Lost => Some(Left::Lost),
    }
}
