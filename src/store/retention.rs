//! What leaves: ended processes past their retention, with all that hangs on them, and pushes that
//! have waited too long.

use std::time::Duration;

use super::{Store, StoreError, batch, parked};

const DELETE: &str = include_str!("queries/delete_expired.sql");

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
}
