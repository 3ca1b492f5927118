//! Limits the dead letters per second: small pieces, evenly spaced.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The maximum of dead letters in a piece.
const AT_ONCE_MAX: u32 = 500;
/// In how many pieces the dead letters of a second are published, if there are enough.
const PIECES: u32 = 4;

/// When the next dead letters are to be published.
#[derive(Debug)]
pub struct Pace {
    rate: Option<u32>,
    next: Instant,
}

impl Pace {
    /// Dead letters per second; `None` never waits.
    #[must_use]
    pub fn new(rate: Option<u32>) -> Self {
        Self {
            rate,
            next: Instant::now(),
        }
    }

    /// How many dead letters to publish at once.
    #[must_use]
    pub fn dead_letters(&self) -> usize {
        let rate = self.rate.unwrap_or(u32::MAX);
        (rate / PIECES).clamp(1, AT_ONCE_MAX) as usize
    }

    /// Waits until `dead_letters` more may be published.
    pub async fn turn(&mut self, dead_letters: usize) {
        if let Some(rate) = self.rate {
            sleep_until(self.next).await;
            self.next = following(self.next, Instant::now(), length(dead_letters, rate));
        }
    }
}

/// How long `dead_letters` take at `rate`.
fn length(dead_letters: usize, rate: u32) -> Duration {
    let dead_letters = u32::try_from(dead_letters).unwrap_or(u32::MAX);
    Duration::from_secs(1).saturating_mul(dead_letters) / rate.max(1)
}

/// When the next piece is due: a delay is made up for by at most one piece.
fn following(due: Instant, now: Instant, length: Duration) -> Instant {
    let earliest = now.checked_sub(length).unwrap_or(now);
    due.max(earliest) + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_letters_are_published_at_the_requested_rate() {
        let second = Duration::from_secs(1);
        for (rate, dead_letters) in [(1, 1), (4, 1), (100, 25), (10_000, 500)] {
            assert_eq!(Pace::new(Some(rate)).dead_letters(), dead_letters);
            let began = Instant::now();
            let mut due = began;
            for _ in 0..rate as usize / dead_letters {
                // Each is a little late.
                due = following(
                    due,
                    due + Duration::from_micros(300),
                    length(dead_letters, rate),
                );
            }
            assert_eq!(due - began, second, "{rate} a second");
        }
        assert_eq!(Pace::new(None).dead_letters(), 500);
    }

    #[test]
    fn a_long_pause_is_not_made_up_for() {
        let due = Instant::now();
        let length = length(5, 10);
        let late = due + Duration::from_secs(60);
        assert_eq!(following(due, late, length), late);
        assert_eq!(following(due, due, length), due + length);
    }
}
