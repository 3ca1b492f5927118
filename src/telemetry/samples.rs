//! The numbers sampled for charts: counts since the start, and the last values of levels.
//!
//! Only a scrape can read the same numbers of the exposition, so they are counted here a second
//! time: a few atomic additions. `app` writes the samples.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::delivery_balance::Entries;
use super::labels::{Outcome, STATUS, Values};
use super::names::SECONDS;
use crate::lock::lock;

/// Up to each of the bounds, and beyond the last.
const BUCKETS: usize = SECONDS.len() + 1;
const STATUSES: usize = 4;
/// A level that was not updated for longer is unknown.
const UPDATED_WITHIN: Duration = Duration::from_secs(5);

/// Counts since the start, at one moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Deliveries received.
    pub received: u64,
    /// Events that were applied.
    pub applied: u64,
    /// Duplicates.
    pub duplicate: u64,
    /// Events that came after the end.
    pub late: u64,
    /// Messages that can't be applied.
    pub dead: u64,
    /// Processes that ended: done, with a warning, with an error, cancelled.
    pub ended: [u64; STATUSES],
    /// Events by how long they took to be committed: up to each of [`SECONDS`], and beyond.
    pub latency: [u64; BUCKETS],
}

/// A number that goes up and down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Events that wait in the queues.
    QueueReady,
    /// Rows that wait to be published.
    Outbox,
    /// Dead letters that wait for an operator.
    DeadLetters,
    /// Pushes that wait for their stage.
    Parked,
    /// Uploads that have not ended.
    UploadsOpen,
    /// Orders that have not ended.
    OrdersOpen,
}

const LEVELS: usize = 6;

/// The counts and levels.
#[derive(Debug, Default)]
pub(super) struct Sampled {
    ended: [AtomicU64; STATUSES],
    latency: [AtomicU64; BUCKETS],
    levels: Mutex<[Option<(u64, Instant)>; LEVELS]>,
}

impl Sampled {
    /// An event was committed this long after its time.
    pub(super) fn committed(&self, latency: Duration) {
        let seconds = latency.as_secs_f64();
        let at = SECONDS.partition_point(|bound| *bound < seconds);
        add(&self.latency, at, 1);
    }

    /// `processes` processes ended with that status.
    pub(super) fn ended(&self, status: &str, processes: u64) {
        if let Values::Closed(statuses) = STATUS.values
            && let Some(at) = statuses.iter().position(|known| *known == status)
        {
            add(&self.ended, at, processes);
        }
    }

    /// Updates a level.
    pub(super) fn seen(&self, level: Level, value: u64, at: Instant) {
        let mut levels = lock(&self.levels);
        if let Some(cell) = levels.get_mut(level as usize) {
            *cell = Some((value, at));
        }
    }

    /// The totals since the start, including those of the balance of deliveries.
    pub(super) fn totals(&self, snapshot: &Entries) -> Totals {
        let settled = |outcome: Outcome| {
            let rows = snapshot.settled.iter();
            rows.filter_map(|row| row.get(outcome as usize)).sum()
        };
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Totals {
            received: snapshot.fresh + snapshot.redelivered,
            applied: settled(Outcome::Applied),
            duplicate: settled(Outcome::Duplicate),
            late: settled(Outcome::Late),
            dead: settled(Outcome::Dead),
            ended: self.ended.each_ref().map(read),
            latency: self.latency.each_ref().map(read),
        }
    }

    /// A level, if it was updated lately.
    pub(super) fn known(&self, level: Level, now: Instant) -> Option<u64> {
        let levels = lock(&self.levels);
        let (value, at) = (*levels.get(level as usize)?)?;
        (now.saturating_duration_since(at) <= UPDATED_WITHIN).then_some(value)
    }
}

impl Totals {
    /// The difference to earlier totals.
    #[must_use]
    pub fn since(&self, before: &Self) -> Self {
        let since = |now: u64, before: u64| now.saturating_sub(before);
        Self {
            received: since(self.received, before.received),
            applied: since(self.applied, before.applied),
            duplicate: since(self.duplicate, before.duplicate),
            late: since(self.late, before.late),
            dead: since(self.dead, before.dead),
            ended: difference(self.ended, before.ended),
            latency: difference(self.latency, before.latency),
        }
    }
}

fn add<const N: usize>(cells: &[AtomicU64; N], at: usize, count: u64) {
    if let Some(cell) = cells.get(at) {
        cell.fetch_add(count, Ordering::Relaxed);
    }
}

fn difference<const N: usize>(mut now: [u64; N], before: [u64; N]) -> [u64; N] {
    for (now, before) in now.iter_mut().zip(before) {
        *now = now.saturating_sub(before);
    }
    now
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::{Ended, Labels, Telemetry};
    use jiff::Timestamp;

    #[test]
    fn totals_count_what_the_metrics_count() {
        let telemetry = Telemetry::new(&Labels::SAMPLE).unwrap();
        let before = telemetry.totals();
        assert_eq!(before, Totals::default());
        telemetry.received_many(5, 1, Timestamp::UNIX_EPOCH);
        telemetry.settled("upload.step", Outcome::Applied, 2);
        telemetry.settled("upload.items", Outcome::Applied, 1);
        telemetry.settled("nonsense", Outcome::Dead, 1);
        telemetry.settled("upload.step", Outcome::Late, 1);
        telemetry.returned(1);
        let second = [Duration::from_secs(1)];
        for (status, durations) in [("error", &second[..]), ("done", &[second[0]; 2])] {
            let kind = "upload";
            telemetry.processes_ended(Ended {
                kind,
                status,
                durations,
            });
        }
        for millis in [0, 1, 2, 10_000, 10_001, 9_000_000] {
            telemetry.event_committed(Duration::from_millis(millis));
        }
        let totals = telemetry.totals().since(&before);
        assert_eq!((totals.received, totals.applied), (6, 3));
        assert_eq!((totals.duplicate, totals.late, totals.dead), (0, 1, 1));
        assert_eq!(totals.ended, [2, 0, 1, 0]);
        // A bound belongs to what lies below it, as in the exposition.
        let text = telemetry.render();
        assert!(text.contains("waybill_event_latency_seconds_bucket{le=\"0.001\"} 2"));
        assert!(text.contains("waybill_event_latency_seconds_bucket{le=\"10\"} 4"));
        let mut latency = [0; BUCKETS];
        (latency[0], latency[1], latency[12], latency[13]) = (2, 1, 1, 2);
        assert_eq!(totals.latency, latency);
        assert_eq!(totals.since(&totals), Totals::default());
    }

    #[test]
    fn a_level_is_known_only_while_it_is_updated() {
        let (sampled, start) = (Sampled::default(), Instant::now());
        assert_eq!(sampled.known(Level::Outbox, start), None);
        sampled.seen(Level::Outbox, 7, start);
        assert_eq!(
            sampled.known(Level::Outbox, start + UPDATED_WITHIN),
            Some(7)
        );
        let later = start + UPDATED_WITHIN + Duration::from_millis(1);
        assert_eq!(sampled.known(Level::Outbox, later), None);
        assert_eq!(sampled.known(Level::Parked, start), None);
    }
}
