//! Writes every ten seconds what this process did in them, for the charts of the last hour.
//!
//! While the database does not answer, samples wait here, each with its time, and are written later
//! with that time.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::store::admin::samples::{Levels, Sample, SampleCounts};
use crate::store::{Store, StoreError};
use crate::telemetry::names::SECONDS;
use crate::telemetry::{Level, Telemetry, Totals};

/// How often a sample is recorded.
const EVERY: Duration = Duration::from_secs(10);
/// How long the database may take to write one.
const WRITE_MAX: Duration = Duration::from_secs(2);
/// How many samples may wait, those of an hour; the oldest are dropped first.
const WAITING_MAX: usize = 360;

/// Records the samples of this process.
pub(super) struct Sampler {
    pub(super) store: Store,
    pub(super) telemetry: Telemetry,
}

impl Sampler {
    /// Runs until stopped, and then records a last sample.
    pub(super) async fn run(self, done: CancellationToken) {
        let mut buffer = SampleBuffer::new(Instant::now());
        loop {
            let stopped = tokio::select! {
                () = done.cancelled() => true,
                () = tokio::time::sleep(EVERY) => false,
            };
            let (totals, levels) = (self.telemetry.totals(), self.levels());
            buffer.note(totals, levels, Instant::now());
            self.write(&mut buffer).await;
            if stopped {
                return;
            }
        }
    }

    /// Writes waiting samples, the oldest first. The observer reports a database that does not
    /// answer.
    async fn write(&self, buffer: &mut SampleBuffer) {
        while let Some((sample, recorded_at)) = buffer.waiting.front() {
            let keep = self
                .store
                .keep_sample(sample, SECONDS, recorded_at.elapsed());
            let kept = tokio::time::timeout(WRITE_MAX, keep).await;
            if let Err(error) = kept.unwrap_or(Err(StoreError::Timeout)) {
                tracing::debug!(%error, waiting = buffer.waiting.len(), "a sample could not be written");
                return;
            }
            buffer.waiting.pop_front();
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
struct SampleBuffer {
    instance: Uuid,
    /// How many were recorded.
    recorded: u64,
    /// The end of the last sample, and the totals at that time.
    till: Instant,
    before: Totals,
    waiting: VecDeque<(Sample, Instant)>,
}

impl SampleBuffer {
    fn new(start: Instant) -> Self {
        Self {
            instance: Uuid::new_v4(),
            recorded: 0,
            till: start,
            before: Totals::default(),
            waiting: VecDeque::new(),
        }
    }

    /// Records a sample of the changes since the one before.
    fn note(&mut self, totals: Totals, levels: Levels, now: Instant) {
        let delta = totals.since(&self.before);
        let sample = Sample {
            instance: self.instance,
            number: self.recorded,
            span: now.saturating_duration_since(self.till),
            counts: SampleCounts {
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
        self.recorded += 1;
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
        let mut buffer = SampleBuffer::new(start);
        for (seconds, total) in [(10, 5), (20, 5), (31, 12)] {
            buffer.note(applied(total), Levels::default(), at(seconds));
        }
        let recorded = buffer.waiting.iter();
        let recorded: Vec<_> = recorded
            .map(|(sample, at)| {
                let span = sample.span.as_secs();
                (sample.number, span, sample.counts.applied, *at)
            })
            .collect();
        let expected = [(0, 10, 5, at(10)), (1, 10, 0, at(20)), (2, 11, 7, at(31))];
        assert_eq!(recorded, expected);
    }

    #[test]
    fn no_more_samples_wait_than_a_chart_shows() {
        let start = Instant::now();
        let mut buffer = SampleBuffer::new(start);
        for n in 1..=1_000 {
            buffer.note(applied(n), Levels::default(), start + EVERY);
        }
        assert_eq!(buffer.waiting.len(), WAITING_MAX);
        let oldest = buffer.waiting.front().map(|(sample, _)| sample.number);
        assert_eq!(oldest, Some(1_000 - WAITING_MAX as u64));
    }
}
