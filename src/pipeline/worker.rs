//! Keeps a session with the broker: connects, declares, runs one lane per queue; when anything of
//! it ends, drops the session whole and starts anew.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::batch::{BatchLimits, UnderWay};
use super::fault::Faults;
use super::intake::{Carries, Intake};
use super::lane::{self, Signals};
use super::orders::Catalog;
use super::outlet::Acknowledger;
use super::pulse::Pulse;
use super::relay::Mailbox;
use super::window::Window;
use super::writer::{Rules, Writer};
use crate::backoff::Backoff;
use crate::broker::{self, BrokerError, Connection, topology};
use crate::config::{self, BrokerSettings};
use crate::store::Store;
use crate::telemetry::{Condition, Dependency, Health, Telemetry};
use crate::wire::Limits;

/// Transactions that a large batch of events is shared by.
const SHARES: usize = config::WRITERS_PER_PARTITION;

/// A session that lasted this long was a good one: the next failure starts the backoff afresh.
const GOOD_SESSION: Duration = Duration::from_secs(5);

/// Consumes events into the database.
#[derive(Clone)]
pub struct Worker {
    /// Where the records are.
    pub store: Store,
    /// Where the events come from.
    pub broker: BrokerSettings,
    /// When processes end.
    pub rules: Rules,
    /// What an event may not exceed.
    pub limits: Limits,
    /// When a batch is full.
    pub batch: BatchLimits,
    /// About how many bytes each lane may hold.
    pub bytes_in_flight: usize,
    /// Where it is counted.
    pub telemetry: Telemetry,
    /// Where it shows that it is alive.
    pub health: Health,
    /// Where it may be told to die.
    pub faults: Faults,
    /// Where completions go.
    pub mailbox: Mailbox,
    /// False while the outbox is full.
    pub gate: watch::Receiver<bool>,
}

impl Worker {
    /// Works until told to stop; then finishes what is held. `give_up` ends it at once.
    pub async fn run(self, stop: CancellationToken, give_up: CancellationToken) {
        let mut backoff = Backoff::new();
        while !stop.is_cancelled() {
            let began = Instant::now();
            let outcome = self.session(&stop, &give_up).await;
            self.health.set(Condition::Consuming, false);
            match outcome {
                Ok(()) => return,
                Err(error) => {
                    self.health.set(Condition::BrokerConnected, false);
                    self.telemetry.disconnected(Dependency::Broker, &error);
                }
            }
            if began.elapsed() > GOOD_SESSION {
                backoff.reset();
            }
            let pause = backoff.next();
            self.telemetry.reconnecting(Dependency::Broker, pause);
            self.health.beat("worker");
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    async fn session(
        &self,
        stop: &CancellationToken,
        give_up: &CancellationToken,
    ) -> Result<(), BrokerError> {
        let connection = Arc::new(broker::connect(&self.broker, "waybill consume").await?);
        let queues = topology::declare(&connection, self.broker.partitions).await?;
        let signals = Signals {
            stop: stop.clone(),
            give_up: give_up.child_token(),
        };
        let mut lanes = JoinSet::new();
        let events = queues.current.iter().chain(&queues.former);
        for queue in events.map(String::as_str).chain([topology::DEAD_QUEUE]) {
            let carries = carries(queue);
            let lane = lane::run(
                self.intake(carries, queue, &connection),
                (0..shares(carries)).map(|_| self.writer(queue)).collect(),
                self.acknowledger(),
                signals.clone(),
            );
            lanes.spawn(lane);
        }
        self.health.set(Condition::Consuming, true);
        let outcome = self
            .watch(&connection, &queues.current, lanes, &signals)
            .await;
        signals.give_up.cancel();
        connection.close().await;
        outcome
    }

    /// Waits until every lane has ended; the first that fails ends the others.
    async fn watch(
        &self,
        connection: &Connection,
        queues: &[String],
        mut lanes: JoinSet<Result<(), BrokerError>>,
        signals: &Signals,
    ) -> Result<(), BrokerError> {
        let pulse = Pulse::new(
            connection,
            queues,
            &self.telemetry,
            &self.health,
            self.gate.clone(),
        );
        let ended = connection.ended();
        let mut outcome = Ok(());
        tokio::pin! {
            let beating = pulse.run();
        }
        loop {
            tokio::select! {
                lane = lanes.join_next() => match lane {
                    None => return outcome,
                    Some(Ok(Ok(()))) => {}
                    Some(Ok(Err(error))) => outcome = outcome.and(Err(error)),
                    Some(Err(panic)) => {
                        outcome = outcome.and(Err(BrokerError::Lost(format!("a lane ended: {panic}"))));
                    }
                },
                error = &mut beating, if outcome.is_ok() => outcome = Err(error),
                () = ended.cancelled(), if outcome.is_ok() => {
                    let reason = connection.end_reason();
                    outcome = Err(reason.unwrap_or_else(|| BrokerError::Lost("the connection ended".to_owned())));
                }
            }
            if outcome.is_err() {
                // Closing makes every lane's consumer end.
                signals.give_up.cancel();
                connection.close().await;
            }
        }
    }

    fn intake(&self, carries: Carries, queue: &str, connection: &Arc<Connection>) -> Intake {
        let transaction = self.batch;
        let batch = BatchLimits {
            events: transaction.events.saturating_mul(shares(carries)),
            bytes: transaction.bytes.saturating_mul(shares(carries)),
        };
        Intake {
            queue: queue.to_owned(),
            carries,
            connection: Arc::clone(connection),
            window: Window::new(
                self.broker.prefetch,
                self.bytes_in_flight,
                self.limits.body_bytes,
            ),
            limits: self.limits,
            batch,
            shares: shares(carries),
            under_way: UnderWay::default(),
            telemetry: self.telemetry.clone(),
            faults: self.faults.clone(),
            gate: self.gate.clone(),
        }
    }

    fn acknowledger(&self) -> Acknowledger {
        Acknowledger {
            mailbox: self.mailbox.clone(),
            telemetry: self.telemetry.clone(),
            faults: self.faults.clone(),
        }
    }

    fn writer(&self, queue: &str) -> Writer {
        Writer {
            store: self.store.clone(),
            rules: self.rules,
            faults: self.faults.clone(),
            telemetry: self.telemetry.clone(),
            queue: queue.to_owned(),
            shard: shard(),
            known: HashSet::new(),
            catalog: Catalog::new(),
        }
    }
}

fn carries(queue: &str) -> Carries {
    if queue == topology::DEAD_QUEUE {
        Carries::DeadLetters
    } else {
        Carries::Events
    }
}

fn shares(carries: Carries) -> usize {
    match carries {
        Carries::Events => SHARES,
        Carries::DeadLetters => 1,
    }
}

/// Any of a few, so that workers seldom move the same row.
#[must_use]
pub fn shard() -> i16 {
    const SHARDS: u16 = 32;
    let [a, b, ..] = *uuid::Uuid::new_v4().as_bytes();
    (u16::from_be_bytes([a, b]) % SHARDS).cast_signed()
}
