//! One channel of the normal lane: many messages on their way at a time, each settled by its own
//! answer.
//!
//! A queue that confirms nothing holds up its channel. So a message that is not confirmed in time
//! puts its destination on the slow lane, and the channel is given up; what else was on it is due
//! again at once. The connection goes on: fewer messages are on their way than would stop it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinSet;

use super::line::{ChannelConnection, SharedConnection};
use super::settle::{Outcome, Settled};
use super::{Relay, outgoing};
use crate::broker::window::NOT_FOUND;
use crate::broker::{self, Answer, BrokerError, Unanswered, Verdict, Window, topology};
use crate::pipeline::failpoint::CrashPoint;
use crate::store::write::outbox::{OutboxRow, Slow};
use crate::telemetry::{Phase, RetryReason};

/// Messages on their way at a time. RabbitMQ stops reading from a connection with 400 for a channel
/// that takes none, and makes room again for 200 at a time; so with fewer than 200 it reads on
/// (`{rabbit, credit_flow_default_credit, {400, 200}}`, its default).
const WINDOW: usize = 192;
/// A message that is not confirmed for so long is a reason to look for a destination at fault.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);
/// The same where younger ones were confirmed: it is not the broker or the connection that is slow.
const OVERTAKEN: Duration = Duration::from_secs(1);

/// A message that waits to be published.
pub(super) struct Queued {
    /// Boxed, because it is moved from place to place.
    pub(super) row: Box<OutboxRow>,
    pub(super) committed: Option<Instant>,
    /// Given back once it is settled.
    pub(super) _room: OwnedSemaphorePermit,
}

/// A message on its way.
pub(super) struct InFlight {
    pub(super) queued: Queued,
    pub(super) since: Instant,
}

/// Where messages are on their way.
pub(super) struct Open {
    pub(super) line: Arc<ChannelConnection>,
    pub(super) window: Window,
}

/// One channel, opened when there is something to publish.
pub(super) struct Channel {
    pub(super) relay: Relay,
    pub(super) lines: Arc<SharedConnection>,
    pub(super) open: Option<Open>,
    queue: VecDeque<Queued>,
    pub(super) sent: BTreeMap<u64, InFlight>,
    next_number: u64,
    /// Of the confirmed messages the one that was published last.
    pub(super) furthest: u64,
    settled: mpsc::Sender<Settled>,
    /// Not before then another channel is tried.
    pub(super) away_until: Option<Instant>,
    pub(super) closing: JoinSet<()>,
}

impl Channel {
    pub(super) fn new(
        relay: Relay,
        lines: Arc<SharedConnection>,
        settled: mpsc::Sender<Settled>,
    ) -> Self {
        Self {
            relay,
            lines,
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
        let (mut more, mut taken) = (true, Vec::new());
        while more || !self.queue.is_empty() || !self.sent.is_empty() {
            self.fill().await;
            self.crash_point().await;
            let oldest = self.sent.iter().next();
            let oldest = oldest.map(|(number, sent)| sent.since + self.patience(*number, sent));
            tokio::select! {
                count = incoming.recv_many(&mut taken, WINDOW), if more && self.queue.is_empty() => {
                    more = count > 0;
                    self.queue.extend(taken.drain(..));
                }
                answer = next(&mut self.open), if !self.sent.is_empty() => match answer {
                    Some((number, answer)) => self.note(number, answer).await,
                    None => self.lose(&BrokerError::Lost("a confirm went missing".to_owned())).await,
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

    /// How long a message may take.
    pub(super) fn patience(&self, number: u64, sent: &InFlight) -> Duration {
        let line = self.open.as_ref().map(|open| &open.line);
        let overtaken =
            number < self.furthest || line.is_some_and(|line| line.has_confirmed_since(sent.since));
        let most = match overtaken {
            true => OVERTAKEN,
            false => PATIENCE,
        };
        self.relay.broker.confirm_timeout.min(most)
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
            match self.lines.channel().await {
                Ok((line, window)) => self.open = Some(Open { line, window }),
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
            open.line.confirmed(sent.since);
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

    /// The broker closed the channel over one of the messages on their way. Each of them is
    /// published on its own, which tells whose fault it was.
    async fn refused(&mut self, refusal: &broker::Refusal) {
        self.relay
            .telemetry
            .retried(RetryReason::Confirm, &refusal.error);
        if refusal.code == NOT_FOUND
            && let Some(Open { line, .. }) = &self.open
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
        self.retire();
    }

    /// The connection has ended: what was on its way is due again at once.
    async fn lose(&mut self, error: &BrokerError) {
        self.relay.telemetry.retried(RetryReason::Confirm, error);
        if let Some(open) = self.open.take() {
            self.away_until = Some(self.lines.give_up(&open.line).await);
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
        // It takes messages for as long as there may be one.
        let _ = self.settled.send(settled).await;
    }

    /// Gives the channel up without waiting until it is closed.
    pub(super) fn retire(&mut self) {
        while self.closing.try_join_next().is_some() {}
        if let Some(open) = self.open.take() {
            self.closing.spawn(open.window.close());
        }
    }

    async fn crash_point(&mut self) {
        let point = CrashPoint::PublishedBeforeConfirm;
        if !self.sent.is_empty() && self.relay.faults.waits_at(point) {
            // Long enough to be sent, short enough that hardly a confirm is here.
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
