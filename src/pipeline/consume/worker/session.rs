//! One session with the broker: a lane per queue, each on a connection of its own and reopened when
//! it fails, until the session's own connection ends.
//!
//! When an operation on a quorum queue without a majority fails, the broker closes the whole
//! connection, so no two queues may share one.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::{GOOD_SESSION, Worker};
use crate::backoff::Backoff;
use crate::broker::topology::{self, EventQueues};
use crate::broker::{self, BrokerError, Connection, restore, tenant_exchanges};
use crate::pipeline::batch::acceptance::Acceptance;
use crate::pipeline::consume::lane;
use crate::pipeline::consume::lane_state::Carries;
use crate::pipeline::consume::lane_state::{LaneState, Signals};
use crate::pipeline::consume::watchdog::{self, Pulse};
use crate::telemetry::{Condition, RetryReason};

/// After this long the exchanges of tenants are declared again where that has failed.
const DECLARE_AGAIN: Duration = Duration::from_secs(30);

/// A session of a worker.
pub(super) struct Session<'a> {
    pub(super) worker: &'a Worker,
    pub(super) acceptance: &'a Acceptance,
    pub(super) connection: Arc<Connection>,
    pub(super) signals: Signals,
}

/// How a lane has ended without an error.
enum Ended {
    Stopped,
    /// Its queue is left over from a larger number of partitions, and was deleted.
    Obsolete,
}

/// Keeps one lane running.
struct Keeper {
    worker: Worker,
    acceptance: Acceptance,
    connection: Arc<Connection>,
    signals: Signals,
    lane: Arc<LaneState>,
}

impl Session<'_> {
    /// Consumes from the queues until stopped (`Ok`) or the connection is lost.
    pub(super) async fn run(&self, queues: &EventQueues) -> Result<(), BrokerError> {
        let events = queues.current.iter().chain(&queues.former);
        let events = events.map(|queue| LaneState::new(queue, Carries::Events));
        let dead = LaneState::new(topology::DEAD_QUEUE, Carries::DeadLetters);
        let lanes: Vec<_> = events.chain([dead]).map(Arc::new).collect();
        let mut keeping = JoinSet::new();
        for lane in &lanes {
            let keeper = Keeper {
                worker: self.worker.clone(),
                acceptance: self.acceptance.clone(),
                connection: Arc::clone(&self.connection),
                signals: self.signals.clone(),
                lane: Arc::clone(lane),
            };
            keeping.spawn(keeper.run());
        }
        self.worker.health.set(Condition::Consuming, true);
        let outcome = self.watch(&lanes, keeping).await;
        self.signals.give_up.cancel();
        self.connection.close().await;
        outcome
    }

    /// Waits until every lane has ended; the loss of the connection ends them all.
    async fn watch(
        &self,
        lanes: &[Arc<LaneState>],
        mut keeping: JoinSet<()>,
    ) -> Result<(), BrokerError> {
        let pulse = Pulse {
            connection: &self.connection,
            lanes,
            telemetry: &self.worker.telemetry,
            health: &self.worker.health,
        };
        let ended = self.connection.ended();
        let mut outcome = Ok(());
        tokio::pin! {
            let beating = pulse.run();
            let declaring = self.declare_tenants();
        }
        loop {
            tokio::select! {
                lane = keeping.join_next() => match lane {
                    None if outcome.is_ok() && !self.signals.stop.is_cancelled() => {
                        return Err(self.end_reason());
                    }
                    None => return outcome,
                    Some(_) => {}
                },
                () = &mut declaring, if outcome.is_ok() => {}
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

    /// Declares the exchanges of each tenant, and again when there are others or one has failed.
    /// Never ends.
    async fn declare_tenants(&self) {
        let mut tenancy = self.worker.event_rules.authorization.tenants();
        loop {
            let tenants = tenancy.borrow_and_update().tenants.clone();
            let mut have_failed = false;
            for tenant in tenants {
                let declared = tenant_exchanges::declare(&self.connection, &tenant).await;
                if let Err(error) = declared {
                    tracing::warn!(%error, tenant, "the exchanges of a tenant could not be declared");
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

    fn end_reason(&self) -> BrokerError {
        let reason = self.connection.end_reason();
        reason.unwrap_or_else(|| BrokerError::Lost("the connection ended".to_owned()))
    }
}

impl Keeper {
    /// Runs the lane, again after each failure, until it is stopped or the session is over.
    async fn run(self) {
        let mut backoff = Backoff::new();
        let mut is_first = true;
        loop {
            let began = Instant::now();
            let error = match self.connected(is_first).await {
                Ok(Ended::Obsolete) => return,
                Ok(Ended::Stopped) => BrokerError::Lost("a lane ended".to_owned()),
                Err(error) => error,
            };
            self.lane.set_up(false);
            if self.is_over() {
                return;
            }
            self.worker.telemetry.retried(RetryReason::Lane, &error);
            if began.elapsed() > GOOD_SESSION {
                backoff.reset();
            }
            tokio::select! {
                () = self.signals.stop.cancelled() => return,
                () = self.signals.give_up.cancelled() => return,
                () = tokio::time::sleep(backoff.next()) => {}
            }
            is_first = false;
        }
    }

    /// One run of the lane on a connection of its own. The session has declared the queue; by the
    /// next run it may have been deleted.
    async fn connected(&self, is_first: bool) -> Result<Ended, BrokerError> {
        let settings = &self.worker.broker;
        let queue = self.lane.queue();
        let connection = broker::connect(settings, &format!("waybill consume {queue}")).await?;
        let connection = Arc::new(connection);
        let is_needed = is_first || restore::queue(&connection, queue, settings.partitions).await?;
        let outcome = match is_needed {
            true => self.lane(&connection).await.map(|()| Ended::Stopped),
            false => Ok(Ended::Obsolete),
        };
        connection.close().await;
        outcome
    }

    async fn lane(&self, connection: &Arc<Connection>) -> Result<(), BrokerError> {
        let signals = Signals {
            stop: self.signals.stop.clone(),
            give_up: self.signals.give_up.child_token(),
        };
        let worker = &self.worker;
        let (intake, writers, acknowledger) = worker.lane(&self.lane, connection, &self.acceptance);
        let running = lane::run(intake, writers, acknowledger, signals.clone());
        let watching = watchdog::watch(&self.connection, &self.lane, &worker.gate);
        tokio::pin!(running);
        let outcome = tokio::select! {
            outcome = &mut running => outcome,
            stalled = watching, if !signals.stop.is_cancelled() => {
                worker.telemetry.retried(RetryReason::Watchdog, &stalled);
                signals.give_up.cancel();
                running.await.and(Err(stalled))
            }
        };
        // The broker may have delivered to another worker what this one could not write.
        self.acceptance.forget();
        outcome
    }

    fn is_over(&self) -> bool {
        let Signals { stop, give_up } = &self.signals;
        stop.is_cancelled() || give_up.is_cancelled() || !self.connection.is_connected()
    }
}
