//! Reading processes for people: the records, their histories, their items. One is read as many are.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::Row;

use super::feed_cursor::{self, Cursor};
use crate::domain::{Process, ProcessKey};
use crate::store::write::process;
use crate::store::{Connection, Store, StoreError, Unreadable, column, from_bigint};

const RECORDS: &str = include_str!("../queries/read/read_processes.sql");
const COUNTS: &str = include_str!("../queries/read/count_events.sql");
const EVENTS: &str = include_str!("../queries/read/read_events.sql");
const ITEMS: &str = include_str!("../queries/read/read_items.sql");

/// One process with what hangs on it.
#[derive(Debug, Clone)]
pub struct Record {
    /// The record.
    pub process: Process,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// When it was sealed, by the database's clock.
    pub sealed_at: Option<Timestamp>,
    /// Since when its completion is known to have had no queue.
    pub unroutable_at: Option<Timestamp>,
    /// Messages about it that are still to be published.
    pub outbox: u64,
    /// How many events were logged; this and the next two where they are wanted.
    pub logged: u64,
    /// How many of them came after its end.
    pub late: u64,
    /// The place of its newest event that readers of the feed have been given.
    pub cursor: Option<Cursor>,
    /// Its log in the order of stamps.
    pub events: Vec<LoggedEvent>,
    /// Its items by identifier, those that failed first.
    pub items: Vec<StoredItem>,
}

/// A record, or why it can't be read; nothing if there is none.
pub type StoredRecord = Option<Result<Record, Unreadable>>;

/// What is wanted of one process.
#[derive(Debug, Clone, Copy)]
pub struct RecordQuery {
    /// Which one.
    pub key: ProcessKey,
    /// At most so many events of its log.
    pub events: i64,
    /// At most so many of its items.
    pub items: i64,
    /// Whether they come with their data; steps always do.
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
    /// Its data, JSON as received; empty where it is not wanted.
    pub data: String,
    /// When it was logged.
    pub received_at: Timestamp,
    /// Why it became a dead letter after it had been logged, if it did.
    pub refused: Option<String>,
}

/// One item as stored.
#[derive(Debug, Clone)]
pub struct StoredItem {
    /// Its name.
    pub identifier: String,
    /// Whether it succeeded.
    pub ok: bool,
    /// What people read.
    pub messages: Vec<String>,
    /// The document it became.
    pub document_id: Option<String>,
    /// The producer's fields, JSON, where they are wanted.
    pub data: Option<String>,
}

impl Store {
    /// The process of that token with at most so many events and items; `None` if nobody ever
    /// spoke of it.
    pub async fn record(
        &self,
        key: ProcessKey,
        events: i64,
        items: i64,
    ) -> Result<Option<Record>, StoreError> {
        let wanted = RecordQuery {
            key,
            events,
            items,
            data: true,
            counts: true,
        };
        let found = self.records(&[wanted], i64::MAX).await?.pop().flatten();
        Ok(found.transpose()?)
    }

    /// These processes, each at its place, in one round trip however many. Of all their events
    /// together no more are read once their data reaches `bytes_max`, and of their items likewise.
    pub async fn records(
        &self,
        wanted: &[RecordQuery],
        bytes_max: i64,
    ) -> Result<Vec<StoredRecord>, StoreError> {
        let connection = self.connection().await?;
        // Each sees what the one before it saw, and what was committed since. So the places of the
        // newest events come first: a record may be newer than its place, and never older, or
        // whoever asks on after that would not hear of what the record lacks.
        let (counts, records, events, items) = tokio::join!(
            biased;
            counts(&connection, wanted),
            bare(&connection, wanted),
            lists(&connection, EVENTS, wanted, |wanted| wanted.events, bytes_max),
            lists(&connection, ITEMS, wanted, |wanted| wanted.items, bytes_max),
        );
        let records = records?;
        let found = |wanted: &RecordQuery| records.get(&wanted.key).cloned();
        let mut found: Vec<_> = wanted.iter().map(found).collect();
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
    wanted: &[RecordQuery],
) -> Result<HashMap<ProcessKey, Result<Record, Unreadable>>, StoreError> {
    let statement = connection.prepared(RECORDS).await?;
    let keys = column(wanted, |wanted| wanted.key.0);
    let rows = connection.query(&statement, &[&keys]).await?;
    let record = |row: &Row| {
        Ok(Record {
            process: process::from_row(row)?,
            created_at: row.get(30),
            sealed_at: row.get(31),
            unroutable_at: row.get(32),
            outbox: from_bigint(row.get(33)),
            logged: 0,
            late: 0,
            cursor: None,
            events: Vec::new(),
            items: Vec::new(),
        })
    };
    let by_key = rows.iter().map(|row| (ProcessKey(row.get(0)), record(row)));
    Ok(by_key.collect())
}

/// How long the logs are, where somebody wants to know; each row ends with the number of its wish.
async fn counts(connection: &Connection, wanted: &[RecordQuery]) -> Result<Vec<Row>, StoreError> {
    if wanted.iter().all(|wanted| !wanted.counts) {
        return Ok(Vec::new());
    }
    let statement = connection.prepared(COUNTS).await?;
    let counted = |wanted: &RecordQuery| wanted.counts.then_some(wanted.key.0);
    let keys = column(wanted, counted);
    Ok(connection.query(&statement, &[&keys]).await?)
}

/// What hangs on those processes of which some is wanted; each row ends with the number of its wish.
async fn lists(
    connection: &Connection,
    statement: &'static str,
    wanted: &[RecordQuery],
    most: impl Fn(&RecordQuery) -> i64,
    bytes_max: i64,
) -> Result<Vec<Row>, StoreError> {
    if wanted.iter().all(|wanted| most(wanted) == 0) {
        return Ok(Vec::new());
    }
    let statement = connection.prepared(statement).await?;
    let keys = column(wanted, |wanted| wanted.key.0);
    let most = column(wanted, most);
    let data = column(wanted, |wanted| wanted.data);
    let rows = connection
        .query(&statement, &[&keys, &most, &bytes_max, &data])
        .await?;
    Ok(rows)
}

/// The place that `with ordinality` counts from 1.
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

fn item(row: &Row) -> StoredItem {
    StoredItem {
        identifier: row.get(0),
        ok: row.get(1),
        // A null in it is no message.
        messages: row
            .get::<_, Vec<Option<String>>>(2)
            .into_iter()
            .flatten()
            .collect(),
        document_id: row.get(3),
        data: row.get(4),
    }
}
