//! The prefetch of a lane, chosen so that its unacknowledged deliveries stay within its bytes.
//!
//! AMQP limits deliveries, not bytes: the largest of the recent messages decides how many fit.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The smallest prefetch, so that one message that has to wait does not stop the others.
const FEWEST: u16 = 2;
/// The prefetch before the size of any message is known.
const START: u16 = 2;
/// The factor by which the window may grow at a time, as the sizes of the new ones are unknown.
const GROWTH: u16 = 8;
/// The window is checked again after this many deliveries, or when one of them is too large.
const CHECK_EVERY: u32 = 256;

/// About how many unacknowledged bytes a lane may have: all of a budget, or an equal part of one that
/// several lanes share.
#[derive(Debug, Clone)]
pub(super) struct ByteBudget {
    pub(super) bytes: usize,
    pub(super) lanes: Arc<AtomicUsize>,
}

impl ByteBudget {
    /// A lane's own.
    pub(super) fn of(bytes: usize) -> Self {
        let lanes = Arc::new(AtomicUsize::new(1));
        Self { bytes, lanes }
    }

    fn part(&self) -> usize {
        self.bytes / self.lanes.load(Ordering::Relaxed).max(1)
    }
}

/// The prefetch of one lane.
#[derive(Debug)]
pub(super) struct Window {
    most: u16,
    budget: ByteBudget,
    open: u16,
    largest: usize,
    largest_before: usize,
    seen: u32,
    /// Deliveries seen with this window.
    seen_in: u32,
}

impl Window {
    /// At most `most` deliveries and about as many bytes as the budget has. It starts small, because the broker fills
    /// the first window before the size of a message is known, and grows with the sizes seen.
    pub(super) fn new(most: u16, budget: ByteBudget) -> Self {
        Self {
            most,
            budget,
            open: START.min(most),
            largest: 0,
            largest_before: 0,
            seen: 0,
            seen_in: 0,
        }
    }

    /// The prefetch to use.
    pub(super) fn open(&self) -> u16 {
        self.open
    }

    /// Records the size of a delivery; returns whether the window has changed so much that the lane
    /// should subscribe again.
    pub(super) fn observe(&mut self, bytes: usize) -> bool {
        self.seen += 1;
        self.seen_in += 1;
        let outgrown = bytes > self.largest.max(self.largest_before);
        self.largest = self.largest.max(bytes);
        let is_due = self.seen_in >= CHECK_EVERY.min(self.open.into());
        let fitting = self.fitting();
        let narrower = outgrown && fitting <= self.open / 2;
        if !is_due && !narrower {
            return false;
        }
        if self.seen >= CHECK_EVERY {
            self.seen = 0;
            self.largest_before = std::mem::take(&mut self.largest);
        }
        self.seen_in = 0;
        let fitting = fitting.min(self.open.saturating_mul(GROWTH));
        let wider = fitting >= self.open.saturating_mul(2)
            || (fitting == self.most && self.open < self.most);
        let narrower = fitting <= self.open / 2;
        if wider || narrower {
            self.open = fitting;
        }
        wider || narrower
    }

    fn fitting(&self) -> u16 {
        let largest = self.largest.max(self.largest_before).max(1);
        let fitting = u16::try_from(self.budget.part() / largest).unwrap_or(u16::MAX);
        fitting.clamp(FEWEST.min(self.most), self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    fn after(window: &mut Window, deliveries: u32, bytes: usize) -> Vec<u16> {
        let mut changes = Vec::new();
        for _ in 0..deliveries {
            if window.observe(bytes) {
                changes.push(window.open());
            }
        }
        changes
    }

    #[test]
    fn the_window_starts_small_grows_with_what_was_seen_and_one_large_message_closes_it_at_once() {
        let mut window = Window::new(4_000, ByteBudget::of(64 * MIB));
        assert_eq!(window.open(), 2);
        assert_eq!(after(&mut window, 1_000, 512), [16, 128, 1_024, 4_000]);
        assert!(window.observe(2 * MIB));
        assert_eq!(window.open(), 32);
        assert!(window.observe(60 * MIB));
        assert_eq!(window.open(), 2);
    }

    #[test]
    fn the_window_stays_small_where_messages_are_large_from_the_start() {
        let mut window = Window::new(4_000, ByteBudget::of(64 * MIB));
        assert_eq!(after(&mut window, 100, 60 * MIB), [0; 0]);
        assert_eq!(window.open(), 2);
    }

    #[test]
    fn the_window_opens_again_after_the_large_ones_are_gone() {
        let mut window = Window::new(4_000, ByteBudget::of(64 * MIB));
        after(&mut window, 1_000, 64 * 1024);
        assert!(window.observe(2 * MIB));
        after(&mut window, 4 * CHECK_EVERY, 512);
        assert_eq!(window.open(), 4_000);
    }

    #[test]
    fn lanes_that_share_a_budget_have_an_equal_part_of_it_each() {
        let budget = ByteBudget::of(64 * MIB);
        let mut window = Window::new(4_000, budget.clone());
        after(&mut window, 1_000, 64 * 1024);
        assert_eq!(window.open(), 1_024);
        budget.lanes.store(8, Ordering::Relaxed);
        after(&mut window, CHECK_EVERY, 64 * 1024);
        assert_eq!(window.open(), 128);
    }

    #[test]
    fn a_small_limit_of_deliveries_is_kept() {
        let mut window = Window::new(1, ByteBudget::of(MIB));
        assert_eq!(window.open(), 1);
        assert!(!window.observe(10 * MIB));
        assert_eq!(window.open(), 1);
    }
}
