//! The table `sample`: what each running program did in the last seconds, for the charts of the last
//! hour.

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

/// When all samples of a minute are there: before that it would seem to have been a quiet one.
pub const SETTLED_AFTER: Duration = Duration::from_secs(10);

/// What one program did in a stretch of time, and how things stood at its end.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The run of a program that it is of.
    pub instance: Uuid,
    /// Its place among those of the same run.
    pub number: u64,
    /// How long the stretch was.
    pub span: Duration,
    /// What happened in it.
    pub counts: Counts,
    /// Events by how long they took: up to each of the bounds, and beyond the last one.
    pub latency: Vec<u64>,
    /// How things stood.
    pub levels: Levels,
}

/// How much happened.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Deliveries taken.
    pub received: u64,
    /// Events that had their effect.
    pub applied: u64,
    /// Repetitions.
    pub duplicate: u64,
    /// Events that came after the end.
    pub late: u64,
    /// Messages that can't be applied.
    pub dead: u64,
    /// Processes that ended: done, with a warning, with an error, cancelled.
    pub ended: [u64; 4],
}

/// How things stood, where it was known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels {
    /// Events that wait in the queues.
    pub queue_ready: Option<u64>,
    /// Messages that wait to be published.
    pub outbox: Option<u64>,
    /// Dead letters that wait for somebody.
    pub dead_letters: Option<u64>,
    /// Pushes that wait for their stops.
    pub parked: Option<u64>,
    /// Uploads that have not ended.
    pub uploads_open: Option<u64>,
    /// Orders that have not ended.
    pub orders_open: Option<u64>,
}

/// What all programs did in one minute; levels are the highest that was seen in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Minute {
    /// When it began.
    pub start: Timestamp,
    /// What happened in it.
    pub counts: Counts,
    /// Events by how long they took; empty where that was told apart by other bounds.
    pub latency: Vec<u64>,
    /// How things stood.
    pub levels: Levels,
}

/// What all programs did just now.
#[derive(Debug, Clone, PartialEq)]
pub struct Lately {
    /// The database's time.
    pub now: Timestamp,
    /// Events that had their effect within the last minute.
    pub applied: u64,
    /// How many seconds of that minute are known; nothing where no program runs.
    pub seconds: Option<f64>,
    /// Events that wait in the queues, where a program knows.
    pub queue_ready: Option<u64>,
    /// Events of the last five minutes by how long they took; empty where none is known.
    pub latency: Vec<u64>,
}

impl Store {
    /// Keeps a sample that was taken so long ago; one that is there already stays.
    pub async fn keep_sample(
        &self,
        sample: &Sample,
        bounds: &[f64],
        ago: Duration,
    ) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(INSERT).await?;
        let Counts { ended, .. } = sample.counts;
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
        connection.execute(&statement, &values).await?;
        Ok(())
    }

    /// Lets go of at most `limit` samples older than that; says how many there were.
    pub async fn delete_samples(&self, kept_for: Duration, limit: i64) -> Result<u64, StoreError> {
        self.alone(DELETE, &[&kept_for.as_secs_f64(), &limit]).await
    }

    /// The last sixty settled minutes, those without a sample left out.
    pub async fn sampled_minutes(&self, bounds: &[f64]) -> Result<Vec<Minute>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(MINUTES).await?;
        let rows = connection
            .query(&statement, &[&bounds, &SETTLED_AFTER.as_secs_f64()])
            .await?;
        Ok(rows.iter().map(minute).collect())
    }

    /// The last moments.
    pub async fn sampled_lately(&self, bounds: &[f64]) -> Result<Lately, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(LATELY).await?;
        let row = connection.query_one(&statement, &[&bounds]).await?;
        Ok(Lately {
            now: row.get(0),
            applied: from_bigint(row.get(1)),
            seconds: row.get(2),
            queue_ready: level(&row, 3),
            latency: buckets(&row, 4),
        })
    }
}

/// In the order of the columns, without the ends.
fn counts(counts: &Counts) -> [u64; 5] {
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
        counts: Counts {
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
