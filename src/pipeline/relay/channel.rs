//! The normal lane: hundreds of messages on their way at a time, each settled by its own answer.
//!
//! A queue that confirms nothing holds up first its channel and soon the whole connection. So a
//! message that is not confirmed in time puts its destination on the slow lane, and the connection
//! is given up; the other messages that were on it are due again at once.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::super::fault::CrashPoint;
use super::line::{Line, next};
use super::settle::{Outcome, SETTLED_MAX, Settled};
use super::{Letterbox, Post, Relay, outgoing};
use crate::backoff::Backoff;
use crate::broker::window::NOT_FOUND;
use crate::broker::{self, Answer, BrokerError, Unanswered, Verdict, Window, topology};
use crate::store::outbox::{OutboxRow, Slow};
use crate::telemetry::{Phase, RetryReason};

/// Messages on their way at a time.
const WINDOW: usize = 500;
/// A message that is not confirmed for so long is a reason to look for a destination at fault.
const PATIENCE: Duration = Duration::from_secs(2);
/// The same where younger ones were confirmed: it is not the broker or the connection that is slow, and
/// soon the channel will stand still.
const OVERTAKEN: Duration = Duration::from_secs(1);

/// A message that waits to be published.
pub(super) struct Queued {
    pub(super) row: OutboxRow,
    committed: Option<Instant>,
    /// Given back once it is settled.
    _room: Arc<OwnedSemaphorePermit>,
}

/// A message on its way.
pub(super) struct Sent {
    pub(super) queued: Queued,
    pub(super) since: Instant,
}

/// The normal lane of one process.
pub(super) struct Channel {
    pub(super) relay: Relay,
    pub(super) line: Option<Line>,
    queue: VecDeque<Queued>,
    pub(super) sent: BTreeMap<u64, Sent>,
    next_number: u64,
    /// Of the confirmed messages the one that was published last.
    pub(super) furthest: u64,
    settled: mpsc::Sender<Settled>,
    backoff: Backoff,
    /// Not before then another connection is tried.
    away_until: Option<Instant>,
    closing: JoinSet<()>,
}

impl Relay {
    /// Publishes what comes in until every mailbox is gone, or until told to give up.
    pub async fn publish(self, mut letterbox: Letterbox, give_up: CancellationToken) {
        let (settled, receiver) = mpsc::channel(SETTLED_MAX);
        let (done, mut tasks) = (CancellationToken::new(), JoinSet::new());
        tasks.spawn(self.clone().settle(receiver));
        tasks.spawn(self.clone().watch_destinations(done.clone()));
        let mut lane = Channel::new(self, settled);
        tokio::select! {
            () = give_up.cancelled() => {}
            () = lane.run(&mut letterbox) => {}
        }
        lane.end().await;
        done.cancel();
        tasks.join_all().await;
    }
}

impl Channel {
    fn new(relay: Relay, settled: mpsc::Sender<Settled>) -> Self {
        Self {
            relay,
            line: None,
            queue: VecDeque::new(),
            sent: BTreeMap::new(),
            next_number: 0,
            furthest: 0,
            settled,
            backoff: Backoff::new(),
            away_until: None,
            closing: JoinSet::new(),
        }
    }

    async fn run(&mut self, letterbox: &mut Letterbox) {
        let mut open = true;
        while open || !self.queue.is_empty() || !self.sent.is_empty() {
            self.fill().await;
            self.crash_point().await;
            let oldest = self.sent.iter().next();
            let oldest = oldest.map(|(number, sent)| sent.since + self.patience(*number));
            tokio::select! {
                post = letterbox.posts.recv(), if open && self.queue.is_empty() => match post {
                    Some(post) => self.take(post),
                    None => open = false,
                },
                answer = next(&mut self.line), if !self.sent.is_empty() => match answer {
                    Some((number, answer)) => self.note(number, answer).await,
                    None => self.lose(&BrokerError::Lost("a confirm went missing".to_owned())).await,
                },
                () = at(oldest), if oldest.is_some() => self.expire().await,
                () = at(self.away_until), if !self.queue.is_empty() && self.away_until.is_some() => {
                    self.away_until = None;
                }
            }
        }
    }

    /// How long a message may take.
    pub(super) fn patience(&self, number: u64) -> Duration {
        let most = match number < self.furthest {
            true => OVERTAKEN,
            false => PATIENCE,
        };
        self.relay.broker.confirm_timeout.min(most)
    }

    fn take(&mut self, post: Post) {
        let (committed, room) = (post.committed, Arc::new(post.room));
        self.queue.extend(post.rows.into_iter().map(|row| Queued {
            row,
            committed,
            _room: Arc::clone(&room),
        }));
    }

