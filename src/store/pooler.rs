//! A pooler between Waybill and the server: how it shows in errors, and what to do about it.

use tokio_postgres::error::SqlState;

pub(super) const NO_POOLER: &str = "connect to PostgreSQL itself, as Waybill has a pool of its own, or through \
                         a pooler in session mode as docs/operate/production.md says";

/// The explanation of an error that a pooler causes at the connection's start or at the first
/// statement; `None` for any other error.
pub(super) fn of_a_pooler(error: &tokio_postgres::Error) -> Option<String> {
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
            format!(
                "a pooler refuses the settings sent when a connection starts ({message}); {NO_POOLER}"
            )
        })
}

/// Whether a prepared statement is missing or exists already, because a pooler in transaction mode
/// prepared it on another server process.
pub(super) fn is_lost_statement(state: &SqlState) -> bool {
    [
        SqlState::INVALID_SQL_STATEMENT_NAME,
        SqlState::DUPLICATE_PSTATEMENT,
    ]
    .contains(state)
}

pub(super) fn transaction_mode() -> String {
    format!(
        "two connections share a server process, so a pooler in transaction mode is in between: \
         prepared statements and settings are lost there; {NO_POOLER}"
    )
}
