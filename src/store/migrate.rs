//! Brings the schema up to date, one program at a time, and begins an epoch of the change feed when
//! the tables have come to another cluster.

use super::{Connection, StoreError};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any number that no other program of the same database uses: "waybill" on a phone's keys.
const LOCK: i64 = 9_292_455;
const TABLE: &str = "waybill.migration";

const BEGIN_EPOCH: &str = include_str!("queries/begin_epoch.sql");
const CREATE_SCHEMA: &str = include_str!("queries/create_schema.sql");
const SAME_CLUSTER: &str = include_str!("queries/same_cluster.sql");

/// What the schema is and what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The newest applied migration.
    pub applied: Option<i32>,
    /// The newest this program knows.
    pub known: i32,
    /// Whether the newest epoch began on this cluster. If not, the tables were restored here from a
    /// dump, and events logged now would lie before what readers have seen.
    pub same_cluster: bool,
}

/// What was done to the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations were missing.
    pub applied: usize,
    /// The epoch that was begun because the tables have come to another cluster.
    pub epoch: Option<i16>,
}

impl Versions {
    /// Whether this program finds the schema it was written for.
    #[must_use]
    pub fn current(self) -> bool {
        self.applied == Some(self.known) && self.same_cluster
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
        epoch: begin_epoch(connection).await?,
    })
}

/// Inserts take the epoch from the column's default: both change together.
async fn begin_epoch(connection: &mut Connection) -> Result<Option<i16>, StoreError> {
    let transaction = connection.transaction().await?;
    let Some(row) = transaction.query_opt(BEGIN_EPOCH, &[]).await? else {
        return Ok(None);
    };
    let epoch: i16 = row.get(0);
    transaction
        .batch_execute(&format!(
            "alter table waybill.event alter column epoch set default {epoch}"
        ))
        .await?;
    transaction.commit().await?;
    Ok(Some(epoch))
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
            same_cluster: true,
        });
    }
    let applied: Option<i32> = connection
        .query_one("select max(version) from waybill.migration", &[])
        .await?
        .get(0);
    // Older tables know no epochs; bringing them up to date begins one.
    let same_cluster = match applied {
        Some(applied) if applied >= known => on_same_cluster(connection).await?,
        _ => true,
    };
    Ok(Versions {
        applied,
        known,
        same_cluster,
    })
}

async fn on_same_cluster(connection: &Connection) -> Result<bool, StoreError> {
    let row = connection.query_opt(SAME_CLUSTER, &[]).await?;
    Ok(row.is_some_and(|row| row.get(0)))
}
