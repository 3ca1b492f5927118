//! The table `dead_letter`: messages that could not be applied, kept until an operator replays or
//! discards them.

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use crate::store::admin::audit::{Act, Action};
use crate::store::connection::Values;
use crate::store::{Connection, Store, StoreError, column};

pub(super) const INSERT: &str = include_str!("../queries/write/insert_dead_letters.sql");
const LIST: &str = include_str!("../queries/write/list_dead_letters.sql");
const NEWEST: &str = include_str!("../queries/write/newest_dead_letter.sql");
const READ: &str = include_str!("../queries/write/read_dead_letters.sql");
const DELETE: &str = include_str!("../queries/write/delete_dead_letters.sql");

/// A message that could not be applied, as received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// Computed from the received message.
    pub id: Uuid,
    /// The reason, from a closed set.
    pub reason: String,
    /// The problem: RFC 9457 JSON.
    pub problem: String,
    /// As far as it could be read.
    pub tenant: Option<String>,
    /// As far as it could be read.
    pub token: Option<String>,
    /// As far as it could be read.
    pub source: Option<String>,
    /// As far as it could be read.
    pub event_id: Option<String>,
    /// As far as it could be read.
    pub type_name: Option<String>,
    /// The exchange it was published to.
    pub exchange: String,
    /// Its routing key.
    pub routing_key: String,
    /// The queue it was received from.
    pub queue: String,
    /// Its properties, JSON.
    pub properties: String,
    /// Its headers, JSON.
    pub headers: String,
    /// Its bytes.
    pub body: Vec<u8>,
}

/// A dead letter as stored.
#[derive(Debug, Clone)]
pub struct StoredDeadLetter {
    /// The dead letter; its body is empty in listings.
    pub dead_letter: DeadLetter,
    /// The length of the body.
    pub body_bytes: i64,
    /// When it was stored.
    pub received_at: Timestamp,
}

/// A selection of dead letters: all, unless a field narrows it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeadLetterSelection {
    /// Of this tenant.
    pub tenant: Option<String>,
    /// Only this one.
    pub dead_letter: Option<Uuid>,
    /// Of this reason.
    pub reason: Option<String>,
}

/// The place of a dead letter among all, which are ordered by the time they were stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeadLetterCursor {
    /// When it was stored.
    pub received_at: Timestamp,
    /// Its id.
    pub id: Uuid,
}

impl StoredDeadLetter {
    /// Its place.
    #[must_use]
    pub fn place(&self) -> DeadLetterCursor {
        DeadLetterCursor {
            received_at: self.received_at,
            id: self.dead_letter.id,
        }
    }
}

/// Inserts dead letters and counts those that are new.
pub(in crate::store) async fn insert(
    connection: &Connection,
    dead_letters: &[&DeadLetter],
    shard: i16,
) -> Result<(), StoreError> {
    let values: Values<'_> = &[
        &column(dead_letters, |l| l.id),
        &column(dead_letters, |l| l.reason.as_str()),
        &column(dead_letters, |l| l.problem.as_str()),
        &column(dead_letters, |l| l.tenant.as_deref()),
        &column(dead_letters, |l| l.token.as_deref()),
        &column(dead_letters, |l| l.source.as_deref()),
        &column(dead_letters, |l| l.event_id.as_deref()),
        &column(dead_letters, |l| l.type_name.as_deref()),
        &column(dead_letters, |l| l.exchange.as_str()),
        &column(dead_letters, |l| l.routing_key.as_str()),
        &column(dead_letters, |l| l.queue.as_str()),
        &column(dead_letters, |l| l.properties.as_str()),
        &column(dead_letters, |l| l.headers.as_str()),
        &column(dead_letters, |l| l.body.as_slice()),
        &shard,
    ];
    connection
        .run_for(dead_letters, INSERT, values)
        .await
        .map(drop)
}

impl Store {
    /// The oldest of these dead letters after `after`, without their bodies; of a single one see
    /// [`Store::read_dead_letters`].
    pub async fn list_dead_letters(
        &self,
        dead_letters: &DeadLetterSelection,
        after: Option<DeadLetterCursor>,
        limit: i64,
    ) -> Result<Vec<StoredDeadLetter>, StoreError> {
        let (time, id) = after.map(|place| (place.received_at, place.id)).unzip();
        let values: Values<'_> = &[
            &dead_letters.reason,
            &time,
            &id,
            &limit,
            &dead_letters.tenant,
        ];
        let rows = self.rows(LIST, values).await?;
        Ok(column(&rows, from_row))
    }

    /// The place of the newest dead letter; `None` if there are none.
    pub async fn newest_dead_letter(&self) -> Result<Option<DeadLetterCursor>, StoreError> {
        let row = self.row_if_any(NEWEST, &[]).await?;
        Ok(row.map(|row| DeadLetterCursor {
            received_at: row.get(0),
            id: row.get(1),
        }))
    }

    /// Those of these dead letters that exist, with their bodies, in any order.
    pub async fn read_dead_letters(
        &self,
        ids: &[Uuid],
    ) -> Result<Vec<StoredDeadLetter>, StoreError> {
        let rows = self.rows(READ, &[&ids]).await?;
        Ok(column(&rows, from_row))
    }

    /// Deletes dead letters that were replayed; returns how many.
    pub async fn delete_dead_letters(&self, ids: &[Uuid]) -> Result<u64, StoreError> {
        let row = self.row(DELETE, &[&ids]).await?;
        Ok(crate::store::from_bigint(row.get(0)))
    }

    /// Discards dead letters; returns how many.
    pub async fn discard_dead_letters(&self, ids: &[Uuid], which: &str) -> Result<u64, StoreError> {
        let act = Act {
            action: Action::Discarded,
            object: which,
            tenant: None,
        };
        let count = |rows: &[Row]| rows.first().map_or(0_i64, |row| row.get(0));
        let rows = self
            .act(act, DELETE, &[&ids], |rows| count(rows) > 0)
            .await?;
        Ok(crate::store::from_bigint(count(&rows)))
    }
}

pub(in crate::store) fn from_row(row: &tokio_postgres::Row) -> StoredDeadLetter {
    StoredDeadLetter {
        dead_letter: DeadLetter {
            id: row.get(0),
            reason: row.get(1),
            problem: row.get(2),
            tenant: row.get(3),
            token: row.get(4),
            source: row.get(5),
            event_id: row.get(6),
            type_name: row.get(7),
            exchange: row.get(8),
            routing_key: row.get(9),
            queue: row.get(10),
            properties: row.get(11),
            headers: row.get(12),
            body: row.get(13),
        },
        body_bytes: row.get(14),
        received_at: row.get(15),
    }
}
