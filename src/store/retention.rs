//! What leaves: ended processes past their retention, with all that hangs on them, what reminds of
//! them, and pushes that have waited too long.

use std::collections::HashSet;
use std::time::Duration;

use super::{Store, StoreError, batch, column, parked};
use crate::core::ProcessKey;

const DELETE: &str = include_str!("queries/delete_expired.sql");
const FIND_TOMBSTONES: &str = include_str!("queries/find_tombstones.sql");
const DELETE_TOMBSTONES: &str = include_str!("queries/delete_tombstones.sql");

/// When a parked push has waited too long, and what it becomes.
#[derive(Debug, Clone)]
pub struct ParkedExpiry {
    /// After this.
    pub after: Duration,
    /// The dead letter's reason.
    pub reason: &'static str,
    /// Its problem.
    pub problem: String,
    /// Which shard of the counts it moves.
    pub shard: i16,
}

impl Store {
    /// Makes dead letters of at most `limit` pushes that have waited too long.
    pub async fn expire_parked(&self, expiry: &ParkedExpiry, limit: i64) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        batch::begin_transaction(&connection).await?;
        let late = parked::late(&connection, expiry.after, limit).await?;
        let refused = late
            .into_iter()
            .map(|push| (push, expiry.reason, expiry.problem.clone()));
        let refused: Vec<_> = refused.collect();
        parked::refuse(&connection, &refused, expiry.shard).await?;
        batch::end_transaction(&connection, "commit").await
    }

    /// Forgets at most `limit` ended processes past their retention; says how many there were.
    /// Cursors before the newest of their events are refused from then on.
    pub async fn delete_expired(&self, retention: Duration, limit: i64) -> Result<u64, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(DELETE).await?;
        Ok(connection
            .execute(&statement, &[&retention.as_secs_f64(), &limit])
            .await?)
    }

    /// Which of these processes were there, have ended, and were let go. One of the same token that
    /// came later does not change that: ask for it first.
    pub async fn forgotten(&self, keys: &[ProcessKey]) -> Result<HashSet<ProcessKey>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(FIND_TOMBSTONES).await?;
        let keys = column(keys, |key| key.0);
        let rows = connection.query(&statement, &[&keys]).await?;
        Ok(rows.iter().map(|row| ProcessKey(row.get(0))).collect())
    }

    /// Lets go of at most `limit` tombstones older than that; says how many there were.
    pub async fn delete_tombstones(
        &self,
        kept_for: Duration,
        limit: i64,
    ) -> Result<u64, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(DELETE_TOMBSTONES).await?;
        Ok(connection
            .execute(&statement, &[&kept_for.as_secs_f64(), &limit])
            .await?)
    }
}
