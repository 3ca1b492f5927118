//! The slow lane, on a connection of its own: tries failing destinations with single messages, and
//! messages that were or may have been refused one by one. Once a destination confirms again, all
//! its messages return to the normal lane.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use futures_util::stream::{FuturesUnordered, StreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::Relay;
use super::destinations::KNOWN_MAX;
use super::probes::Probes;
use super::settle::{Outcome, SETTLED_MAX, Settled};
use super::single::{self, Answered, Limits};
use crate::broker::{self, BrokerError, Connection, Window};
use crate::pipeline::retry_reason::reason;
use crate::store::StoreError;
use crate::store::write::outbox::{OutboxRow, Slow};
use crate::telemetry::RetryReason;

/// Messages in flight at a time, each on a channel of its own.
const AT_ONCE: usize = 16;
/// How often the table is polled.
const POLL_EVERY: Duration = Duration::from_millis(500);
/// How long a message may take: failing destinations must not occupy all channels for long.
const PATIENCE: Duration = Duration::from_secs(5);
/// A message that was claimed and not settled may be claimed again after this long.
const LEASE: Duration = Duration::from_secs(30);
/// The pause after a failure to reach the broker.
const AWAY: Duration = Duration::from_secs(2);
/// Destinations whose waiting messages are released at a time.
const RELEASED_AT_ONCE: i64 = 16;

/// The slow lane of one process.
struct SlowLane {
    relay: Relay,
    connection: Option<Arc<Connection>>,
    idle: Vec<Window>,
    in_flight: FuturesUnordered<BoxFuture<'static, Answered>>,
    /// One while it searches for the message that closes the connection.
    at_once: usize,
    probes: Probes,
    settled: mpsc::Sender<Settled>,
}

impl Relay {
    /// Works on the slow lane until stopped.
    pub async fn slow(self, stop: CancellationToken) {
        let (settled, receiver) = mpsc::channel(SETTLED_MAX);
        let mut settling = JoinSet::new();
        settling.spawn(self.clone().settle(receiver));
        let mut lane = SlowLane {
            relay: self,
            connection: None,
            idle: Vec::new(),
            in_flight: FuturesUnordered::new(),
            at_once: AT_ONCE,
            probes: Probes::default(),
            settled,
        };
        lane.run(&stop).await;
        drop(lane);
        settling.join_all().await;
    }
}

impl SlowLane {
    async fn run(&mut self, stop: &CancellationToken) {
        let mut poll_at = Instant::now();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                Some(answered) = self.in_flight.next(), if !self.in_flight.is_empty() => {
                    self.note(answered).await;
                }
                () = tokio::time::sleep_until(poll_at.into()) => {
                    poll_at = Instant::now() + match self.poll().await {
                        Ok(()) => POLL_EVERY,
                        Err(pause) => pause,
                    };
                }
            }
        }
    }

    /// Claims and publishes due messages; fails with how long to wait before the next poll.
    async fn poll(&mut self) -> Result<(), Duration> {
        let claimed = self.claim().await.map_err(|error| {
            self.relay.telemetry.retried(reason(&error), &error);
            AWAY
        })?;
        if claimed.is_empty() {
            return Ok(());
        }
        // If it can't connect, the claimed messages are due again after their lease.
        let connection = self.connected().await.map_err(|error| {
            self.relay.telemetry.retried(RetryReason::Confirm, &error);
            AWAY
        })?;
        let limits = Limits {
            limit: self.relay.broker.confirm_timeout.min(PATIENCE),
            partitions: self.relay.broker.partitions,
        };
        let now = Instant::now();
        for row in claimed {
            self.probes.sent(&row.destination(), now);
            let window = self.idle.pop();
            let publishing =
                single::publish(Arc::clone(&connection), Box::new(row), window, limits);
            self.in_flight.push(publishing.boxed());
        }
        Ok(())
    }

    fn room(&self, claimed: usize) -> usize {
        self.at_once.saturating_sub(self.in_flight.len() + claimed)
    }

    async fn claim(&mut self) -> Result<Vec<OutboxRow>, StoreError> {
        let (store, now) = (self.relay.store.clone(), Instant::now());
        let mut claimed = Vec::new();
        self.probes.forget(now);
        // First those that are settled sooner.
        if self.room(0) > 0 {
            claimed = store
                .claim_single(limit(self.room(0).div_ceil(2)), LEASE)
                .await?;
        }
        for failing in store.failing_destinations(KNOWN_MAX).await? {
            let destination = &failing.destination;
            let room = self
                .probes
                .room(destination, now)
                .min(self.room(claimed.len()));
            if room > 0 {
                claimed.extend(store.claim_failing(destination, limit(room), LEASE).await?);
            }
        }
        for destination in store.waiting_destinations(RELEASED_AT_ONCE).await? {
            if !self.relay.destinations.denies(&destination.exchange) {
                let count = self.probes.release(&destination, now);
                if count > 0 {
                    store.release_waiting(&destination, count).await?;
                }
            }
        }
        self.relay.with_bodies(claimed).await
    }

    async fn connected(&mut self) -> Result<Arc<Connection>, BrokerError> {
        if let Some(connection) = self.connection.as_ref().filter(|c| c.is_connected()) {
            return Ok(Arc::clone(connection));
        }
        self.idle.clear();
        let connection = broker::connect(&self.relay.broker, "waybill slow lane").await?;
        let connection = Arc::new(connection);
        self.connection = Some(Arc::clone(&connection));
        Ok(connection)
    }

    async fn note(&mut self, answered: Answered) {
        let now = Instant::now();
        let mut outcome = answered.outcome;
        if answered.closed_connection {
            // If others were in flight on the connection, one of those may be the cause.
            let alone = self.at_once == 1;
            self.at_once = 1;
            if !alone && let Outcome::Slow(Slow::Refused, detail) = outcome {
                outcome = Outcome::Slow(Slow::Unconfirmed, detail);
            }
        }
        let confirms = match &outcome {
            Outcome::Confirmed => {
                self.at_once = (self.at_once * 2).min(AT_ONCE);
                Some(true)
            }
            Outcome::Slow(Slow::Timeout | Slow::Nacked | Slow::Denied, _) => {
                self.relay.destinations.blame(answered.destination.clone());
                Some(false)
            }
            Outcome::Unroutable => Some(false),
            Outcome::Slow(Slow::Refused, Some(text)) => {
                if text.contains("message size") {
                    self.relay.destinations.too_large(answered.length, text);
                }
                None
            }
            Outcome::Slow(..) | Outcome::Lost => None,
        };
        self.probes.answered(&answered.destination, confirms, now);
        self.idle.extend(answered.window);
        let settled = Settled {
            row: answered.row,
            committed: None,
            outcome,
        };
        // The receiver lives as long as this lane.
        let _ = self.settled.send(settled).await;
    }
}

fn limit(room: usize) -> i64 {
    i64::try_from(room).unwrap_or(i64::MAX)
}
