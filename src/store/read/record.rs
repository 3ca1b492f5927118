//! Reading processes for people: the records, their histories, their items.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::feed_cursor::{self, FeedCursor};
use crate::domain::{Item, Process, ProcessKey};
use crate::store::write::process;
use crate::store::{Connection, Store, StoreError, Unreadable, column, from_bigint};

const RECORDS: &str = include_str!("../queries/read/read_processes.sql");
const COUNTS: &str = include_str!("../queries/read/count_events.sql");
const EVENTS: &str = include_str!("../queries/read/read_events.sql");
const ITEMS: &str = include_str!("../queries/read/read_items.sql");

/// One process with its events and items.
#[derive(Debug, Clone)]
pub struct Record {
    /// The record.
    pub process: Process,
    /// When its first event was stored.
    pub created_at: Timestamp,
    /// When it was sealed, by the database's clock.
    pub sealed_at: Option<Timestamp>,
    /// Since when its completion is known to be unroutable.
    pub unroutable_at: Option<Timestamp>,
    /// The number of its messages in the outbox.
    pub outbox: u64,
    /// How many events were logged; this and the next two only if requested.
    pub logged: u64,
    /// How many of them are late.
    pub late: u64,
    /// The place of its newest event that is visible to the feed.
    pub cursor: Option<FeedCursor>,
    /// Its log in the order of stamps.
    pub events: Vec<LoggedEvent>,
    /// Its items by identifier, those that failed first.
    pub items: Vec<Item>,
}

impl Record {
    /// The record alone, of a process that is not sealed.
    pub(crate) const fn of(process: Process, created_at: Timestamp) -> Self {
        Self {
            process,
            created_at,
            sealed_at: None,
            unroutable_at: None,
            outbox: 0,
            logged: 0,
            late: 0,
            cursor: None,
            events: Vec::new(),
            items: Vec::new(),
        }
    }
}

/// A record, or why it can't be read; `None` if there is none.
pub type StoredRecord = Option<Result<Record, Unreadable>>;

/// A query of one process.
#[derive(Debug, Clone, Copy)]
pub struct RecordQuery {
    /// The process.
    pub key: ProcessKey,
    /// The most events of its log.
    pub events: i64,
    /// The most of its items.
    pub items: i64,
    /// Whether to read their data; that of steps is always read.
    pub data: bool,
    /// Whether to count its log.
    pub counts: bool,
}

/// One event of the log.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// Who produced it.
    pub source: String,
    /// Its id.
    pub id: String,
    /// Its type.
    pub type_name: String,
    /// When it happened.
    pub time: Timestamp,
    /// The producer's count.
    pub sequence: Option<u64>,
    /// Whether its process had ended.
    pub late: bool,
    /// Its data, JSON as received; empty if not requested.
    pub data: String,
    /// When it was logged.
    pub received_at: Timestamp,
    /// Why it became a dead letter after it had been logged, if it did.
    pub refused: Option<String>,
}

impl Store {
    /// A process with at most `events` events and `items` items; `None` if it does not exist.
    pub async fn record(
        &self,
        key: ProcessKey,
        events: i64,
        items: i64,
    ) -> Result<Option<Record>, StoreError> {
        let query = RecordQuery {
            key,
            events,
            items,
            data: true,
            counts: true,
        };
        let found = self.records(&[query], i64::MAX).await?.pop().flatten();
        Ok(found.transpose()?)
    }

    /// These processes, in the same order, in one round trip. Once the data of their events
    /// reaches `bytes_max`, no more events are read; items likewise.
    pub async fn records(
        &self,
        queries: &[RecordQuery],
        bytes_max: i64,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let connection = self.connection().await?;
        // Each statement sees what the previous one saw, and what was committed since. So the
        // newest events' places are read first: a record may be newer than its place, never older.
        // Otherwise a reader of the feed from that place would miss what the record has not.
        let (counts, records, events, items) = tokio::join!(
            biased;
            counts(&connection, queries),
            bare(&connection, queries),
            lists(&connection, EVENTS, queries, |query| query.events, bytes_max),
            lists(&connection, ITEMS, queries, |query| query.items, bytes_max),
        );
        let records = records?;
        let found = |query: &RecordQuery| records.get(&query.key).cloned();
        let mut found: Vec<_> = queries.iter().map(found).collect();
        for row in counts? {
            if let Some(record) = at(&mut found, row.get(3)) {
                record.logged = from_bigint(row.get(0));
                record.late = from_bigint(row.get(1));
                record.cursor = feed_cursor::from_array(row.get(2))?;
            }
        }
        for row in events? {
            if let Some(record) = at(&mut found, row.get(8)) {
                record.events.push(logged_event(&row));
            }
        }
        for row in items? {
            if let Some(record) = at(&mut found, row.get(5)) {
                record.items.push(item(&row));
            }
        }
        Ok(found)
    }
}

/// The records without their lists.
async fn bare(
    connection: &Connection,
    queries: &[RecordQuery],
) -> Result<HashMap<ProcessKey, Result<Record, Unreadable>>, StoreError> {
    let keys = column(queries, |query| query.key.0);
    let rows = connection.rows(RECORDS, &[&keys]).await?;
    let record = |row: &Row| {
        Ok(Record {
            sealed_at: row.get(31),
            unroutable_at: row.get(32),
            outbox: from_bigint(row.get(33)),
            ..Record::of(process::from_row(row)?, row.get(30))
        })
    };
    let by_key = rows.iter().map(|row| (ProcessKey(row.get(0)), record(row)));
    Ok(by_key.collect())
}

/// The lengths of the logs, if requested; each row ends with the number of its query.
async fn counts(connection: &Connection, queries: &[RecordQuery]) -> Result<Vec<Row>, StoreError> {
    if queries.iter().all(|query| !query.counts) {
        return Ok(Vec::new());
    }
    let counted = |query: &RecordQuery| query.counts.then_some(query.key.0);
    let keys = column(queries, counted);
    connection.rows(COUNTS, &[&keys]).await
}

/// The requested events or items; each row ends with the number of its query.
async fn lists(
    connection: &Connection,
    statement: &'static str,
    queries: &[RecordQuery],
    most: impl Fn(&RecordQuery) -> i64,
    bytes_max: i64,
) -> Result<Vec<Row>, StoreError> {
    if queries.iter().all(|query| most(query) == 0) {
        return Ok(Vec::new());
    }
    let keys = column(queries, |query| query.key.0);
    let most = column(queries, most);
    let data = column(queries, |query| query.data);
    connection
        .rows(statement, &[&keys, &most, &bytes_max, &data])
        .await
}

/// The record at the index that `with ordinality` counts from 1.
fn at(found: &mut [StoredRecord], number: i64) -> Option<&mut Record> {
    let place = usize::try_from(number - 1).ok()?;
    found.get_mut(place)?.as_mut()?.as_mut().ok()
}

/// Reads the columns of `read_events.sql`.
pub(super) fn logged_event(row: &Row) -> LoggedEvent {
    LoggedEvent {
        source: row.get(0),
        id: row.get(1),
        type_name: row.get(2),
        time: row.get(3),
        sequence: row.get::<_, Option<i64>>(4).map(from_bigint),
        late: row.get(5),
        data: row.get(6),
        received_at: row.get(7),
        refused: row.get("refused"),
    }
}

fn item(row: &Row) -> Item {
    Item {
        identifier: row.get(0),
        ok: row.get(1),
        // Nulls are skipped.
        messages: row
            .get::<_, Vec<Option<String>>>(2)
            .into_iter()
            .flatten()
            .collect(),
        document_id: row.get(3),
        data: row.get(4),
    }
}
