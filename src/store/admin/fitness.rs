//! Checks of the server: that a session stays on one server process, and that it accepts writes.

use crate::store::pooler::transaction_mode;
use crate::store::{Store, StoreError};

const WRITES: &str = include_str!("../queries/admin/writes.sql");
const BACKEND: &str = "select pg_backend_pid()";

/// How often two connections are compared: a pooler with other clients may sometimes give each a
/// server process of its own.
const COMPARISONS: usize = 5;

/// Whether a server accepts writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// It does.
    Accepted,
    /// It is a standby.
    Standby,
    /// It is a primary whose transactions are read-only.
    ReadOnly,
}

impl Store {
    /// Whether the server accepts writes now.
    pub async fn writes(&self) -> Result<Writes, StoreError> {
        let connection = self.connection().await?;
        let row = connection.query_one(WRITES, &[]).await?;
        Ok(match (row.get(0), row.get(1)) {
            (true, _) => Writes::Standby,
            (false, true) => Writes::ReadOnly,
            (false, false) => Writes::Accepted,
        })
    }

    /// Detects a pooler in transaction mode: of two connections one, idle between its statements,
    /// loses its server process to the transaction of the other. Needs two connections.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unfit`] with the remedy, or why the check failed.
    pub async fn check_pooler(&self) -> Result<(), StoreError> {
        let compared = self.compare_connections().await;
        compared.map_err(|error| match error.is_lost_statement() {
            true => StoreError::Unfit(transaction_mode()),
            false => error,
        })
    }

    async fn compare_connections(&self) -> Result<(), StoreError> {
        let idle = self.connection().await?;
        let mut busy = self.connection().await?;
        for _ in 0..COMPARISONS {
            // Outside of a transaction, so a pooler in transaction mode reuses its server process.
            let idle_pid: i32 = idle.query_one(BACKEND, &[]).await?.get(0);
            let transaction = busy.transaction().await?;
            let busy_pid: i32 = transaction.query_one(BACKEND, &[]).await?.get(0);
            transaction.rollback().await?;
            if idle_pid == busy_pid {
                return Err(StoreError::Unfit(transaction_mode()));
            }
        }
        Ok(())
    }
}
