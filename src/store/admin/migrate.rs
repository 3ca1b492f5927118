//! Brings the schema up to date, one instance at a time, grants each role its privileges, and
//! begins an epoch of the change feed when the tables have moved to another cluster or time line.

use std::time::Duration;

use tokio_postgres::error::SqlState;

use super::rights;
use crate::store::read::epoch;
use crate::store::{Connection, StoreError};

mod embedded {
    refinery::embed_migrations!("migrations");
}

/// Any number that no other program of the same database uses: "waybill" on a phone's keys.
const LOCK: i64 = 9_292_455;
const TABLE: &str = "waybill.migration";

/// How long a migration waits for a table's lock, because all later statements queue behind it.
const LOCK_MAX: &str = "set lock_timeout = '1s'";
/// The pause before it retries.
const PAUSE: Duration = Duration::from_secs(2);
/// The most attempts: a transaction that locks a table for longer has to be ended.
const ATTEMPTS: u32 = 60;

const CREATE_SCHEMA: &str = include_str!("../queries/admin/create_schema.sql");

/// The applied and the known schema version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Versions {
    /// The newest applied migration.
    pub applied: Option<i32>,
    /// The newest migration of this program.
    pub known: i32,
}

/// What a migration did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migrated {
    /// How many migrations were applied.
    pub applied: usize,
    /// Whether each role was granted its privileges.
    pub granted: bool,
    /// The epoch that was begun because the tables have moved to another cluster or time line.
    pub epoch: Option<i16>,
}

impl Versions {
    /// Whether the schema has all that this program needs. It may be newer; if a newer migration
    /// removed something, the first statement that misses it ends this program.
    #[must_use]
    pub fn suffice(self) -> bool {
        self.applied >= Some(self.known)
    }

    /// Whether a newer program has migrated the schema further.
    #[must_use]
    pub fn are_newer(self) -> bool {
        self.applied > Some(self.known)
    }
}

/// Applies the missing migrations. Waits for other instances that do the same; the advisory lock is
/// a session lock, so it always ends with the connection.
pub async fn migrate(mut connection: Connection) -> Result<Migrated, StoreError> {
    let migrated = bring_up(&mut connection).await;
    // A connection with relaxed timeouts must not return to the pool.
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
    connection.batch_execute(LOCK_MAX).await?;
    let mut applied = 0;
    for attempt in 1.. {
        match apply(connection).await {
            Ok(count) => {
                applied += count;
                break;
            }
            Err(error) => {
                applied += error.report().map_or(0, |r| r.applied_migrations().len());
                if attempt >= ATTEMPTS || !is_in_use(&error) {
                    return Err(failed(&error));
                }
                tracing::warn!("a table is in use: the migration waits, other sessions continue");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
    Ok(Migrated {
        applied,
        granted: rights::apply(connection).await?,
        epoch: epoch::begin(connection).await?,
    })
}

/// Applies the missing migrations, each in its own transaction.
async fn apply(connection: &mut Connection) -> Result<usize, refinery::Error> {
    let mut runner = embedded::migrations::runner();
    let runner = runner.set_migration_table_name(TABLE);
    let report = runner.run_async(&mut **connection).await?;
    Ok(report.applied_migrations().len())
}

/// Whether another transaction locked a table for too long, or there was a deadlock.
fn is_in_use(error: &refinery::Error) -> bool {
    let state = of_the_server(error).and_then(tokio_postgres::Error::code);
    state.is_some_and(|state| {
        [
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::T_R_DEADLOCK_DETECTED,
        ]
        .contains(state)
    })
}

fn failed(error: &refinery::Error) -> StoreError {
    let of_the_server = of_the_server(error).and_then(tokio_postgres::Error::as_db_error);
    let detail = of_the_server.map_or_else(String::new, |answer| format!(": {}", answer.message()));
    StoreError::Migration(format!("{error}{detail}"))
}

fn of_the_server(error: &refinery::Error) -> Option<&tokio_postgres::Error> {
    std::error::Error::source(error)?.downcast_ref()
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
