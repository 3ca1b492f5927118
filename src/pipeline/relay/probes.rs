//! When a failing destination is tried again, and with how many messages: one at growing intervals
//! while it fails, many once it confirms; waiting messages then return to the normal lane step by
//! step.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::store::write::slow_outbox::Destination;

/// Messages in flight at a time to a destination that confirms again.
const AT_ONCE: usize = 16;
/// The longest pause between two attempts.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// How many waiting messages return to the normal lane first; the number doubles each time.
const RELEASE_FIRST: i64 = 64;
const RELEASE_MAX: i64 = 1_024;
/// The pause before more are released after the last ones failed; it doubles each time.
const RELAPSE: Duration = Duration::from_secs(10);
const RELAPSE_MAX: Duration = Duration::from_secs(300);
/// A destination without messages on the slow lane is forgotten after this long.
const FORGET_AFTER: Duration = Duration::from_secs(600);

/// Every destination that failed lately.
#[derive(Debug, Default)]
pub(super) struct Probes(HashMap<Destination, Probe>);

#[derive(Debug)]
struct Probe {
    failures: u32,
    confirmed: bool,
    in_flight: usize,
    retry_at: Instant,
    released: bool,
    release: i64,
    relapses: u32,
    release_at: Instant,
    seen: Instant,
}

impl Probe {
    fn new(now: Instant) -> Self {
        Self {
            failures: 0,
            confirmed: false,
            in_flight: 0,
            retry_at: now,
            released: false,
            release: RELEASE_FIRST,
            relapses: 0,
            release_at: now,
            seen: now,
        }
    }
}

impl Probes {
    /// How many messages of a failing destination may be tried now.
    pub(super) fn room(&mut self, destination: &Destination, now: Instant) -> usize {
        let probe = self.probe(destination, now);
        if std::mem::take(&mut probe.released) {
            // It failed after messages were released: the next ones wait longer.
            probe.release = RELEASE_FIRST;
            probe.release_at = now + doubled(RELAPSE, probe.relapses, RELAPSE_MAX);
            probe.relapses += 1;
        }
        let at_once = match probe.confirmed {
            true => AT_ONCE,
            false => usize::from(probe.retry_at <= now),
        };
        at_once.saturating_sub(probe.in_flight)
    }

    /// How many waiting messages of a destination that does not fail any more may be released now.
    pub(super) fn release(&mut self, destination: &Destination, now: Instant) -> i64 {
        let probe = self.probe(destination, now);
        if probe.release_at > now {
            return 0;
        }
        probe.released = true;
        let count = probe.release;
        probe.release = (count * 2).min(RELEASE_MAX);
        count
    }

    /// A message was published.
    pub(super) fn sent(&mut self, destination: &Destination, now: Instant) {
        self.probe(destination, now).in_flight += 1;
    }

    /// A message has its answer; `confirms` is whether its destination works, if known.
    pub(super) fn answered(
        &mut self,
        destination: &Destination,
        confirms: Option<bool>,
        now: Instant,
    ) {
        let probe = self.probe(destination, now);
        probe.in_flight = probe.in_flight.saturating_sub(1);
        match confirms {
            Some(true) => (probe.failures, probe.confirmed) = (0, true),
            // Several failures at the same time count once.
            Some(false) if probe.retry_at > now => probe.confirmed = false,
            Some(false) => {
                probe.confirmed = false;
                probe.retry_at = now + doubled(Duration::from_secs(1), probe.failures, PAUSE_MAX);
                probe.failures = probe.failures.saturating_add(1);
            }
            None => {}
        }
    }

    /// Forgets destinations that have had no messages for long.
    pub(super) fn forget(&mut self, now: Instant) {
        self.0.retain(|_, probe| {
            probe.in_flight > 0 || now.duration_since(probe.seen) < FORGET_AFTER
        });
    }

    fn probe(&mut self, destination: &Destination, now: Instant) -> &mut Probe {
        let probe = self
            .0
            .entry(destination.clone())
            .or_insert_with(|| Probe::new(now));
        probe.seen = now;
        probe
    }
}

fn doubled(first: Duration, times: u32, most: Duration) -> Duration {
    first.saturating_mul(2_u32.saturating_pow(times)).min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn destination() -> Destination {
        Destination {
            exchange: "waybill.completions".to_owned(),
            routing_key: "upload.done".to_owned(),
        }
    }

    #[test]
    fn a_failing_destination_is_tried_with_one_message_at_growing_intervals() {
        let (mut probes, place, begin) = (Probes::default(), destination(), Instant::now());
        let mut now = begin;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            assert_eq!(probes.room(&place, now), 1);
            probes.sent(&place, now);
            assert_eq!(probes.room(&place, now), 0);
            probes.answered(&place, Some(false), now);
            let pause = Duration::from_secs(seconds);
            assert_eq!(probes.room(&place, now + pause / 2), 0);
            now += pause;
        }
        probes.sent(&place, now);
        probes.answered(&place, Some(true), now);
        assert_eq!(probes.room(&place, now), AT_ONCE);
    }

    #[test]
    fn failures_at_the_same_time_count_once() {
        let (mut probes, place, now) = (Probes::default(), destination(), Instant::now());
        for _ in 0..50 {
            probes.answered(&place, Some(false), now);
        }
        assert_eq!(probes.room(&place, now + Duration::from_secs(1)), 1);
    }

    #[test]
    fn a_destination_that_fails_again_after_a_release_waits_longer_for_the_next() {
        let (mut probes, place, mut now) = (Probes::default(), destination(), Instant::now());
        assert_eq!([0; 3].map(|_| probes.release(&place, now)), [64, 128, 256]);
        for seconds in [10, 20, 40, 80, 160, 300] {
            assert_eq!(probes.room(&place, now), 1);
            assert_eq!(probes.release(&place, now), 0);
            now += Duration::from_secs(seconds);
            assert_eq!(probes.release(&place, now), RELEASE_FIRST);
        }
    }

    #[test]
    fn an_answer_that_does_not_concern_the_destination_changes_only_the_room() {
        let (mut probes, place, now) = (Probes::default(), destination(), Instant::now());
        probes.sent(&place, now);
        probes.answered(&place, None, now);
        assert_eq!(probes.room(&place, now), 1);
        probes.forget(now + FORGET_AFTER);
        assert!(probes.0.is_empty());
    }
}
