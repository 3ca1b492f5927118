//! The destinations that fail at present: read from the outbox, so that every process and every new
//! one knows the same; plus what this process has just observed.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::Relay;
use crate::lock::lock;
use crate::pipeline::retry_reason::reason;
use crate::store::write::outbox::{OutboxRow, Slow};
use crate::store::write::slow_outbox::{Destination, Failing};

/// How often the table is read.
const READ_EVERY: Duration = Duration::from_secs(1);
/// The maximum of failing destinations that a process knows.
pub(super) const KNOWN_MAX: i64 = 1_000;
/// For how long this process trusts its own observation: longer than it takes to appear in the
/// table.
const FOUND_FOR: Duration = Duration::from_secs(5);
/// For how long messages of a size that was refused are not tried on the normal lane.
const SIZE_FOR: Duration = Duration::from_secs(300);

/// The destinations that fail; clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Destinations(Arc<Mutex<FailingDestinations>>);

#[derive(Debug, Default)]
struct FailingDestinations {
    failing: HashSet<Destination>,
    /// Exchanges that are missing or that the user may not write to.
    denied: HashSet<String>,
    found: HashMap<Destination, Instant>,
    /// The shortest body that the broker refused for its length, when, and its reply text.
    too_large: Option<(usize, Instant, String)>,
}

impl Destinations {
    /// Why a message may not be published on the normal lane, if so.
    pub(super) fn refuses(&self, row: &OutboxRow, now: Instant) -> Option<(Slow, Option<String>)> {
        let known = lock(&self.0);
        let length = row.payload.as_ref().map_or(0, String::len);
        if let Some((refused, since, text)) = &known.too_large
            && length >= *refused
            && now.duration_since(*since) < SIZE_FOR
        {
            return Some((Slow::Refused, Some(text.clone())));
        }
        if known.failing.is_empty() && known.found.is_empty() && known.denied.is_empty() {
            return None;
        }
        let destination = row.destination();
        let found = known.found.get(&destination);
        let fails = known.failing.contains(&destination)
            || known.denied.contains(&row.exchange)
            || found.is_some_and(|since| now.duration_since(*since) < FOUND_FOR);
        fails.then_some((Slow::Waiting, None))
    }

    /// Whether nothing can be published to an exchange.
    pub(super) fn denies(&self, exchange: &str) -> bool {
        lock(&self.0).denied.contains(exchange)
    }

    /// Marks a destination as failing, until it appears in the table.
    pub(super) fn blame(&self, destination: Destination) {
        lock(&self.0).found.insert(destination, Instant::now());
    }

    /// Records the length of a body that the broker refused for its length.
    pub(super) fn too_large(&self, length: usize, text: &str) {
        let mut known = lock(&self.0);
        let shortest = known
            .too_large
            .as_ref()
            .map_or(length, |(known, ..)| *known);
        known.too_large = Some((shortest.min(length), Instant::now(), text.to_owned()));
    }

    /// Replaces the failing destinations by those of the table.
    fn read(&self, failing: Vec<Failing>) {
        let mut known = lock(&self.0);
        let denied = failing.iter().filter(|failing| failing.denies_exchange());
        known.denied = denied.map(|d| d.destination.exchange.clone()).collect();
        known.failing = failing.into_iter().map(|f| f.destination).collect();
        let now = Instant::now();
        known
            .found
            .retain(|_, since| now.duration_since(*since) < FOUND_FOR);
    }
}

impl Relay {
    /// Polls the failing destinations.
    pub(super) async fn watch_destinations(self, done: CancellationToken) {
        loop {
            match self.store.failing_destinations(KNOWN_MAX).await {
                Ok(failing) => self.destinations.read(failing),
                Err(error) => self.telemetry.retried(reason(&error), &error),
            }
            tokio::select! {
                () = done.cancelled() => return,
                () = tokio::time::sleep(READ_EVERY) => {}
            }
        }
    }
}
