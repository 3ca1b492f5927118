//! Gauges: numbers that are polled, and exported until the next poll.

use std::time::Instant;

use jiff::Timestamp;

use super::labels::{PoolState, Quarantined, Stuck};
use super::metrics::{Telemetry, number, seconds};
use super::names;
use super::samples::Level;

/// The connections of a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool {
    /// Open and not in use.
    pub idle: usize,
    /// In use.
    pub used: usize,
    /// The maximum.
    pub max: usize,
}

impl Telemetry {
    /// How many processes of a kind are open, and since when the oldest one is.
    pub fn show_open(&self, kind: &str, processes: u64, oldest: Option<Timestamp>) {
        let level = match kind {
            "order" => Level::OrdersOpen,
            _ => Level::UploadsOpen,
        };
        self.sample(level, processes);
        self.show(names::PROCESSES_OPEN, &[kind], count(processes));
        self.show(names::OLDEST_OPEN, &[kind], seconds(oldest));
    }

    /// How many pushes wait for their stage.
    pub fn show_parked(&self, pushes: u64) {
        self.sample(Level::Parked, pushes);
        self.show(names::PARKED_PUSHES, &[], count(pushes));
    }

    /// How long the oldest committed event has been waiting to become visible to readers of the
    /// feed.
    pub fn show_feed_lag(&self, seconds: Option<f64>) {
        self.show(names::FEED_LAG, &[], seconds.unwrap_or(0.0));
    }

    /// How many of these are quarantined.
    pub fn show_quarantined(&self, what: Quarantined, number: u64) {
        self.show(names::QUARANTINED, &[what.name()], count(number));
    }

    /// How many rows wait to be published, and since when the oldest one does.
    pub fn show_outbox(&self, rows: u64, oldest: Option<Timestamp>) {
        self.sample(Level::Outbox, rows);
        self.show(names::OUTBOX_PENDING, &[], count(rows));
        self.show(names::OUTBOX_OLDEST, &[], seconds(oldest));
    }

    /// How many messages of the outbox are stuck for a reason.
    pub fn show_stuck(&self, reason: Stuck, messages: u64) {
        self.show(names::OUTBOX_STUCK, &[reason.name()], count(messages));
    }

    /// How many dead letters there are for each reason; a missing reason has none.
    pub fn show_dead_letters(&self, by_reason: &[(&str, u64)]) {
        let dead_letters = by_reason.iter().map(|(_, dead_letters)| dead_letters);
        self.sample(Level::DeadLetters, dead_letters.sum());
        let reasons = self.0.labels.reasons;
        for reason in reasons {
            let is_last = reasons.last() == Some(reason);
            let total: u64 = by_reason
                .iter()
                .filter(|(given, _)| given == reason || (is_last && !reasons.contains(given)))
                .map(|(_, dead_letters)| dead_letters)
                .sum();
            self.show(names::DEAD_LETTERS, &[reason], count(total));
        }
    }

    /// How many events are ready in the queues. Only for samples, as the broker exports it itself.
    pub fn show_ready(&self, events: u64) {
        self.sample(Level::QueueReady, events);
    }

    /// How many tenants' own queues are not consumed from.
    pub fn show_tenant_queues_failing(&self, queues: usize) {
        let queues = u64::try_from(queues).unwrap_or(u64::MAX);
        self.show(names::TENANT_QUEUES_FAILING, &[], count(queues));
    }

    /// The state of the pool of database connections.
    pub fn show_pool(&self, pool: Pool) {
        let states = [
            (PoolState::Idle, pool.idle),
            (PoolState::Used, pool.used),
            (PoolState::Max, pool.max),
        ];
        for (state, connections) in states {
            let connections = u64::try_from(connections).unwrap_or(u64::MAX);
            let connections = count(connections);
            self.show(names::POOL_CONNECTIONS, &[state.name()], connections);
        }
    }

    fn sample(&self, level: Level, value: u64) {
        self.0.sampled.seen(level, value, Instant::now());
    }

    pub(super) fn show(&self, name: &'static str, labels: &[&str], level: f64) {
        self.0.registry.gauge(name, labels).set(level);
    }
}

fn count(count: u64) -> f64 {
    number(i64::try_from(count).unwrap_or(i64::MAX))
}
