//! Brings the schema up to date, one program at a time.

use super::{Connection, StoreError};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any number that no other program of the same database uses: "waybill" on a phone's keys.
const LOCK: i64 = 9_292_455;
const TABLE: &str = "waybill.migration";

/// What the schema is and what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The newest applied migration.
    pub applied: Option<i32>,
    /// The newest this program knows.
    pub known: i32,
}

impl Versions {
    /// Whether this program finds the schema it was written for.
    #[must_use]
    pub fn current(self) -> bool {
        self.applied == Some(self.known)
    }
}

/// Applies what is missing and says how many migrations that were. Waits for others that do the
/// same; the lock is of the session, so it ends with the connection whatever happens.
pub async fn migrate(mut connection: Connection) -> Result<usize, StoreError> {
    connection
        .batch_execute("set statement_timeout = 0; set lock_timeout = 0")
        .await?;
    connection
        .execute("select pg_advisory_lock($1)", &[&LOCK])
        .await?;
    connection
        .batch_execute("create schema if not exists waybill")
        .await?;
    let applied = embedded::migrations::runner()
        .set_migration_table_name(TABLE)
        .run_async(&mut *connection)
        .await
        .map_err(|error| StoreError::Migration(error.to_string()));
    // The relaxed timeouts must not go back to the pool.
    connection.discard();
    Ok(applied?.applied_migrations().len())
}

/// Compares the schema with the program.
pub async fn versions(connection: &Connection) -> Result<Versions, StoreError> {
    let known = embedded::migrations::runner()
        .get_migrations()
        .iter()
        .map(refinery::Migration::version)
        .max()
        .unwrap_or(0);
    let exists: bool = connection
        .query_one("select to_regclass($1) is not null", &[&TABLE])
        .await?
        .get(0);
    if !exists {
        return Ok(Versions {
            applied: None,
            known,
        });
    }
    let applied = connection
        .query_one("select max(version) from waybill.migration", &[])
        .await?
        .get(0);
    Ok(Versions { applied, known })
}
