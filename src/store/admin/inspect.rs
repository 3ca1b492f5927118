//! The database server's version and settings, and what the user is, for `waybill doctor`.

use jiff::Timestamp;

use crate::store::{Store, StoreError};

const INSPECT: &str = include_str!("../queries/admin/inspect.sql");

/// The oldest supported server, as `server_version_num`.
pub const VERSION_NUMBER_MIN: i32 = 140_000;

/// The state of the database server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The server's version as a number, such as 150018.
    pub version_number: i32,
    /// The server's version as text.
    pub version: String,
    /// Whether it accepts no writes: it is a replica, or its transactions are read-only.
    pub read_only: bool,
    /// Whether the user may create a schema in the database.
    pub may_create_schema: bool,
    /// Whether the user may create tables in the schema `waybill`.
    pub may_create_tables: bool,
    /// The user.
    pub user: String,
    /// Whether the user is a superuser.
    pub superuser: bool,
    /// Whether the user owns a table, or is a member of its owner.
    pub owner: bool,
    /// Those of [`super::rights::ROLES`] that the user is a member of, or is.
    pub roles: Vec<String>,
    /// The server's time.
    pub now: Timestamp,
    /// The setting `synchronous_commit`.
    pub synchronous_commit: String,
}

impl Store {
    /// Inspects the server; works without the schema too.
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
            superuser: row.get(6),
            owner: row.get(7),
            roles: row.get(8),
            now: row.get(9),
            synchronous_commit: row.get(10),
        })
    }
}
