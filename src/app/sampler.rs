//! Writes down every ten seconds what this process did in them, for the charts of the last hour.
//!
//! While the database is away samples wait here, each with its time, so what happened meanwhile is
//! told later, and not as if it had happened at once.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store::admin::samples::{Counts, Levels, Sample};
use crate::store::{Store, StoreError};
use crate::telemetry::names::SECONDS;
use crate::telemetry::{Level, Telemetry, Totals};

/// How often a sample is taken.
const EVERY: Duration = Duration::from_secs(10);
/// How long the database may take for one.
const WRITE_MAX: Duration = Duration::from_secs(2);
/// Samples that may wait, those of an hour; the oldest are let go first.
const WAITING_MAX: usize = 360;

/// Takes the samples of this process.
pub(super) struct Sampler {
    pub(super) store: Store,
    pub(super) telemetry: Telemetry,
}

impl Sampler {
    /// Goes on until told to stop, and then takes a last one.
    pub(super) async fn run(self, done: CancellationToken) {
        let mut book = Book::new(Instant::now());
        loop {
            let stopped = tokio::select! {
                () = done.cancelled() => true,
                () = tokio::time::sleep(EVERY) => false,
            };
            let (totals, levels) = (self.telemetry.totals(), self.levels());
            book.note(totals, levels, Instant::now());
            self.write(&mut book).await;
            if stopped {
                return;
            }
        }
    }

    /// Writes what waits, the oldest first. That the database is away is said elsewhere.
    async fn write(&self, book: &mut Book) {
        while let Some((sample, taken)) = book.waiting.front() {
            let keep = self.store.keep_sample(sample, SECONDS, taken.elapsed());
            let kept = tokio::time::timeout(WRITE_MAX, keep).await;
            if let Err(error) = kept.unwrap_or(Err(StoreError::Timeout)) {
                tracing::debug!(%error, waiting = book.waiting.len(), "a sample could not be written");
                return;
            }
            book.waiting.pop_front();
        }
    }

    fn levels(&self) -> Levels {
        let level = |level| self.telemetry.level(level);
        Levels {
            queue_ready: level(Level::QueueReady),
            outbox: level(Level::Outbox),
            dead_letters: level(Level::DeadLetters),
            parked: level(Level::Parked),
            uploads_open: level(Level::UploadsOpen),
            orders_open: level(Level::OrdersOpen),
        }
    }
}

/// The samples of one run that are not written yet.
struct Book {
    instance: Uuid,
    /// How many were taken.
    taken: u64,
    /// Until when, and what had happened by then.
    till: Instant,
    before: Totals,
    waiting: VecDeque<(Sample, Instant)>,
}

impl Book {
    fn new(start: Instant) -> Self {
        Self {
            instance: Uuid::new_v4(),
            taken: 0,
            till: start,
            before: Totals::default(),
            waiting: VecDeque::new(),
        }
    }

    /// Takes a sample of what happened since the one before.
    fn note(&mut self, totals: Totals, levels: Levels, now: Instant) {
        let delta = totals.since(&self.before);
        let sample = Sample {
            instance: self.instance,
            number: self.taken,
            span: now.saturating_duration_since(self.till),
            counts: Counts {
                received: delta.received,
                applied: delta.applied,
                duplicate: delta.duplicate,
                late: delta.late,
                dead: delta.dead,
                ended: delta.ended,
            },
            latency: delta.latency.to_vec(),
            levels,
        };
        if self.waiting.len() >= WAITING_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back((sample, now));
        self.taken += 1;
        (self.till, self.before) = (now, totals);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn applied(applied: u64) -> Totals {
        Totals {
            applied,
            ..Totals::default()
        }
    }

    #[test]
    fn samples_that_wait_keep_their_own_time_and_share() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut book = Book::new(start);
        for (seconds, total) in [(10, 5), (20, 5), (31, 12)] {
            book.note(applied(total), Levels::default(), at(seconds));
        }
        let told = book.waiting.iter();
        let told: Vec<_> = told
            .map(|(sample, taken)| {
                let span = sample.span.as_secs();
                (sample.number, span, sample.counts.applied, *taken)
            })
            .collect();
        let expected = [(0, 10, 5, at(10)), (1, 10, 0, at(20)), (2, 11, 7, at(31))];
        assert_eq!(told, expected);
    }

    #[test]
    fn no_more_wait_than_a_chart_would_show() {
        let start = Instant::now();
        let mut book = Book::new(start);
        for n in 1..=1_000 {
            book.note(applied(n), Levels::default(), start + EVERY);
        }
        assert_eq!(book.waiting.len(), WAITING_MAX);
        let oldest = book.waiting.front().map(|(sample, _)| sample.number);
        assert_eq!(oldest, Some(1_000 - WAITING_MAX as u64));
    }
}
