//! The account of deliveries: what was received is settled or in flight, at every instant.
//!
//! Plain numbers behind one lock. Whoever exports them takes one copy, so that a scrape can
//! never see a delivery twice or not at all, and the hot path waits for nothing but that copy.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::labels::Outcome;

const OUTCOMES: usize = Outcome::ALL.len();

/// The account; clones of its entries are consistent cuts.
#[derive(Debug)]
pub(super) struct DeliveryBalance {
    types: &'static [&'static str],
    entries: Mutex<Entries>,
}

/// The numbers of the account at one instant.
#[derive(Debug, Clone)]
pub(super) struct Entries {
    pub(super) fresh: u64,
    pub(super) redelivered: u64,
    /// Counted by itself, never computed from the others; below zero shows a bug.
    pub(super) in_flight: i64,
    /// By type of event, then by outcome.
    pub(super) settled: Vec<[u64; OUTCOMES]>,
    pub(super) last_delivery: Option<Timestamp>,
}

impl DeliveryBalance {
    /// An empty account for these types of events.
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

    /// Takes deliveries in.
    pub(super) fn receive(&self, fresh: u64, redelivered: u64, at: Timestamp) {
        let mut entries = self.lock();
        entries.fresh += fresh;
        entries.redelivered += redelivered;
        entries.in_flight = entries
            .in_flight
            .saturating_add_unsigned(fresh + redelivered);
        entries.last_delivery = entries.last_delivery.max(Some(at));
    }

    /// Settles deliveries of one type; an unlisted type counts as the last one listed.
    pub(super) fn settle(&self, event_type: &str, outcome: Outcome, events: u64) {
        let last = self.types.len().saturating_sub(1);
        let at = self.types.iter().position(|known| *known == event_type);
        let mut entries = self.lock();
        let row = entries.settled.get_mut(at.unwrap_or(last));
        if let Some(cell) = row.and_then(|row| row.get_mut(outcome as usize)) {
            *cell += events;
            entries.in_flight = entries.in_flight.saturating_sub_unsigned(events);
        }
    }

    /// The account as it is now.
    pub(super) fn cut(&self) -> Entries {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unlisted_type_counts_as_the_last() {
        let ledger = DeliveryBalance::new(&["a", "unknown"]);
        ledger.receive(2, 1, Timestamp::UNIX_EPOCH);
        ledger.settle("nonsense", Outcome::Dead, 1);
        let cut = ledger.cut();
        assert_eq!(cut.settled[1][Outcome::Dead as usize], 1);
        assert_eq!((cut.fresh, cut.redelivered, cut.in_flight), (2, 1, 2));
    }
}
