//! Keeps a session with the broker: connects, declares, consumes; when the connection ends, drops
//! the whole session and starts another.

mod keeper;
mod session;

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use self::session::Session;
use super::intake::Intake;
use super::lane_state::Carries;
use super::lane_state::{LaneState, Signals};
use super::prefetch::{ByteBudget, Window};
use crate::backoff::Backoff;
use crate::broker::{self, BrokerError, Connection, topology};
use crate::config::{self, BrokerSettings};
use crate::pipeline::authorization::EventRules;
use crate::pipeline::batch::Acknowledger;
use crate::pipeline::batch::BatchLimits;
use crate::pipeline::batch::acceptance::Acceptance;
use crate::pipeline::batch::filling::UnderWay;
use crate::pipeline::batch::orders::Catalog;
use crate::pipeline::batch::turns::Turns;
use crate::pipeline::batch::writer::{Rules, Writer};
use crate::pipeline::failpoint::Faults;
use crate::pipeline::relay::RelaySender;
use crate::store::Store;
use crate::telemetry::{Condition, Dependency, Health, Telemetry};

/// In how many transactions a large batch of events is written.
const SHARES: usize = config::WRITERS_PER_PARTITION;

/// A session that lasted this long was a good one: the next failure resets the backoff.
pub(super) const GOOD_SESSION: Duration = Duration::from_secs(5);

/// Consumes events into the database.
#[derive(Clone)]
pub struct Worker {
    /// Where the records are.
    pub store: Store,
    /// Where the events come from.
    pub broker: BrokerSettings,
    /// When processes end.
    pub rules: Rules,
    /// The rules by which a delivery becomes an event.
    pub event_rules: EventRules,
    /// When a batch is full.
    pub batch: BatchLimits,
    /// About how many unacknowledged bytes each lane may have, and the lanes of tenants together.
    pub bytes_in_flight: usize,
    /// What the lanes of tenants share.
    pub tenants: TenantShare,
    /// Where it is counted.
    pub telemetry: Telemetry,
    /// Where it shows that it is alive.
    pub health: Health,
    /// The points where it may crash on purpose.
    pub faults: Faults,
    /// Where completions go.
    pub mailbox: RelaySender,
    /// False while the outbox is full.
    pub gate: watch::Receiver<bool>,
}

/// What the lanes of tenants' own queues share, however many there are: transactions at a time, in
/// turn, and memory. So a tenant's backlog costs the others no more than its turns.
#[derive(Debug, Clone)]
pub struct TenantShare {
    turns: Turns,
    /// How many lanes there are.
    lanes: Arc<AtomicUsize>,
}

impl TenantShare {
    /// With so many transactions at a time.
    #[must_use]
    pub fn new(transactions: usize) -> Self {
        Self {
            turns: Turns::new(transactions),
            lanes: Arc::default(),
        }
    }

    /// Gives each of the tenants' lanes among these an equal part.
    fn share_among(&self, lanes: &[Arc<LaneState>]) {
        let of_tenants = lanes.iter().filter(|lane| lane.tenant().is_some());
        self.lanes.store(of_tenants.count(), Ordering::Relaxed);
    }
}

impl Worker {
    /// Works until stopped; then finishes its unacknowledged deliveries. `give_up` ends it at once.
    pub async fn run(self, stop: CancellationToken, give_up: CancellationToken) {
        let mut backoff = Backoff::new();
        let acceptance = Acceptance::new(self.health.clone(), self.telemetry.clone());
        while !stop.is_cancelled() {
            let began = Instant::now();
            let outcome = self.session(&acceptance, &stop, &give_up).await;
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
        acceptance: &Acceptance,
        stop: &CancellationToken,
        give_up: &CancellationToken,
    ) -> Result<(), BrokerError> {
        let connection = broker::connect(&self.broker, "waybill consume").await?;
        let queues = topology::declare(&connection, self.broker.partitions).await?;
        let session = Session {
            worker: self,
            acceptance,
            connection: Arc::new(connection),
            signals: Signals {
                stop: stop.clone(),
                give_up: give_up.child_token(),
            },
            lanes: Mutex::default(),
        };
        session.run(&queues).await
    }

    /// The parts of a lane.
    pub(super) fn lane(
        &self,
        lane: &Arc<LaneState>,
        connection: &Arc<Connection>,
        acceptance: &Acceptance,
    ) -> (Intake, Vec<Writer>, Acknowledger) {
        let writers = (0..shares(lane.carries())).map(|_| self.writer(lane, acceptance));
        (
            self.intake(lane, connection),
            writers.collect(),
            self.acknowledger(lane),
        )
    }

    fn intake(&self, lane: &Arc<LaneState>, connection: &Arc<Connection>) -> Intake {
        let carries = lane.carries();
        let transaction = self.batch;
        let batch = BatchLimits {
            events: transaction.events.saturating_mul(shares(carries)),
            bytes: transaction.bytes.saturating_mul(shares(carries)),
        };
        Intake {
            queue: lane.queue().to_owned(),
            lane: Arc::clone(lane),
            carries,
            connection: Arc::clone(connection),
            window: Window::new(self.broker.prefetch, self.byte_budget(carries)),
            rules: self.event_rules.clone(),
            batch,
            turns: self.tenants.turns.clone(),
            shares: shares(carries),
            under_way: UnderWay::default(),
            telemetry: self.telemetry.clone(),
            faults: self.faults.clone(),
            gate: self.gate.clone(),
        }
    }

    fn byte_budget(&self, carries: Carries) -> ByteBudget {
        match carries {
            Carries::Events | Carries::DeadLetters => ByteBudget::of(self.bytes_in_flight),
            Carries::TenantEvents => ByteBudget {
                bytes: self.bytes_in_flight,
                lanes: Arc::clone(&self.tenants.lanes),
            },
        }
    }

    fn acknowledger(&self, lane: &Arc<LaneState>) -> Acknowledger {
        Acknowledger {
            lane: Arc::clone(lane),
            mailbox: self.mailbox.clone(),
            telemetry: self.telemetry.clone(),
            faults: self.faults.clone(),
        }
    }

    fn writer(&self, lane: &LaneState, acceptance: &Acceptance) -> Writer {
        Writer {
            store: self.store.clone(),
            rules: self.rules,
            faults: self.faults.clone(),
            telemetry: self.telemetry.clone(),
            queue: lane.queue().to_owned(),
            shard: shard(),
            known: HashSet::new(),
            catalog: Catalog::new(),
            acceptance: acceptance.clone(),
            backoff: Backoff::new(),
            turns: self.tenants.turns.clone(),
            takes_turns: lane.tenant().is_some(),
        }
    }
}

fn shares(carries: Carries) -> usize {
    match carries {
        Carries::Events => SHARES,
        Carries::TenantEvents | Carries::DeadLetters => 1,
    }
}

/// A random shard, so that workers seldom update the same row.
#[must_use]
pub fn shard() -> i16 {
    const SHARDS: u16 = 32;
    let [a, b, ..] = *uuid::Uuid::new_v4().as_bytes();
    (u16::from_be_bytes([a, b]) % SHARDS).cast_signed()
}
