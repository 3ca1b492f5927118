//! A pooler between Waybill and the server: how it shows in errors, and what to do about it.

use tokio_postgres::error::SqlState;

pub(super) const NO_POOLER: &str = "connect to PostgreSQL itself, as Waybill has a pool of its own, or through \
                         a pooler in session mode as deploy/README.md says";

/// What the server's error says of a pooler in between, on the connection's start or the first
/// statement.
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

/// Whether the server knows other prepared statements than this program: each was prepared on another
/// server process, by a pooler in transaction mode.
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
