//! Reading one process for people: the record, its history, its items.

use jiff::Timestamp;
use uuid::Uuid;

use super::{Connection, Store, StoreError, column, from_bigint, process};
use crate::core::{Process, ProcessKey};

const RECORD: &str = include_str!("queries/read_process.sql");
const EVENTS: &str = include_str!("queries/read_events.sql");
const ITEMS: &str = include_str!("queries/read_items.sql");

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
    /// How many events were logged.
    pub logged: u64,
    /// How many of them came after its end.
    pub late: u64,
    /// Its log in the order of stamps.
    pub events: Vec<LoggedEvent>,
    /// Its items by identifier, those that failed first.
    pub items: Vec<StoredItem>,
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
    /// Its data, JSON as received.
    pub data: String,
    /// When it was logged.
    pub received_at: Timestamp,
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
    /// The producer's fields, JSON.
    pub data: Option<String>,
}

impl Store {
    /// The process of that token with at most so many events and items; `None` if nobody ever
    /// spoke of it.
    pub async fn record(
        &self,
        key: ProcessKey,
        events_max: i64,
        items_max: i64,
    ) -> Result<Option<Record>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(RECORD).await?;
        let Some(row) = connection.query_opt(&statement, &[&key.0]).await? else {
            return Ok(None);
        };
        Ok(Some(Record {
            process: process::from_row(&row)?,
            created_at: row.get(30),
            sealed_at: row.get(31),
            unroutable_at: row.get(32),
            outbox: from_bigint(row.get(33)),
            logged: from_bigint(row.get(34)),
            late: from_bigint(row.get(35)),
            events: events(&connection, key.0, events_max).await?,
            items: items(&connection, key.0, items_max).await?,
        }))
    }
}

async fn events(
    connection: &Connection,
    key: Uuid,
    limit: i64,
) -> Result<Vec<LoggedEvent>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let statement = connection.prepared(EVENTS).await?;
    let rows = connection.query(&statement, &[&key, &limit]).await?;
    Ok(column(&rows, logged_event))
}

/// Reads the columns of `read_events.sql`.
pub(super) fn logged_event(row: &tokio_postgres::Row) -> LoggedEvent {
    LoggedEvent {
        source: row.get(0),
        id: row.get(1),
        type_name: row.get(2),
        time: row.get(3),
        sequence: row.get::<_, Option<i64>>(4).map(from_bigint),
        late: row.get(5),
        data: row.get(6),
        received_at: row.get(7),
    }
}

async fn items(
    connection: &Connection,
    key: Uuid,
    limit: i64,
) -> Result<Vec<StoredItem>, StoreError> {
    if limit == 0 {
        return Ok(Vec::new());
    }
    let statement = connection.prepared(ITEMS).await?;
    let rows = connection.query(&statement, &[&key, &limit]).await?;
    let item = |row: &tokio_postgres::Row| StoredItem {
        identifier: row.get(0),
        ok: row.get(1),
        messages: row.get(2),
        document_id: row.get(3),
        data: row.get(4),
    };
    Ok(column(&rows, item))
}