    /// Publishes what waits, as far as there is room on the way.
    async fn fill(&mut self) {
        while self.sent.len() < WINDOW
            && self.away_until.is_none()
            && let Some(queued) = self.queue.pop_front()
        {
            let now = Instant::now();
            if let Some((slow, detail)) = self.relay.destinations.refuses(&queued.row, now) {
                self.settle(queued, Outcome::Slow(slow, detail)).await;
                continue;
            }
            let number = self.next_number;
            let Some(line) = self.connected().await else {
                self.queue.push_front(queued);
                return;
            };
            let message = outgoing(&queued.row);
            line.window.publish(number, message);
            let since = Instant::now();
            self.sent.insert(self.next_number, Sent { queued, since });
            self.next_number += 1;
        }
    }

    async fn connected(&mut self) -> Option<&mut Line> {
        if self.line.as_ref().is_none_or(|line| !line.window.is_open()) {
            self.retire();
            match Line::open(&self.relay).await {
                Ok(line) => self.line = Some(line),
                Err(error) => {
                    self.relay.telemetry.retried(RetryReason::Confirm, &error);
                    self.away_until = Some(Instant::now() + self.backoff.next());
                }
            }
        }
        self.line.as_mut()
    }

    async fn note(&mut self, number: u64, answer: Answer) {
        let outcome = match answer {
            Ok(Verdict::Confirmed) => {
                self.furthest = self.furthest.max(number);
                self.backoff.reset();
                Outcome::Confirmed
            }
            Ok(Verdict::Nacked) => Outcome::Slow(Slow::Nacked, None),
            Ok(Verdict::Unroutable) => Outcome::Unroutable,
            Err(Unanswered::Refused(refusal)) => return self.refused(&refusal).await,
            Err(Unanswered::Lost(error)) => return self.lose(&error).await,
        };
        let Some(sent) = self.sent.remove(&number) else {
            return;
        };
        self.relay
            .telemetry
            .phase_done(Phase::Publish, sent.since.elapsed());
        let row = &sent.queued.row;
        let keeps = outcome == Outcome::Unroutable && !self.relay.drops(row.what);
        if keeps || matches!(outcome, Outcome::Slow(..)) {
            self.relay.destinations.blame(row.destination());
        }
        self.settle(sent.queued, outcome).await;
    }

    /// The broker closed the channel over one of the messages on their way. Each of them is
    /// published on its own, which tells whose fault it was.
    async fn refused(&mut self, refusal: &broker::Refusal) {
        self.relay
            .telemetry
            .retried(RetryReason::Confirm, &refusal.error);
        if refusal.code == NOT_FOUND
            && let Some(line) = &self.line
            && let Err(error) =
                topology::declare(&line.connection, self.relay.broker.partitions).await
        {
            self.relay.telemetry.retried(RetryReason::Confirm, &error);
        }
        let text = Some(refusal.text.clone());
        for (_, sent) in std::mem::take(&mut self.sent) {
            let outcome = Outcome::Slow(Slow::Unconfirmed, text.clone());
            self.settle(sent.queued, outcome).await;
        }
        self.reopen().await;
    }

    /// A new channel on the same connection, if that is still there.
    async fn reopen(&mut self) {
        let Some(line) = &mut self.line else { return };
        match Window::open(&line.connection).await {
            Ok(window) => line.window = window,
            Err(_) => self.retire(),
        }
    }

    /// The connection has ended: what was on its way is due again at once.
    async fn lose(&mut self, error: &BrokerError) {
        self.relay.telemetry.retried(RetryReason::Confirm, error);
        self.retire();
        self.away_until = Some(Instant::now() + self.backoff.next());
        for (_, sent) in std::mem::take(&mut self.sent) {
            self.settle(sent.queued, Outcome::Lost).await;
        }
    }

    pub(super) async fn settle(&mut self, queued: Queued, outcome: Outcome) {
        let settled = Settled {
            row: queued.row,
            committed: queued.committed,
            outcome,
        };
        // It takes messages for as long as there may be one.
        let _ = self.settled.send(settled).await;
    }

    /// Gives the connection up without waiting for it.
    pub(super) fn retire(&mut self) {
        while self.closing.try_join_next().is_some() {}
        if let Some(line) = self.line.take() {
            self.closing
                .spawn(async move { line.connection.close().await });
        }
    }

    async fn crash_point(&mut self) {
        let point = CrashPoint::PublishedBeforeConfirm;
        if !self.sent.is_empty() && self.relay.faults.waits_at(point) {
            // Long enough to be sent, short enough that hardly a confirm is here.
            let _ = tokio::time::timeout(Duration::from_millis(1), next(&mut self.line)).await;
            self.relay.faults.pass(point);
        }
    }

    async fn end(mut self) {
        self.retire();
        drop(self.settled);
        self.closing.join_all().await;
    }
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
