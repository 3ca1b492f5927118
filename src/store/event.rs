//! The table `event`: the log of what was applied, which is also what recognises repetitions.

use std::collections::HashMap;

use uuid::Uuid;

use super::{Connection, StoreError, column, from_bigint, to_bigint};
use crate::core::{Event, ProcessKey};

pub(super) const INSERT: &str = include_str!("queries/insert_events.sql");

pub(super) const COUNT_SEQUENCED: &str = include_str!("queries/count_sequenced.sql");

/// An event on its way into the log.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The key of its process, computed once.
    pub key: ProcessKey,
    /// What happened.
    pub event: Event,
    /// Its type as producers write it.
    pub type_name: &'static str,
    /// Its data as received.
    pub data: String,
}

/// An event that the log did not know.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Inserted {
    /// Its process.
    pub key: ProcessKey,
    /// Who produced it.
    pub source: String,
    /// Its id.
    pub id: String,
    /// Whether its process had ended.
    pub late: bool,
}

/// Logs events, each identity once in `events`; says which of them are new. Events of another
/// kind than their process are left out.
pub(super) async fn insert(
    connection: &Connection,
    events: &[&NewEvent],
) -> Result<Vec<Inserted>, StoreError> {
    let statement = connection.prepared(INSERT).await?;
    let rows = connection
        .query(
            &statement,
            &[
                &column(events, |e| e.key.0),
                &column(events, |e| e.event.kind.name()),
                &column(events, |e| e.event.stamp.source.as_str()),
                &column(events, |e| e.event.stamp.id.as_str()),
                &column(events, |e| e.type_name),
                &column(events, |e| e.event.stamp.time),
                &column(events, |e| e.event.stamp.sequence.map(to_bigint)),
                &column(events, |e| e.data.as_str()),
            ],
        )
        .await?;
    let inserted = |row: &tokio_postgres::Row| Inserted {
        key: ProcessKey(row.get::<_, Uuid>(0)),
        source: row.get(1),
        id: row.get(2),
        late: row.get(3),
    };
    Ok(column(&rows, inserted))
}

/// How many different sequences below the given one each process has in the log.
pub(super) async fn count_sequenced(
    connection: &Connection,
    below: &[(ProcessKey, u64)],
) -> Result<HashMap<ProcessKey, u64>, StoreError> {
    if below.is_empty() {
        return Ok(HashMap::new());
    }
    let statement = connection.prepared(COUNT_SEQUENCED).await?;
    let keys = column(below, |(key, _)| key.0);
    let sequences = column(below, |(_, sequence)| to_bigint(*sequence));
    let rows = connection.query(&statement, &[&keys, &sequences]).await?;
    let counts = rows
        .iter()
        .map(|row| (ProcessKey(row.get(0)), from_bigint(row.get(1))));
    Ok(counts.collect())
}
