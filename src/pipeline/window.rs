//! How many deliveries a lane asks for at a time, so that what it holds stays within its bytes.
//!
//! AMQP counts deliveries, not bytes: the largest of the recent messages tells how many fit.

/// A lane never asks for fewer.
const FEWEST: u16 = 8;
/// The window is looked at again after this many deliveries, or when one of them is too large.
const LOOK_EVERY: u32 = 256;

/// The prefetch of one lane.
#[derive(Debug)]
pub(super) struct Window {
    most: u16,
    bytes: usize,
    open: u16,
    largest: usize,
    largest_before: usize,
    seen: u32,
}

impl Window {
    /// At most `most` deliveries and about `bytes` bytes. Before any was seen a message is taken
    /// for `assumed` bytes: the broker fills the first window before anyone can look at it.
    pub(super) fn new(most: u16, bytes: usize, assumed: usize) -> Self {
        let mut window = Self {
            most,
            bytes,
            open: 0,
            largest: assumed,
            largest_before: 0,
            seen: 0,
        };
        window.open = window.fitting();
        window
    }

    /// How many deliveries to ask for.
    pub(super) fn open(&self) -> u16 {
        self.open
    }

    /// Looks at one delivery; says whether the window has changed so much that the lane should
    /// consume anew with it.
    pub(super) fn observe(&mut self, bytes: usize) -> bool {
        self.seen += 1;
        let outgrown = bytes > self.largest.max(self.largest_before);
        self.largest = self.largest.max(bytes);
        if self.seen < LOOK_EVERY && !outgrown {
            return false;
        }
        if self.seen >= LOOK_EVERY {
            self.seen = 0;
            self.largest_before = std::mem::take(&mut self.largest);
        }
        let fitting = self.fitting();
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
        let fitting = u16::try_from(self.bytes / largest).unwrap_or(u16::MAX);
        fitting.clamp(FEWEST.min(self.most), self.most)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: usize = 1024 * 1024;

    #[test]
    fn small_messages_open_the_window_and_one_large_one_closes_it_at_once() {
        let mut window = Window::new(4_000, 64 * MIB, 2 * MIB);
        assert_eq!(window.open(), 32);
        let changes = (0..1_000).filter(|_| window.observe(512)).count();
        assert_eq!((changes, window.open()), (1, 4_000));
        assert!(window.observe(2 * MIB));
        assert_eq!(window.open(), 32);
    }

    #[test]
    fn the_window_opens_again_after_the_large_ones_are_gone() {
        let mut window = Window::new(4_000, 64 * MIB, 64 * 1024);
        assert!(window.observe(2 * MIB));
        for _ in 0..3 * LOOK_EVERY {
            window.observe(512);
        }
        assert_eq!(window.open(), 4_000);
    }

    #[test]
    fn a_small_limit_of_deliveries_is_kept() {
        let mut window = Window::new(4, MIB, MIB);
        assert_eq!(window.open(), 4);
        assert!(!window.observe(10 * MIB));
        assert_eq!(window.open(), 4);
    }
}
