//! The balance of deliveries: each received delivery is settled or in flight, at every instant.
//!
//! Plain numbers behind one lock. An export copies them at once, so that a scrape never counts a
//! delivery twice or not at all, and the hot path waits only for that copy.

use std::sync::Mutex;

use jiff::Timestamp;

use super::labels::Outcome;
use crate::lock::lock;

const OUTCOMES: usize = Outcome::ALL.len();

/// The balance; clones of its entries are consistent snapshots.
#[derive(Debug)]
pub(super) struct DeliveryBalance {
    types: &'static [&'static str],
    entries: Mutex<Entries>,
}

/// The numbers at one instant.
#[derive(Debug, Clone)]
pub(super) struct Entries {
    pub(super) fresh: u64,
    pub(super) redelivered: u64,
    /// Counted on its own, never computed from the others; a value below zero shows a bug.
    pub(super) in_flight: i64,
    /// By type of event, then by outcome.
    pub(super) settled: Vec<[u64; OUTCOMES]>,
    pub(super) last_delivery: Option<Timestamp>,
}

impl DeliveryBalance {
    /// An empty balance for these types of events.
    pub(super) fn new(types: &'static [&'static str]) -> Self {
        let entries = Entries {
            fresh: 0,
            redelivered: 0,
            in_flight: 0,
            settled: vec![[0; OUTCOMES]; types.len()],
            last_delivery: None,
        };
        Self {
            types,
            entries: Mutex::new(entries),
        }
    }

    /// Counts received deliveries.
    pub(super) fn receive(&self, fresh: u64, redelivered: u64, at: Timestamp) {
        let mut entries = lock(&self.entries);
        entries.fresh += fresh;
        entries.redelivered += redelivered;
        entries.in_flight = entries
            .in_flight
            .saturating_add_unsigned(fresh + redelivered);
        entries.last_delivery = entries.last_delivery.max(Some(at));
    }

    /// Counts settled deliveries of one type; an unlisted type counts as the last one listed.
    pub(super) fn settle(&self, event_type: &str, outcome: Outcome, events: u64) {
        let last = self.types.len().saturating_sub(1);
        let at = self.types.iter().position(|known| *known == event_type);
        let mut entries = lock(&self.entries);
        let row = entries.settled.get_mut(at.unwrap_or(last));
        if let Some(cell) = row.and_then(|row| row.get_mut(outcome as usize)) {
            *cell += events;
            entries.in_flight = entries.in_flight.saturating_sub_unsigned(events);
        }
    }

    /// A snapshot of the balance.
    pub(super) fn snapshot(&self) -> Entries {
        lock(&self.entries).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlisted_type_counts_as_the_last() {
        let balance = DeliveryBalance::new(&["a", "unknown"]);
        balance.receive(2, 1, Timestamp::UNIX_EPOCH);
        balance.settle("nonsense", Outcome::Dead, 1);
        let snapshot = balance.snapshot();
        assert_eq!(snapshot.settled[1][Outcome::Dead as usize], 1);
        assert_eq!(
            (snapshot.fresh, snapshot.redelivered, snapshot.in_flight),
            (2, 1, 2)
        );
    }
}
