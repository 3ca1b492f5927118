//! Look-ups for many processes in one query: items, their data, uploaded files, and the times at
//! which events were logged.

use std::collections::HashMap;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::history::LogPlace;
use crate::domain::ProcessKey;
use crate::domain::completion::MESSAGES_MAX;
use crate::store::connection::Values;
use crate::store::{Store, StoreError, column, from_bigint, to_bigint};

const ITEMS: &str = include_str!("../queries/read/find_items.sql");
const DATA: &str = include_str!("../queries/read/find_item_data.sql");
const FILES: &str = include_str!("../queries/read/first_files.sql");
const EVENT_TIMES: &str = include_str!("../queries/read/find_event_times.sql");

/// The outcome of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundItem {
    /// Whether it succeeded.
    pub ok: bool,
    /// The first lines of what people read.
    pub messages: Vec<String>,
    /// The document it became.
    pub document_id: Option<String>,
    /// How long its data is, if it has any.
    pub bytes: Option<u64>,
}

/// A file that was stored completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundFile {
    /// Its object in the file store, below its process.
    pub object: Uuid,
    /// Bytes.
    pub size: u64,
    /// The SHA-256 of its contents, in hexadecimal.
    pub sha256: String,
}

impl Store {
    /// These items, in the same order; `None` where there is none.
    pub async fn find_items(
        &self,
        items: &[(ProcessKey, &str)],
    ) -> Result<Vec<Option<FoundItem>>, StoreError> {
        let mut found = vec![None; items.len()];
        let keys = column(items, |(key, _)| key.0);
        let identifiers = column(items, |(_, identifier)| *identifier);
        let lines = i32::try_from(MESSAGES_MAX).unwrap_or(i32::MAX);
        let values: Values<'_> = &[&keys, &identifiers, &lines];
        let rows = self.rows_for(items, ITEMS, values).await?;
        for row in rows {
            let item = FoundItem {
                ok: row.get(0),
                messages: row.get(1),
                document_id: row.get(2),
                bytes: row.get::<_, Option<i64>>(3).map(from_bigint),
            };
            put(&mut found, &row, 4, item);
        }
        Ok(found)
    }

    /// The data of these items, in the same order, where it still has the given number of bytes.
    pub async fn item_data(
        &self,
        items: &[(ProcessKey, &str, u64)],
    ) -> Result<Vec<Option<String>>, StoreError> {
        let mut found = vec![None; items.len()];
        let keys = column(items, |(key, _, _)| key.0);
        let identifiers = column(items, |(_, identifier, _)| *identifier);
        let bytes = column(items, |(_, _, bytes)| to_bigint(*bytes));
        let values: Values<'_> = &[&keys, &identifiers, &bytes];
        let rows = self.rows_for(items, DATA, values).await?;
        for row in rows {
            put(&mut found, &row, 1, row.get(0));
        }
        Ok(found)
    }

    /// The first complete file of each of these processes that has one.
    pub async fn first_files(
        &self,
        keys: &[ProcessKey],
    ) -> Result<HashMap<ProcessKey, FoundFile>, StoreError> {
        let keys = column(keys, |key| key.0);
        let rows = self.rows_for(&keys, FILES, &[&keys]).await?;
        let file = |row: &Row| {
            let file = FoundFile {
                object: row.get(1),
                size: from_bigint(row.get(2)),
                sha256: row.get(3),
            };
            (ProcessKey(row.get(0)), file)
        };
        Ok(rows.iter().map(file).collect())
    }

    /// When the events at these places were logged, in the same order.
    pub async fn moments(&self, places: &[LogPlace]) -> Result<Vec<Option<Timestamp>>, StoreError> {
        let mut found = vec![None; places.len()];
        let keys = column(places, |place| place.key.0);
        let epochs = column(places, |place| place.cursor.epoch);
        let transactions = column(places, |place| place.cursor.tx.to_string());
        let positions = column(places, |place| place.cursor.pos);
        let values: Values<'_> = &[&keys, &epochs, &transactions, &positions];
        let rows = self.rows_for(places, EVENT_TIMES, values).await?;
        for row in rows {
            put(&mut found, &row, 1, row.get(0));
        }
        Ok(found)
    }
}

/// Stores a value at the index that `with ordinality` counts from 1 in that column.
fn put<T>(found: &mut [Option<T>], row: &Row, number: usize, value: T) {
    let place = usize::try_from(row.get::<_, i64>(number) - 1).ok();
    if let Some(found) = place.and_then(|place| found.get_mut(place)) {
        *found = Some(value);
    }
}
