//! Feels the pulse of a session: asks the broker every second how much is ready, so that a peer
//! that is silent, or delivers nothing although it could, is noticed.

use std::time::{Duration, Instant};

use tokio::sync::watch;

use crate::broker::{BrokerError, Connection, topology};
use crate::telemetry::{Condition, Dependency, Health, RetryReason, Telemetry};

/// How often the broker is asked.
const EVERY: Duration = Duration::from_secs(1);
/// After this long without an answer the broker counts as away.
const AWAY_AFTER: Duration = Duration::from_secs(3);
/// After this long without an answer the session is given up.
const LOST_AFTER: Duration = Duration::from_secs(20);
/// Messages ready and none received for this long: the subscription is dead.
const STALLED_AFTER: Duration = Duration::from_secs(15);

/// The watchdog of one session.
pub(super) struct Pulse<'a> {
    connection: &'a Connection,
    queues: &'a [String],
    telemetry: &'a Telemetry,
    health: &'a Health,
    /// False while consuming pauses because the outbox is full.
    gate: watch::Receiver<bool>,
}

impl<'a> Pulse<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        queues: &'a [String],
        telemetry: &'a Telemetry,
        health: &'a Health,
        gate: watch::Receiver<bool>,
    ) -> Self {
        Self {
            connection,
            queues,
            telemetry,
            health,
            gate,
        }
    }

    /// Runs until the session is to be given up, and says why.
    pub(super) async fn run(&self) -> BrokerError {
        let mut stalled_since: Option<Instant> = None;
        let (mut received, _) = self.telemetry.account();
        loop {
            let ready = match self.ask().await {
                Ok(ready) => ready,
                Err(error) => return error,
            };
            self.telemetry.show_ready(u64::from(ready));
            let (now_received, in_flight) = self.telemetry.account();
            let paused = !*self.gate.borrow();
            let idle = now_received == received && in_flight == 0 && !paused;
            received = now_received;
            stalled_since = match stalled_since {
                _ if ready == 0 || !idle => None,
                None => Some(Instant::now()),
                since => since,
            };
            if stalled_since.is_some_and(|since| since.elapsed() > STALLED_AFTER) {
                let stalled =
                    BrokerError::Lost("messages are ready and none was delivered".to_owned());
                self.telemetry.retried(RetryReason::Watchdog, &stalled);
                return stalled;
            }
            tokio::time::sleep(EVERY).await;
        }
    }

    /// How many messages are ready in the queues; meanwhile says whether the broker answers.
    async fn ask(&self) -> Result<u32, BrokerError> {
        let mut ready: u32 = 0;
        for queue in self.queues {
            let count = topology::ready_count(self.connection, queue);
            tokio::pin!(count);
            let answer = match tokio::time::timeout(AWAY_AFTER, &mut count).await {
                Ok(answer) => answer,
                Err(_) => {
                    self.answers(false);
                    let rest = LOST_AFTER.saturating_sub(AWAY_AFTER);
                    tokio::time::timeout(rest, count).await.unwrap_or_else(|_| {
                        Err(BrokerError::Lost("the broker is silent".to_owned()))
                    })
                }
            };
            ready = ready.saturating_add(answer?);
            self.answers(true);
        }
        Ok(ready)
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
}
