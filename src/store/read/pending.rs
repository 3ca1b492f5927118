//! The outbox messages of one process, for people.

use jiff::Timestamp;
use tokio_postgres::Row;

use crate::domain::ProcessKey;
use crate::store::write::outbox::{self, MessageKind, Slow};
use crate::store::write::slow_outbox::Destination;
use crate::store::{Store, StoreError};

const READ: &str = include_str!("../queries/read/read_outbox.sql");

/// A message in the outbox.
#[derive(Debug, Clone)]
pub struct PendingMessage {
    /// What it is for.
    pub what: MessageKind,
    /// Its destination.
    pub destination: Destination,
    /// Why it is on the slow lane, if it is.
    pub slow: Option<Slow>,
    /// The broker's reply.
    pub detail: Option<String>,
    /// The number of failed attempts.
    pub attempts: i32,
    /// When the next attempt is due.
    pub next_attempt_at: Timestamp,
}

impl Store {
    /// The messages of a process that are not confirmed yet, its completion first.
    pub async fn pending(
        &self,
        key: ProcessKey,
        limit: i64,
    ) -> Result<Vec<PendingMessage>, StoreError> {
        let rows = self.rows(READ, &[&key.0, &limit]).await?;
        let pending = |row: &Row| {
            Ok::<_, StoreError>(PendingMessage {
                what: outbox::what(row.get(0))?,
                destination: Destination {
                    exchange: row.get(1),
                    routing_key: row.get(2),
                },
                slow: row
                    .get::<_, Option<&str>>(3)
                    .map(outbox::slow)
                    .transpose()?,
                detail: row.get(4),
                attempts: row.get(5),
                next_attempt_at: row.get(6),
            })
        };
        // One that this version can't read is left out, as the relay does.
        Ok(rows.iter().filter_map(|row| pending(row).ok()).collect())
    }
}
