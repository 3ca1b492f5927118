//! A limit of dead letters per second: small pieces, each in its turn.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// The most dead letters that are published together.
const AT_ONCE_MAX: u32 = 500;
/// In so many pieces the dead letters of a second are published, where there are enough.
const PIECES: u32 = 4;

/// When the next dead letters are to be published.
#[derive(Debug)]
pub struct Pace {
    rate: Option<u32>,
    next: Instant,
}

impl Pace {
    /// Dead letters per second; without a rate there is always a turn.
    #[must_use]
    pub fn new(rate: Option<u32>) -> Self {
        Self {
            rate,
            next: Instant::now(),
        }
    }

    /// How many dead letters at once keep the pace even.
    #[must_use]
    pub fn dead_letters(&self) -> usize {
        let rate = self.rate.unwrap_or(u32::MAX);
        (rate / PIECES).clamp(1, AT_ONCE_MAX) as usize
    }

    /// Waits for the turn of so many dead letters.
    pub async fn turn(&mut self, dead_letters: usize) {
        if let Some(rate) = self.rate {
            sleep_until(self.next).await;
            self.next = following(self.next, Instant::now(), length(dead_letters, rate));
        }
    }
}

/// How long so many dead letters take.
fn length(dead_letters: usize, rate: u32) -> Duration {
    let dead_letters = u32::try_from(dead_letters).unwrap_or(u32::MAX);
    Duration::from_secs(1).saturating_mul(dead_letters) / rate.max(1)
}

/// What came late is made up for by one piece at most.
fn following(due: Instant, now: Instant, length: Duration) -> Instant {
    let earliest = now.checked_sub(length).unwrap_or(now);
    due.max(earliest) + length
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dead_letters_come_as_many_a_second_as_were_asked_for() {
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
