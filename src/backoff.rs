//! How long to wait before the next attempt: exponential, capped and jittered. The callers wait.

use std::time::Duration;

/// The maximum wait before the first retry.
pub const FIRST: Duration = Duration::from_millis(100);
/// The maximum wait; also how long the end of an outage can go unnoticed.
pub const CAP: Duration = Duration::from_secs(5);
/// The minimum wait, so that a small random value does not cause a busy loop.
pub const FLOOR: Duration = Duration::from_millis(10);

/// Counts the attempts that failed in a row and returns the wait after each.
///
/// The wait is drawn evenly from zero up to a limit that doubles from [`FIRST`] to [`CAP`] ("full
/// jitter"), so that many workers that lost the same server do not reconnect at the same time.
#[derive(Clone, Debug, Default)]
pub struct Backoff {
    failures: u32,
}

impl Backoff {
    /// A back-off before its first failure.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How long to wait now that another attempt has failed.
    #[expect(
        clippy::should_implement_trait,
        reason = "it never ends, so the Option of an iterator would be useless"
    )]
    pub fn next(&mut self) -> Duration {
        let wait = delay(self.failures, random());
        self.failures = self.failures.saturating_add(1);
        wait
    }

    /// Resets the failures after a successful attempt.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

/// The wait after `failures` earlier failures, with `random` uniform over all of `u32`.
#[must_use]
pub fn delay(failures: u32, random: u32) -> Duration {
    let limit = FIRST
        .saturating_mul(2_u32.saturating_pow(failures))
        .min(CAP);
    let share = f64::from(random) / f64::from(u32::MAX);
    limit.mul_f64(share).max(FLOOR)
}

/// Thirty-two random bits from a version 4 UUID.
fn random() -> u32 {
    let [a, b, c, d, ..] = uuid::Uuid::new_v4().into_bytes();
    u32::from_be_bytes([a, b, c, d])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_doubles_until_the_cap() {
        let limits: Vec<_> = (0..8)
            .map(|failures| delay(failures, u32::MAX).as_millis())
            .collect();
        assert_eq!(limits, [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
        assert_eq!(delay(u32::MAX, u32::MAX), CAP);
    }

    #[test]
    fn the_wait_is_random_but_never_zero() {
        assert_eq!(delay(3, 0), FLOOR);
        assert_eq!(delay(3, u32::MAX / 2).as_millis(), 400);
    }

    #[test]
    fn success_starts_over() {
        let mut backoff = Backoff::new();
        for _ in 0..20 {
            assert!(backoff.next() <= CAP);
        }
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
