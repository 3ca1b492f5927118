//! Checks a session: whether the broker answers, and whether every lane receives what is ready in
//! its queue. A queue that does not answer affects only its own lane, and is named in the
//! readiness.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::lane_state::LaneState;
use crate::broker::{BrokerError, Connection, topology};
use crate::lock::lock;
use crate::telemetry::{Condition, Dependency, Health, Telemetry};

/// How often the broker is pinged.
const EVERY: Duration = Duration::from_secs(1);
/// After this long without an answer the broker counts as disconnected, and a queue as silent.
const AWAY_AFTER: Duration = Duration::from_secs(3);
/// After this long without an answer the session ends.
const LOST_AFTER: Duration = Duration::from_secs(20);
/// For a queue without a majority the broker answers with zero after a quarter of a second.
const SLOW: Duration = Duration::from_millis(200);
/// This many slow answers in a row, with nothing delivered, mean that the queue is silent.
const SLOW_TIMES: u32 = 5;
/// Messages ready and none received for this long: the subscription is dead.
const STALLED_AFTER: Duration = Duration::from_secs(15);
/// A lane that reopens within this time counts as consuming.
const DOWN_AFTER: Duration = Duration::from_secs(3);

/// The watchdog of one session.
pub(super) struct Pulse<'a> {
    pub(super) connection: &'a Connection,
    pub(super) lanes: &'a Mutex<Vec<Arc<LaneState>>>,
    pub(super) telemetry: &'a Telemetry,
    pub(super) health: &'a Health,
}

impl Pulse<'_> {
    /// Runs until the session must end; returns why.
    pub(super) async fn run(&self) -> BrokerError {
        loop {
            if let Err(error) = self.ping().await {
                return error;
            }
            self.show();
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Checks whether the broker answers a request that involves no queue.
    async fn ping(&self) -> Result<(), BrokerError> {
        let ping = self.connection.ping();
        tokio::pin!(ping);
        let answer = match tokio::time::timeout(AWAY_AFTER, &mut ping).await {
            Ok(answer) => answer,
            Err(_) => {
                self.answers(false);
                let rest = LOST_AFTER.saturating_sub(AWAY_AFTER);
                tokio::time::timeout(rest, ping)
                    .await
                    .unwrap_or_else(|_| Err(BrokerError::Lost("the broker is silent".to_owned())))
            }
        };
        answer?;
        self.answers(true);
        Ok(())
    }

    fn answers(&self, yes: bool) {
        if yes {
            self.telemetry.connected(Dependency::Broker);
        } else {
            let silent = "it has not answered for some seconds";
            self.telemetry.disconnected(Dependency::Broker, &silent);
        }
        self.health.set(Condition::BrokerConnected, yes);
        self.health.beat("worker");
    }

    /// Reports the status of the lanes. One that fails for a tenant is counted, but does not make
    /// this process unready for the others.
    fn show(&self) {
        let lanes = lock(self.lanes).clone();
        let events = lanes.iter().filter(|lane| lane.carries_events());
        let ready = events.map(|lane| u64::from(lane.ready())).sum();
        self.telemetry.show_ready(ready);
        let (of_tenants, others): (Vec<_>, Vec<_>) =
            lanes.iter().partition(|lane| lane.tenant().is_some());
        let failing = |lane: &&Arc<LaneState>| lane.fails(DOWN_AFTER);
        self.telemetry
            .show_tenant_queues_failing(of_tenants.iter().filter_map(failing).count());
        let failing: Vec<String> = others.iter().filter_map(failing).collect();
        if failing.is_empty() {
            self.health.set(Condition::Consuming, true);
        } else {
            self.health.fails(Condition::Consuming, failing.join(", "));
        }
    }
}

/// Watches the queue of one lane until its subscription is dead: messages are ready, and none is
/// delivered although none is unacknowledged. `gate` is false while consuming pauses.
pub(super) async fn watch(
    connection: &Connection,
    lane: &LaneState,
    gate: &watch::Receiver<bool>,
) -> BrokerError {
    let mut stalled_since: Option<Instant> = None;
    let mut slow = 0;
    let mut received = lane.received();
    loop {
        let (ready, took) = ready(connection, lane).await;
        let is_still = lane.received() == received;
        received = lane.received();
        slow = match is_still && ready == 0 && took > SLOW {
            true => slow + 1,
            false => 0,
        };
        lane.answers(slow < SLOW_TIMES && took < AWAY_AFTER);
        let idle = is_still && !lane.has_unacknowledged() && *gate.borrow();
        stalled_since = match stalled_since {
            _ if ready == 0 || !idle => None,
            None => Some(Instant::now()),
            since => since,
        };
        if stalled_since.is_some_and(|since| since.elapsed() > STALLED_AFTER) {
            let stalled = "messages are ready and none was delivered".to_owned();
            return BrokerError::Lost(stalled);
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// How many messages are ready, and how long the answer took; marks the queue as silent while the
/// answer is late.
async fn ready(connection: &Connection, lane: &LaneState) -> (u32, Duration) {
    let began = Instant::now();
    let count = topology::ready_count(connection, lane.queue());
    tokio::pin!(count);
    let answer = match tokio::time::timeout(AWAY_AFTER, &mut count).await {
        Ok(answer) => answer,
        Err(_) => {
            lane.answers(false);
            count.await
        }
    };
    // Errors are reported elsewhere: a lost connection ends the session, a deleted queue the
    // subscription.
    let ready = answer.unwrap_or(0);
    lane.show_ready(ready);
    (ready, began.elapsed())
}
