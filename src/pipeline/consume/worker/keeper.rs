//! Keeps one lane running, on a connection of its own, and reopens it after each failure.
//!
//! When an operation on a quorum queue without a majority fails, the broker closes the whole
//! connection, so no two queues may share one.

use std::sync::Arc;
use std::time::Instant;

use super::{GOOD_SESSION, Worker};
use crate::backoff::Backoff;
use crate::broker::{self, BrokerError, Connection, restore, tenant_queue};
use crate::domain::tenancy::TenantQueue;
use crate::pipeline::batch::acceptance::Acceptance;
use crate::pipeline::consume::lane;
use crate::pipeline::consume::lane_state::{LaneState, Signals};
use crate::pipeline::consume::watchdog;
use crate::telemetry::RetryReason;

/// How a lane has ended without an error.
enum Ended {
    Stopped,
    /// Its queue, of a larger number of partitions or of a tenant that no longer has one, was
    /// deleted.
    Obsolete,
}

/// Keeps one lane running.
pub(super) struct Keeper {
    pub(super) worker: Worker,
    pub(super) acceptance: Acceptance,
    /// The session's.
    pub(super) connection: Arc<Connection>,
    pub(super) signals: Signals,
    pub(super) lane: Arc<LaneState>,
}

impl Keeper {
    /// Runs the lane, again after each failure, until it is stopped or the session is over; returns
    /// it then.
    pub(super) async fn run(self) -> Arc<LaneState> {
        self.keep().await;
        self.lane
    }

    async fn keep(&self) {
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
            if self.signals.is_over_for(&self.connection) {
                return;
            }
            let cause = format!("{}: {error}", self.lane.queue());
            self.worker.telemetry.retried(RetryReason::Lane, &cause);
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

    /// One run of the lane on a connection of its own.
    async fn connected(&self, is_first: bool) -> Result<Ended, BrokerError> {
        let settings = &self.worker.broker;
        let queue = self.lane.queue();
        let connection = broker::connect(settings, &format!("waybill consume {queue}")).await?;
        let connection = Arc::new(connection);
        let outcome = match self.declare(&connection, is_first).await? {
            true => self.lane(&connection).await.map(|()| Ended::Stopped),
            false => Ok(Ended::Obsolete),
        };
        connection.close().await;
        outcome
    }

    /// Makes sure that the queue is there, if it is needed; returns whether it is. The session has
    /// declared those that all tenants share; by the next run one may have been deleted.
    async fn declare(&self, connection: &Connection, is_first: bool) -> Result<bool, BrokerError> {
        let worker = &self.worker;
        if let Some(tenant) = self.lane.tenant() {
            let tenancy = worker.event_rules.authorization.tenants();
            let own = tenancy.borrow().queue_of(tenant) == TenantQueue::Own;
            return tenant_queue::route(connection, tenant, own).await;
        }
        let (queue, partitions) = (self.lane.queue(), worker.broker.partitions);
        Ok(is_first || restore::queue(connection, queue, partitions).await?)
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
}
