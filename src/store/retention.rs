//! How processes leave: ended ones past their retention, with all that hangs on them.

use std::time::Duration;

use super::{Store, StoreError};

const DELETE: &str = include_str!("queries/delete_expired.sql");

impl Store {
    /// Forgets at most `limit` ended processes past their retention; says how many there were.
    pub async fn delete_expired(&self, retention: Duration, limit: i64) -> Result<u64, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(DELETE).await?;
        Ok(connection
            .execute(&statement, &[&retention.as_secs_f64(), &limit])
            .await?)
    }
}
