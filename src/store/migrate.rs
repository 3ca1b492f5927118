//! Brings the schema up to date, one program at a time, and begins an epoch of the change feed when
//! the tables have come to another cluster or time line.

use super::{Connection, StoreError, epoch};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any number that no other program of the same database uses: "waybill" on a phone's keys.
const LOCK: i64 = 9_292_455;
const TABLE: &str = "waybill.migration";

const CREATE_SCHEMA: &str = include_str!("queries/create_schema.sql");

/// What the schema is and what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The newest applied migration.
    pub applied: Option<i32>,
    /// The newest this program knows.
    pub known: i32,
}

/// What was done to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations were missing.
    pub applied: usize,
    /// The epoch that was begun because the tables have come to another cluster or time line.
    pub epoch: Option<i16>,
}

impl Versions {
    /// Whether this program finds all that it was written for. There may be more, of a newer program
    /// beside it; if that took something away, the first statement that misses it ends this one.
    #[must_use]
    pub fn suffice(self) -> bool {
        self.applied >= Some(self.known)
    }

    /// Whether a newer program has brought the tables further.
    #[must_use]
    pub fn are_newer(self) -> bool {
        self.applied > Some(self.known)
    }
}

/// Applies what is missing and says what that was. Waits for others that do the same; the lock is
/// of the session, so it ends with the connection whatever happens.
pub async fn migrate(mut connection: Connection) -> Result<Migrated, StoreError> {
    let migrated = bring_up(&mut connection).await;
    // The relaxed timeouts must not go back to the pool.
    connection.discard();
    migrated
}

async fn bring_up(connection: &mut Connection) -> Result<Migrated, StoreError> {
    connection
        .batch_execute("set statement_timeout = 0; set lock_timeout = 0")
        .await?;
    connection
        .execute("select pg_advisory_lock($1)", &[&LOCK])
        .await?;
    connection.batch_execute(CREATE_SCHEMA).await?;
    let report = embedded::migrations::runner()
        .set_migration_table_name(TABLE)
        .run_async(&mut **connection)
        .await
        .map_err(|error| StoreError::Migration(error.to_string()))?;
    Ok(Migrated {
        applied: report.applied_migrations().len(),
        epoch: epoch::begin(connection).await?,
    })
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
    let applied: Option<i32> = connection
        .query_one("select max(version) from waybill.migration", &[])
        .await?
        .get(0);
    Ok(Versions { applied, known })
}
