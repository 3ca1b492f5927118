//! One session with the broker: a lane per queue, each reopened when it fails, until the session's
//! own connection ends. Lanes of tenants' own queues start as tenants get them.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Worker;
use super::keeper::Keeper;
use crate::broker::topology::{self, EventQueues};
use crate::broker::{self, BrokerError, Connection, tenant_exchanges, tenant_queue};
use crate::domain::tenancy::TenantQueue;
use crate::lock::lock;
use crate::pipeline::batch::acceptance::Acceptance;
use crate::pipeline::consume::lane_state::Carries;
use crate::pipeline::consume::lane_state::{LaneState, Signals};
use crate::pipeline::consume::watchdog::Pulse;
use crate::telemetry::Condition;

/// After this long the exchanges of tenants are declared again where that has failed.
const DECLARE_AGAIN: Duration = Duration::from_secs(30);

/// The longest wait until the events of one tenant are routed.
const ROUTE_MAX: Duration = Duration::from_secs(10);

/// A session of a worker.
pub(super) struct Session<'a> {
    pub(super) worker: &'a Worker,
    pub(super) acceptance: &'a Acceptance,
    pub(super) connection: Arc<Connection>,
    pub(super) signals: Signals,
    /// The lanes that run.
    pub(super) lanes: Mutex<Vec<Arc<LaneState>>>,
}

/// The tasks that keep lanes running; each returns its lane.
type Keeping = JoinSet<Arc<LaneState>>;

impl Session<'_> {
    /// Consumes from the queues until stopped (`Ok`) or the connection is lost.
    pub(super) async fn run(&self, queues: &EventQueues) -> Result<(), BrokerError> {
        let events = queues.current.iter().chain(&queues.former);
        let events = events.map(|queue| LaneState::new(queue, Carries::Events));
        let dead = LaneState::new(topology::DEAD_QUEUE, Carries::DeadLetters);
        let mut keeping = Keeping::new();
        for lane in events.chain([dead]) {
            self.start(lane, &mut keeping);
        }
        self.worker.health.set(Condition::Consuming, true);
        let outcome = self.watch(keeping).await;
        self.signals.give_up.cancel();
        self.connection.close().await;
        outcome
    }

    /// Starts a lane, unless its queue has one.
    fn start(&self, lane: LaneState, keeping: &mut Keeping) {
        let mut lanes = lock(&self.lanes);
        if lanes.iter().any(|other| other.queue() == lane.queue()) {
            return;
        }
        let lane = Arc::new(lane);
        lanes.push(Arc::clone(&lane));
        self.worker.tenants.share_among(&lanes);
        let keeper = Keeper {
            worker: self.worker.clone(),
            acceptance: self.acceptance.clone(),
            connection: Arc::clone(&self.connection),
            signals: self.signals.clone(),
            lane,
        };
        keeping.spawn(keeper.run());
    }

    /// A lane has ended: the session is over, or the queue was no longer needed. Meanwhile its tenant may
    /// have got a queue of its own again.
    fn lane_ended(&self, ended: &Arc<LaneState>, keeping: &mut Keeping) {
        {
            let mut lanes = lock(&self.lanes);
            lanes.retain(|lane| !Arc::ptr_eq(lane, ended));
            self.worker.tenants.share_among(&lanes);
        }
        let Some(tenant) = ended
            .tenant()
            .filter(|_| !self.signals.is_over_for(&self.connection))
        else {
            return;
        };
        let tenancy = self.worker.event_rules.authorization.tenants();
        if tenancy.borrow().queue_of(tenant) == TenantQueue::Own {
            self.start(LaneState::of_tenant(tenant), keeping);
        }
    }

    /// Waits until every lane has ended; the loss of the connection ends them all.
    async fn watch(&self, mut keeping: Keeping) -> Result<(), BrokerError> {
        let pulse = Pulse {
            connection: &self.connection,
            lanes: &self.lanes,
            telemetry: &self.worker.telemetry,
            health: &self.worker.health,
        };
        let ended = self.connection.ended();
        let mut outcome = Ok(());
        let (found, mut tenants) = mpsc::unbounded_channel();
        tokio::pin! {
            let beating = pulse.run();
            let following = self.follow_tenants(found);
        }
        loop {
            tokio::select! {
                lane = keeping.join_next() => match lane {
                    None if outcome.is_ok() && !self.signals.stop.is_cancelled() => {
                        return Err(self.end_reason());
                    }
                    None => return outcome,
                    Some(Ok(ended)) => self.lane_ended(&ended, &mut keeping),
                    // All lanes are started again: which one has panicked is not known.
                    Some(Err(error)) if outcome.is_ok() => {
                        outcome = Err(BrokerError::Lost(format!("a lane: {error}")));
                    }
                    Some(Err(_)) => {}
                },
                () = &mut following, if outcome.is_ok() => {}
                Some(tenant) = tenants.recv(), if outcome.is_ok() => {
                    self.start(LaneState::of_tenant(&tenant), &mut keeping);
                }
                error = &mut beating, if outcome.is_ok() => outcome = Err(error),
                () = ended.cancelled(), if outcome.is_ok() => outcome = Err(self.end_reason()),
            }
            if outcome.is_err() {
                // Closing makes every lane's consumer end.
                self.signals.give_up.cancel();
                self.connection.close().await;
            }
        }
    }

    /// Declares the exchanges of each tenant, and again when there are others or one has failed;
    /// reports those that have queues of their own. Never ends.
    async fn follow_tenants(&self, found: mpsc::UnboundedSender<String>) {
        let mut tenancy = self.worker.event_rules.authorization.tenants();
        loop {
            let current = Arc::clone(&tenancy.borrow_and_update());
            // First: what is in their queues is consumed whatever becomes of the exchanges.
            for tenant in current.with_queues() {
                // The receiver lives as long as this future.
                let _ = found.send(tenant.to_owned());
            }
            let mut have_failed = false;
            for tenant in &current.tenants {
                let declared = tenant_exchanges::declare(&self.connection, &tenant.name).await;
                if let Err(error) = declared {
                    let tenant = &tenant.name;
                    tracing::warn!(%error, tenant, "the exchanges of a tenant could not be declared");
                    have_failed = true;
                }
            }
            // A lane that connected meanwhile may have known other tenants.
            for tenant in current.with_queues() {
                let own = current.queue_of(tenant) == TenantQueue::Own;
                if let Err(error) = self.route(tenant, own).await {
                    tracing::warn!(%error, tenant, "the events of a tenant could not be routed");
                    have_failed = true;
                }
            }
            tokio::select! {
                changed = tenancy.changed() => if changed.is_err() {
                    std::future::pending().await
                },
                () = tokio::time::sleep(DECLARE_AGAIN), if have_failed => {}
            }
        }
    }

    /// Routes the events of a tenant that has or had a queue of its own, on a connection of its own: a
    /// queue without a majority may close it.
    async fn route(&self, tenant: &str, own: bool) -> Result<(), BrokerError> {
        let connection = broker::connect(&self.worker.broker, "waybill tenants").await?;
        let routed = timeout(ROUTE_MAX, tenant_queue::route(&connection, tenant, own)).await;
        connection.close().await;
        let silent = |_| Err(BrokerError::Lost("no answer".to_owned()));
        routed.unwrap_or_else(silent).map(drop)
    }

    fn end_reason(&self) -> BrokerError {
        let reason = self.connection.end_reason();
        reason.unwrap_or_else(|| BrokerError::Lost("the connection ended".to_owned()))
    }
}
