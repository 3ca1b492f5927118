//! The table `sample`: what each instance did in a few seconds, for the charts of the last hour.

use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use crate::store::{Store, StoreError, column, from_bigint, to_bigint};

const INSERT: &str = include_str!("../queries/admin/insert_sample.sql");
const DELETE: &str = include_str!("../queries/admin/delete_samples.sql");
const MINUTES: &str = include_str!("../queries/admin/sampled_minutes.sql");
const LATELY: &str = include_str!("../queries/admin/sampled_lately.sql");

/// How long after a minute all its samples are stored: before that its counts are too low.
pub const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// What one instance did in an interval, and the levels at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The instance, new at each start.
    pub instance: Uuid,
    /// Its number within the instance.
    pub number: u64,
    /// The length of the interval.
    pub span: Duration,
    /// The counts of the interval.
    pub counts: SampleCounts,
    /// The latency histogram: events up to each bound, and above the last one.
    pub latency: Vec<u64>,
    /// The levels at the end.
    pub levels: Levels,
}

/// SampleCounts of what happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SampleCounts {
    /// Deliveries received.
    pub received: u64,
    /// Applied events.
    pub applied: u64,
    /// Duplicates.
    pub duplicate: u64,
    /// Late events.
    pub late: u64,
    /// Messages that can't be applied.
    pub dead: u64,
    /// Processes that ended: done, with a warning, with an error, cancelled.
    pub ended: [u64; 4],
}

/// Levels, where known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// Ready messages in the queues.
    pub queue_ready: Option<u64>,
    /// Messages in the outbox.
    pub outbox: Option<u64>,
    /// Dead letters.
    pub dead_letters: Option<u64>,
    /// Parked pushes.
    pub parked: Option<u64>,
    /// Uploads that have not ended.
    pub uploads_open: Option<u64>,
    /// Orders that have not ended.
    pub orders_open: Option<u64>,
}

/// What all instances did in one minute; levels are the highest of the minute.
#[derive(Debug, Clone, PartialEq)]
pub struct Minute {
    /// Its start.
    pub start: Timestamp,
    /// The counts of the interval.
    pub counts: SampleCounts,
    /// The latency histogram; empty where it was sampled with other bounds.
    pub latency: Vec<u64>,
    /// The levels at the end.
    pub levels: Levels,
}

/// What all instances did recently.
#[derive(Debug, Clone, PartialEq)]
pub struct Lately {
    /// The database's time.
    pub now: Timestamp,
    /// Events applied within the last minute.
    pub applied: u64,
    /// How many seconds of that minute are covered by samples; `None` without any.
    pub seconds: Option<f64>,
    /// Ready messages in the queues, where known.
    pub queue_ready: Option<u64>,
    /// The latency histogram of the last five minutes; empty where unknown.
    pub latency: Vec<u64>,
}

impl Store {
    /// Stores a sample that is `ago` old; one that is stored already stays.
    pub async fn keep_sample(
        &self,
        sample: &Sample,
        bounds: &[f64],
        ago: Duration,
    ) -> Result<(), StoreError> {
        let SampleCounts { ended, .. } = sample.counts;
        let counts = counts(&sample.counts).into_iter().chain(ended);
        let counts: Vec<i64> = counts.map(to_bigint).collect();
        let latency = column(&sample.latency, |events| to_bigint(*events));
        let levels = levels(&sample.levels).map(|level| level.map(to_bigint));
        let (number, ago, span) = (to_bigint(sample.number), ago.as_secs_f64(), sample.span);
        let seconds = span.as_secs_f64();
        let mut values: Vec<&(dyn ToSql + Sync)> = vec![&sample.instance, &number, &ago, &seconds];
        values.extend(counts.iter().map(|count| count as &(dyn ToSql + Sync)));
        values.extend([&bounds as &(dyn ToSql + Sync), &latency]);
        values.extend(levels.iter().map(|level| level as &(dyn ToSql + Sync)));
        self.run(INSERT, &values).await.map(drop)
    }

    /// Deletes at most `limit` samples older than `kept_for`; returns how many.
    pub async fn delete_samples(&self, kept_for: Duration, limit: i64) -> Result<u64, StoreError> {
        self.alone(DELETE, &[&kept_for.as_secs_f64(), &limit]).await
    }

    /// The last sixty settled minutes, without those that have no sample.
    pub async fn sampled_minutes(&self, bounds: &[f64]) -> Result<Vec<Minute>, StoreError> {
        let rows = self
            .rows(MINUTES, &[&bounds, &SETTLED_AFTER.as_secs_f64()])
            .await?;
        Ok(rows.iter().map(minute).collect())
    }

    /// The last minutes.
    pub async fn sampled_lately(&self, bounds: &[f64]) -> Result<Lately, StoreError> {
        let row = self.row(LATELY, &[&bounds]).await?;
        Ok(Lately {
            now: row.get(0),
            applied: from_bigint(row.get(1)),
            seconds: row.get(2),
            queue_ready: level(&row, 3),
            latency: buckets(&row, 4),
        })
    }
}

/// In the order of the columns, without `ended`.
fn counts(counts: &SampleCounts) -> [u64; 5] {
    [
        counts.received,
        counts.applied,
        counts.duplicate,
        counts.late,
        counts.dead,
    ]
}

/// In the order of the columns.
fn levels(levels: &Levels) -> [Option<u64>; 6] {
    [
        levels.queue_ready,
        levels.outbox,
        levels.dead_letters,
        levels.parked,
        levels.uploads_open,
        levels.orders_open,
    ]
}

fn minute(row: &Row) -> Minute {
    let count = |at: usize| from_bigint(row.get(at));
    Minute {
        start: row.get(0),
        counts: SampleCounts {
            received: count(1),
            applied: count(2),
            duplicate: count(3),
            late: count(4),
            dead: count(5),
            ended: [count(6), count(7), count(8), count(9)],
        },
        latency: buckets(row, 10),
        levels: Levels {
            queue_ready: level(row, 11),
            outbox: level(row, 12),
            dead_letters: level(row, 13),
            parked: level(row, 14),
            uploads_open: level(row, 15),
            orders_open: level(row, 16),
        },
    }
}

fn level(row: &Row, at: usize) -> Option<u64> {
    row.get::<_, Option<i64>>(at).map(from_bigint)
}

fn buckets(row: &Row, at: usize) -> Vec<u64> {
    let events: Vec<i64> = row.get(at);
    events.into_iter().map(from_bigint).collect()
}
