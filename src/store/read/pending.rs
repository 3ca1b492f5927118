//! What is still to be published of one process, for people.

use jiff::Timestamp;
use tokio_postgres::Row;

use crate::domain::ProcessKey;
use crate::store::write::outbox::{self, MessageKind, Slow};
use crate::store::write::slow_outbox::Destination;
use crate::store::{Store, StoreError};

const READ: &str = include_str!("../queries/read/read_outbox.sql");

/// A message in the outbox.
#[derive(Debug, Clone)]
pub struct Pending {
    /// What it is for.
    pub what: MessageKind,
    /// Where it goes.
    pub destination: Destination,
    /// Why it is on the slow lane, if it is.
    pub slow: Option<Slow>,
    /// What the broker said.
    pub detail: Option<String>,
    /// How often it was tried and not delivered.
    pub attempts: i32,
    /// When it is tried next.
    pub next_attempt_at: Timestamp,
}

impl Store {
    /// The messages of a process that are still to be published, its completion first.
    pub async fn pending(&self, key: ProcessKey, limit: i64) -> Result<Vec<Pending>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(READ).await?;
        let rows = connection.query(&statement, &[&key.0, &limit]).await?;
        let pending = |row: &Row| {
            Ok::<_, StoreError>(Pending {
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
        // One that this version can't read is left out, as it is where messages are published.
        Ok(rows.iter().filter_map(|row| pending(row).ok()).collect())
    }
}
