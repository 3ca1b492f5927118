//! What the database server is and what its user may do, for people who look for a fault.

use jiff::Timestamp;

use crate::store::{Store, StoreError};

const INSPECT: &str = include_str!("../queries/admin/inspect.sql");

/// The oldest server that is supported, in PostgreSQL's own count.
pub const VERSION_NUMBER_MIN: i32 = 140_000;

/// A look at the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The server's version as a number, such as 150018.
    pub version_number: i32,
    /// The server's version as it calls itself.
    pub version: String,
    /// Whether it takes no writes, because it is a replica or was told so.
    pub read_only: bool,
    /// Whether a schema may be made in the database.
    pub may_create_schema: bool,
    /// Whether tables may be made in the schema `waybill`.
    pub may_create_tables: bool,
    /// As whom.
    pub user: String,
    /// Tables that may not be read, or not be written where a worker writes.
    pub closed_tables: Vec<String>,
    /// The server's time.
    pub now: Timestamp,
    /// What a commit waits for.
    pub synchronous_commit: String,
}

impl Store {
    /// Looks at the server; works on a database without the schema too.
    pub async fn inspect(&self) -> Result<Inspection, StoreError> {
        let connection = self.connection().await?;
        let row = connection.query_one(INSPECT, &[]).await?;
        Ok(Inspection {
            version_number: row.get(0),
            version: row.get(1),
            read_only: row.get(2),
            may_create_schema: row.get(3),
            may_create_tables: row.get(4),
            user: row.get(5),
            closed_tables: row.get(6),
            now: row.get(7),
            synchronous_commit: row.get(8),
        })
    }
}
