//! One channel of the normal lane: many messages in flight at a time, each settled by its own
//! answer.
//!
//! A queue that confirms nothing blocks its channel. So a message that is not confirmed in time
//! puts its destination on the slow lane, and the channel is closed; its other messages are due
//! again at once. The connection stays open: its window is too small to stop it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;

use super::settle::{Outcome, Settled};
use super::shared_connection::{ChannelConnection, SharedConnection};
use super::{Relay, outgoing};
use crate::broker::window::NOT_FOUND;
use crate::broker::{self, Answer, BrokerError, Unanswered, Verdict, Window, topology};
use crate::pipeline::failpoint::CrashPoint;
use crate::store::write::outbox::{OutboxRow, Slow};
use crate::telemetry::{Phase, RetryReason};

/// Messages in flight at a time. RabbitMQ's credit flow stops reading from a connection after 400
/// messages that a channel process has not handled, and grants credit again per 200; with fewer
/// than 200 it keeps reading (`{rabbit, credit_flow_default_credit, {400, 200}}`, its default).
const WINDOW: usize = 192;
/// After this long without a confirm, the destination at fault is searched for.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// The same if younger messages were confirmed: the broker and the connection are not slow.
const OVERTAKEN: Duration = Duration::from_secs(1);

/// A message that waits to be published.
pub(super) struct Queued {
    /// Boxed, because it is moved from place to place.
    pub(super) row: Box<OutboxRow>,
    pub(super) committed: Option<Instant>,
    /// Released once it is settled.
    pub(super) _room: OwnedSemaphorePermit,
}

/// A published message without an answer yet.
pub(super) struct InFlight {
    pub(super) queued: Queued,
    pub(super) since: Instant,
}

/// An open channel in confirm mode.
pub(super) struct Open {
    pub(super) connection: Arc<ChannelConnection>,
    pub(super) window: Window,
}

/// One channel, opened when there is something to publish.
pub(super) struct Channel {
    pub(super) relay: Relay,
    pub(super) shared: Arc<SharedConnection>,
    pub(super) open: Option<Open>,
    queue: VecDeque<Queued>,
    pub(super) sent: BTreeMap<u64, InFlight>,
    next_number: u64,
    /// The newest confirmed message.
    pub(super) furthest: u64,
    settled: mpsc::Sender<Settled>,
    /// No other channel is opened before this time.
    pub(super) away_until: Option<Instant>,
    pub(super) closing: JoinSet<()>,
}

impl Channel {
    pub(super) fn new(
        relay: Relay,
        shared: Arc<SharedConnection>,
        settled: mpsc::Sender<Settled>,
    ) -> Self {
        Self {
            relay,
            shared,
            open: None,
            queue: VecDeque::new(),
            sent: BTreeMap::new(),
            next_number: 0,
            furthest: 0,
            settled,
            away_until: None,
            closing: JoinSet::new(),
        }
    }

    /// Publishes what comes in until no more can come.
    pub(super) async fn run(mut self, mut incoming: mpsc::UnboundedReceiver<Queued>) {
        let (mut more, mut received) = (true, Vec::new());
        while more || !self.queue.is_empty() || !self.sent.is_empty() {
            self.fill().await;
            self.crash_point().await;
            let oldest = self.sent.iter().next();
            let oldest = oldest.map(|(number, sent)| sent.since + self.patience(*number, sent));
            tokio::select! {
                count = incoming.recv_many(&mut received, WINDOW), if more && self.queue.is_empty() => {
                    more = count > 0;
                    self.queue.extend(received.drain(..));
                }
                answer = next(&mut self.open), if !self.sent.is_empty() => match answer {
                    Some((number, answer)) => self.note(number, answer).await,
                    None => self.lose(&BrokerError::Lost("a confirm is missing".to_owned())).await,
                },
                () = at(oldest), if oldest.is_some() => self.expire().await,
                () = at(self.away_until), if !self.queue.is_empty() && self.away_until.is_some() => {
                    self.away_until = None;
                }
            }
        }
        self.retire();
        self.closing.join_all().await;
    }

    /// How long a message may wait for its confirm.
    pub(super) fn patience(&self, number: u64, sent: &InFlight) -> Duration {
        let connection = self.open.as_ref().map(|open| &open.connection);
        let overtaken = number < self.furthest
            || connection.is_some_and(|connection| connection.has_confirmed_since(sent.since));
        let most = if overtaken { OVERTAKEN } else { PATIENCE };
        self.relay.broker.confirm_timeout.min(most)
    }

    /// Publishes waiting messages, as far as the window has room.
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
            let Some(open) = self.opened().await else {
                self.queue.push_front(queued);
                return;
            };
            let message = outgoing(&queued.row);
            open.window.publish(number, message);
            let since = Instant::now();
            self.sent
                .insert(self.next_number, InFlight { queued, since });
            self.next_number += 1;
        }
    }

    async fn opened(&mut self) -> Option<&mut Open> {
        if self.open.as_ref().is_none_or(|open| !open.window.is_open()) {
            self.retire();
            match self.shared.channel().await {
                Ok((connection, window)) => self.open = Some(Open { connection, window }),
                Err(until) => self.away_until = Some(until),
            }
        }
        self.open.as_mut()
    }

    async fn note(&mut self, number: u64, answer: Answer) {
        let outcome = match answer {
            Ok(Verdict::Confirmed) => {
                self.furthest = self.furthest.max(number);
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
        if let (Some(open), Outcome::Confirmed) = (&self.open, &outcome) {
            open.connection.confirmed(sent.since);
        }
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

    /// The broker closed the channel because of one of the messages in flight. Each goes to the
    /// slow lane to be published on its own, which shows which one is at fault.
    async fn refused(&mut self, refusal: &broker::Refusal) {
        self.relay
            .telemetry
            .retried(RetryReason::Confirm, &refusal.error);
        if refusal.code == NOT_FOUND
            && let Some(Open { connection, .. }) = &self.open
            && let Err(error) =
                topology::declare(&connection.inner, self.relay.broker.partitions).await
        {
            self.relay.telemetry.retried(RetryReason::Confirm, &error);
        }
        let text = Some(refusal.text.clone());
        for (_, sent) in std::mem::take(&mut self.sent) {
            let outcome = Outcome::Slow(Slow::Unconfirmed, text.clone());
            self.settle(sent.queued, outcome).await;
        }
        self.retire();
    }

    /// The connection has ended: its messages in flight are due again at once.
    async fn lose(&mut self, error: &BrokerError) {
        self.relay.telemetry.retried(RetryReason::Confirm, error);
        if let Some(open) = self.open.take() {
            self.away_until = Some(self.shared.give_up(&open.connection).await);
        }
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
        // The receiver lives as long as this channel.
        let _ = self.settled.send(settled).await;
    }

    /// Closes the channel without waiting for it.
    pub(super) fn retire(&mut self) {
        while self.closing.try_join_next().is_some() {}
        if let Some(open) = self.open.take() {
            self.closing.spawn(open.window.close());
        }
    }

    async fn crash_point(&mut self) {
        let point = CrashPoint::PublishedBeforeConfirm;
        if !self.sent.is_empty() && self.relay.faults.waits_at(point) {
            // Long enough to send the message, too short for most confirms.
            let _ = tokio::time::timeout(Duration::from_millis(1), next(&mut self.open)).await;
            self.relay.faults.pass(point);
        }
    }
}

/// The next answer.
async fn next(open: &mut Option<Open>) -> Option<(u64, Answer)> {
    open.as_mut()?.window.next().await
}

async fn at(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time.into()).await,
        None => std::future::pending().await,
    }
}
