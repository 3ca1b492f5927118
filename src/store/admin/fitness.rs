//! Checks what the promises assume of a database: that what is set at a connection's start arrives,
//! that a commit survives a crash, that a session is one server process, and that it takes writes.

use deadpool_postgres::ClientWrapper;
use tokio_postgres::error::SqlState;

use crate::store::{Store, StoreError};

/// A parameter of our own, sent when a connection starts: if it is missing, so are the others.
pub(in crate::store) const MARK: &str = "waybill.session";
pub(in crate::store) const MARK_VALUE: &str = "1";

const CHECK_SESSION: &str = include_str!("../queries/admin/check_session.sql");
const WRITES: &str = include_str!("../queries/admin/writes.sql");
const BACKEND: &str = "select pg_backend_pid()";

/// How often two connections are compared: a pooler that others use too may now and then give each
/// a server process of its own.
const COMPARISONS: usize = 5;

const NO_POOLER: &str = "connect to PostgreSQL itself, as Waybill has a pool of its own, or through \
                         a pooler in session mode as deploy/README.md says";

/// Whether a server takes writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Writes {
    /// It does.
    Accepted,
    /// It is a standby.
    Standby,
    /// It is a primary whose transactions are read-only.
    ReadOnly,
}

/// Refuses a new connection on which the promises could not be kept.
pub(in crate::store) async fn check(client: &ClientWrapper) -> Result<(), StoreError> {
    let row = client.query_one(CHECK_SESSION, &[]).await?;
    let (mark, commit, isolation): (Option<&str>, &str, &str) =
        (row.get(0), row.get(1), row.get(2));
    match fault(mark, commit, isolation) {
        Some(fault) => Err(StoreError::Unfit(fault)),
        None => Ok(()),
    }
}

fn fault(mark: Option<&str>, commit: &str, isolation: &str) -> Option<String> {
    if mark.is_none_or(str::is_empty) {
        return Some(format!(
            "the settings sent when a connection starts do not reach the server, because a pooler \
             in between ignores them; {NO_POOLER}"
        ));
    }
    if commit == "off" {
        return Some(
            "synchronous_commit is off, so a crash of the server loses what it has confirmed; take \
             it out of the options in database.url, or give it the value on"
                .to_owned(),
        );
    }
    if isolation != "read committed" {
        return Some(format!(
            "default_transaction_isolation is {isolation}, under which batches that meet fail; take \
             it out of the options in database.url, or give it the value read committed"
        ));
    }
    None
}

/// What the server's error says of a pooler in between, on the connection's start or the first
/// statement.
pub(in crate::store) fn of_a_pooler(error: &tokio_postgres::Error) -> Option<StoreError> {
    if error.code().is_some_and(is_lost_statement) {
        return Some(transaction_mode());
    }
    let message = error.as_db_error()?.message();
    // PgBouncer's words, and those of Amazon's RDS Proxy.
    let refused = ["startup parameter", "command-line options"];
    refused
        .iter()
        .any(|words| message.contains(words))
        .then(|| {
            StoreError::Unfit(format!(
                "a pooler refuses the settings sent when a connection starts ({message}); {NO_POOLER}"
            ))
        })
}

/// Whether the server knows other prepared statements than this program: each was prepared on another
/// server process, by a pooler in transaction mode.
pub(in crate::store) fn is_lost_statement(state: &SqlState) -> bool {
    [
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
    ]
    .contains(state)
}

fn transaction_mode() -> StoreError {
    StoreError::Unfit(format!(
        "two connections share a server process, so a pooler in transaction mode is in between: \
         prepared statements and settings are lost there; {NO_POOLER}"
    ))
}

impl Store {
    /// Whether the server takes writes right now.
    pub async fn writes(&self) -> Result<Writes, StoreError> {
        let connection = self.connection().await?;
        let row = connection.query_one(WRITES, &[]).await?;
        Ok(match (row.get(0), row.get(1)) {
            (true, _) => Writes::Standby,
            (false, true) => Writes::ReadOnly,
            (false, false) => Writes::Accepted,
        })
    }

    /// Tells a pooler in transaction mode by two connections of which one, idle between its
    /// statements, loses its server process to the transaction of the other. Needs two connections.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unfit`] with the remedy, or why it could not be tried.
    pub async fn check_pooler(&self) -> Result<(), StoreError> {
        let compared = self.compare_connections().await;
        compared.map_err(|error| match error.is_lost_statement() {
            true => transaction_mode(),
            false => error,
        })
    }

    async fn compare_connections(&self) -> Result<(), StoreError> {
        let idle = self.connection().await?;
        let mut busy = self.connection().await?;
        for _ in 0..COMPARISONS {
            // Outside of a transaction, so a pooler in transaction mode takes it back at once.
            let lent: i32 = idle.query_one(BACKEND, &[]).await?.get(0);
            let transaction = busy.transaction().await?;
            let taken: i32 = transaction.query_one(BACKEND, &[]).await?.get(0);
            transaction.rollback().await?;
            if lent == taken {
                return Err(transaction_mode());
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_session_that_keeps_the_promises_is_used() {
        let named = [
            (None, "on", "read committed", "pooler"),
            (Some(""), "on", "read committed", "pooler"),
            (Some("1"), "off", "read committed", "synchronous_commit"),
            (Some("1"), "on", "serializable", "serializable"),
        ];
        for (mark, commit, isolation, word) in named {
            let fault = fault(mark, commit, isolation).expect(word);
            assert!(fault.contains(word), "{fault}");
        }
        for commit in ["on", "local", "remote_write", "remote_apply"] {
            assert_eq!(fault(Some("1"), commit, "read committed"), None);
        }
    }
}
