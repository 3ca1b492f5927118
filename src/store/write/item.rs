//! The table `item`: reading and writing outcomes, and their summary for completions.

use std::collections::HashMap;

use uuid::Uuid;

use super::event::NewEvent;
use crate::domain::completion::{DOCUMENTS_MAX, ERRORS_MAX, ItemError, ItemSummary, MESSAGES_MAX};
use crate::domain::merge::Outcomes;
use crate::domain::{Happening, Item, ProcessKey, Stamp};
use crate::store::connection::Values;
use crate::store::{Connection, StoreError, Unreadable, column, from_bigint, stamp};

pub(super) const LOAD: &str = include_str!("../queries/write/load_outcomes.sql");
pub(super) const UPSERT: &str = include_str!("../queries/write/upsert_items.sql");
const DELETE: &str = include_str!("../queries/write/delete_items.sql");
pub(super) const SUMMARIZE: &str = include_str!("../queries/write/summarize_items.sql");

/// A changed outcome of an item.
#[derive(Debug, Clone, PartialEq)]
pub struct ChangedItem {
    /// Its process.
    pub key: ProcessKey,
    /// Its new outcome.
    pub item: Item,
    /// The stamp it won with.
    pub stamp: Stamp,
}

/// The stored outcomes of every item that the events mention, and those that can't be read.
pub(super) async fn load(
    connection: &Connection,
    events: &[&NewEvent],
) -> Result<
    (
        HashMap<ProcessKey, Outcomes>,
        HashMap<ProcessKey, Unreadable>,
    ),
    StoreError,
> {
    let mut mentioned: Vec<(Uuid, &str)> = Vec::new();
    for event in events {
        if let Happening::Items(items) = &event.event.happening {
            mentioned.extend(items.iter().map(|i| (event.key.0, i.identifier.as_str())));
        }
    }
    let mut outcomes: HashMap<ProcessKey, Outcomes> = HashMap::new();
    let mut unreadable = HashMap::new();
    mentioned.sort_unstable();
    mentioned.dedup();
    let keys = column(&mentioned, |(key, _)| *key);
    let identifiers = column(&mentioned, |(_, identifier)| *identifier);
    let rows = connection
        .rows_for(&mentioned, LOAD, &[&keys, &identifiers])
        .await?;
    for row in rows {
        let key = ProcessKey(row.get(0));
        let outcomes = outcomes.entry(key).or_default();
        match stamp::decode("item.stamp", row.get(3)) {
            Ok(stamp) => outcomes.load(row.get(1), row.get(2), stamp),
            Err(stamp) => {
                unreadable.insert(key, stamp);
            }
        }
    }
    Ok((outcomes, unreadable))
}

/// Deletes the items of records that turn out to be of the other kind.
pub(super) async fn delete(connection: &Connection, keys: &[ProcessKey]) -> Result<(), StoreError> {
    let keys = column(keys, |key| key.0);
    connection.run_for(&keys, DELETE, &[&keys]).await.map(drop)
}

/// Writes outcomes, each item once.
pub(super) async fn upsert(
    connection: &Connection,
    items: &[ChangedItem],
) -> Result<(), StoreError> {
    let messages = |i: &ChangedItem| serde_json::json!(i.item.messages).to_string();
    let values: Values<'_> = &[
        &column(items, |i| i.key.0),
        &column(items, |i| i.item.identifier.as_str()),
        &column(items, |i| i.item.ok),
        &column(items, messages),
        &column(items, |i| i.item.document_id.as_deref()),
        &column(items, |i| i.item.data.as_deref()),
        &column(items, |i| stamp::encode(&i.stamp)),
    ];
    connection.run_for(items, UPSERT, values).await.map(drop)
}

/// The summaries of the items of these processes, for completions.
pub(super) async fn summarize(
    connection: &Connection,
    keys: &[Uuid],
) -> Result<HashMap<ProcessKey, ItemSummary>, StoreError> {
    let (errors, documents) = (limit(ERRORS_MAX), limit(DOCUMENTS_MAX));
    let messages = i32::try_from(MESSAGES_MAX).unwrap_or(i32::MAX);
    let rows = connection
        .rows_for(keys, SUMMARIZE, &[&keys, &errors, &documents, &messages])
        .await?;
    let mut summaries = HashMap::with_capacity(rows.len());
    for row in rows {
        let identifiers: Option<Vec<String>> = row.get(1);
        let messages: Option<Vec<String>> = row.get(2);
        let failed = identifiers
            .unwrap_or_default()
            .into_iter()
            .zip(messages.unwrap_or_default());
        let errors = failed.map(item_error).collect::<Result<_, _>>()?;
        let summary = ItemSummary {
            errors,
            document_ids: row.get(3),
            document_count: from_bigint(row.get(4)),
        };
        summaries.insert(ProcessKey(row.get(0)), summary);
    }
    Ok(summaries)
}

fn limit(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// The server writes the array as JSON, which can't fail; nulls in it are skipped.
fn item_error((identifier, messages): (String, String)) -> Result<ItemError, StoreError> {
    let messages: Vec<Option<String>> =
        serde_json::from_str(&messages).map_err(|_| StoreError::Corrupt("item messages"))?;
    Ok(ItemError {
        identifier,
        messages: messages.into_iter().flatten().collect(),
    })
}
