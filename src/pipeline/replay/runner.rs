//! Claims requested replays and works on them. Any number of processes may: each replay is claimed
//! by one process, whose claim ends at the latest [`LEASE`] after it has died.

mod job;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::job::ReplayJob;
use crate::config::BrokerSettings;
use crate::pipeline::authorization::EventRules;
use crate::pipeline::retry_reason::reason;
use crate::store::Store;
use crate::telemetry::Telemetry;

/// How long a claim lasts unless it is renewed.
const LEASE: Duration = Duration::from_secs(10);
/// How often it polls for a replay.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// How many one process works on at a time.
const AT_ONCE: usize = 4;

/// Claims replays and works on them.
#[derive(Clone)]
pub struct ReplayRunner {
    /// Where the dead letters are.
    pub store: Store,
    /// Where they go; connected only while there is something to publish.
    pub broker: BrokerSettings,
    /// The rules of events.
    pub rules: EventRules,
    /// Where it is counted.
    pub telemetry: Telemetry,
}

impl ReplayRunner {
    /// Polls for replays until stopped; then finishes what is being published, and releases its
    /// replays to others.
    pub async fn run(self, stop: CancellationToken) {
        let mut jobs = JoinSet::new();
        let is_full = Arc::new(AtomicBool::new(false));
        while !stop.is_cancelled() {
            while jobs.try_join_next().is_some() {}
            is_full.store(jobs.len() >= AT_ONCE, Ordering::Relaxed);
            if jobs.len() < AT_ONCE {
                match self.store.claim_replay(LEASE).await {
                    Ok(Some(replay)) => {
                        let (stop, is_full) = (stop.clone(), Arc::clone(&is_full));
                        jobs.spawn(ReplayJob::new(self.clone(), replay, stop, is_full).run());
                        continue;
                    }
                    Ok(None) => {}
                    Err(error) => self.telemetry.retried(reason(&error), &error),
                }
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(POLL_EVERY) => {}
            }
        }
        while jobs.join_next().await.is_some() {}
    }
}
