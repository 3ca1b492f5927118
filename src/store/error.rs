//! Errors of the database, and what they mean for the caller.

use tokio_postgres::error::SqlState;

use super::pooler;

/// A failed call to the database. Its text never holds row values: the server's details do.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The server refused a statement, or the connection broke.
    #[error("database: {}", describe(.0))]
    Database(#[from] tokio_postgres::Error),
    /// No connection could be opened or became free.
    #[error("no connection to the database: {0}")]
    Unavailable(String),
    /// Waybill's guarantees would not hold on it; the text has the remedy.
    #[error("the database can't be used as it is: {0}")]
    Unfit(String),
    /// No answer in time; the connection must not be used again.
    #[error("the database did not answer in time")]
    Timeout,
    /// A process was deleted between being found and being locked; a retry creates it again.
    #[error("a process was removed while its events came in")]
    Removed,
    /// A stored value that no version of the program writes.
    #[error("the stored {0} can't be read")]
    Corrupt(&'static str),
    /// The settings can't be used.
    #[error("database settings: {0}")]
    Settings(String),
    /// The operating system returned no random bytes for a secret.
    #[error("the system gave no random bytes")]
    NoRandomness,
    /// The schema could not be brought up to date.
    #[error("migrations: {0}")]
    Migration(String),
}

/// Why a statement is retried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The connection broke, or the server is unavailable.
    Connection,
    /// The server resolved a deadlock.
    Deadlock,
    /// A statement or a lock took too long.
    Timeout,
    /// A serialization failure.
    Serialization,
    /// The server answered with an error of its own, or a stored value can't be read.
    Refused,
}

/// What is to blame when the same work keeps failing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// The database as a whole, or the connection to it: any other work would fail too.
    Database,
    /// The batch is too large, or one of its records is.
    Size,
    /// One of the records.
    Record,
}

impl StoreError {
    /// All connections stayed in use.
    pub(super) fn none_became_free() -> Self {
        Self::Unavailable("none became free or could be opened in time".to_owned())
    }

    /// What is to blame. Connections, deadlocks, resources, the server's shutdown, a read-only
    /// server, privileges and missing tables are no record's fault.
    #[must_use]
    pub fn blame(&self) -> Blame {
        let Some(state) = self.state() else {
            return match self {
                Self::Timeout => Blame::Size,
                Self::Corrupt(_) => Blame::Record,
                _ => Blame::Database,
            };
        };
        if self.retry() == Retry::Timeout {
            return Blame::Size;
        }
        let of_the_database = [
            "08", "25", "28", "3D", "40", "42", "53", "55", "57", "58", "F0",
        ];
        match of_the_database
            .iter()
            .any(|class| state.code().starts_with(class))
        {
            true => Blame::Database,
            false => Blame::Record,
        }
    }

    /// Whether the server refused the values themselves, so that a retry would fail too. A unique
    /// violation is not one of these: with the records locked, only a race can cause it.
    #[must_use]
    pub fn is_data(&self) -> bool {
        let Some(state) = self.state() else {
            return false;
        };
        if *state == SqlState::UNIQUE_VIOLATION {
            return false;
        }
        ["22", "23", "54"]
            .iter()
            .any(|class| state.code().starts_with(class))
    }

    /// Whether the tables, the privileges on them, or the connection are not what this version
    /// requires: a retry would fail too, until an operator changes them.
    #[must_use]
    pub fn is_misfit(&self) -> bool {
        if matches!(self, Self::Unfit(_)) || self.is_lost_statement() {
            return true;
        }
        self.state()
            .is_some_and(|state| state.code().starts_with("42"))
    }

    /// Whether a prepared statement is missing or exists already, because a pooler in transaction
    /// mode prepared it on another server process.
    #[must_use]
    pub fn is_lost_statement(&self) -> bool {
        self.state().is_some_and(pooler::is_lost_statement)
    }

    /// What identifies this error when it recurs, if the message itself may cause it: the server
    /// answered with an error that is not transient (connection, shutdown, deadlock, insufficient
    /// resources). A timeout counts too, because a message may be too expensive.
    #[must_use]
    pub fn persistent_cause(&self) -> Option<&str> {
        match self {
            Self::Database(_) => {
                let code = self.state()?.code();
                let transient = ["08", "40", "53", "57P"];
                (!transient.iter().any(|class| code.starts_with(class))).then_some(code)
            }
            Self::Timeout => Some("timeout"),
            Self::Corrupt(what) => Some(what),
            Self::Unavailable(_)
            | Self::Removed
            | Self::Unfit(_)
            | Self::Settings(_)
            | Self::NoRandomness
            | Self::Migration(_) => None,
        }
    }

    /// Why it is worth a retry.
    #[must_use]
    pub fn retry(&self) -> Retry {
        let Some(state) = self.state() else {
            return match self {
                Self::Timeout => Retry::Timeout,
                Self::Removed => Retry::Serialization,
                Self::Corrupt(_) => Retry::Refused,
                _ => Retry::Connection,
            };
        };
        match *state {
            SqlState::T_R_DEADLOCK_DETECTED => Retry::Deadlock,
            SqlState::T_R_SERIALIZATION_FAILURE => Retry::Serialization,
            SqlState::QUERY_CANCELED | SqlState::LOCK_NOT_AVAILABLE => Retry::Timeout,
            _ if self.persistent_cause().is_some() => Retry::Refused,
            _ => Retry::Connection,
        }
    }

    /// The server's SQLSTATE, where it answered.
    #[must_use]
    pub fn state(&self) -> Option<&SqlState> {
        match self {
            Self::Database(error) => error.code(),
            Self::Unavailable(_)
            | Self::Unfit(_)
            | Self::Timeout
            | Self::Removed
            | Self::Corrupt(_)
            | Self::Settings(_)
            | Self::NoRandomness
            | Self::Migration(_) => None,
        }
    }
}

impl From<deadpool_postgres::PoolError> for StoreError {
    fn from(error: deadpool_postgres::PoolError) -> Self {
        use deadpool_postgres::{HookError, PoolError};
        match error {
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                pooler::of_a_pooler(&error)
                    .map_or_else(|| Self::Unavailable(describe(&error)), Self::Unfit)
            }
            PoolError::PostCreateHook(HookError::Message(unfit)) => Self::Unfit(unfit.into()),
            // Not a timeout of a statement, which a message may cause.
            PoolError::Timeout(_) => Self::none_became_free(),
            other => Self::Unavailable(other.to_string()),
        }
    }
}

/// The server's code and message without its detail, which quotes rows; or the chain of causes.
fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(answer) = error.as_db_error() {
        return format!("{} ({})", answer.message(), answer.code().code());
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
