//! How a command fails: the error message, with a remedy, and the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use super::escape;
use crate::broker::BrokerError;
use crate::config::Faults;
use crate::pipeline::replay::ReplayError;
use crate::store::StoreError;

/// The exit code of a failure.
pub(super) const FAILED: u8 = 1;
/// The exit code of a command line or settings that can't be used.
pub(super) const USAGE: u8 = 2;
/// The exit code for a token, dead letter, workflow or key that does not exist.
pub(super) const UNKNOWN: u8 = 4;

/// The exit code of a command that ran to its end.
pub(super) fn exit_code(succeeded: bool) -> ExitCode {
    ExitCode::from(if succeeded { 0 } else { FAILED })
}

/// Why a command failed.
#[derive(Debug)]
pub(super) enum Failure {
    /// It was tried and failed.
    Failed(String),
    /// The command line or the settings are invalid.
    Usage(String),
    /// There is no such token, dead letter, workflow or key.
    Unknown(String),
    /// The reader has closed the pipe: the end of `waybill … | head`.
    OutputClosed,
}

impl Failure {
    /// Prints the message to the standard error.
    pub(super) fn report(self) -> ExitCode {
        let (text, code) = match self {
            Self::Failed(text) => (text, FAILED),
            Self::Usage(text) => (text, USAGE),
            Self::Unknown(text) => (text, UNKNOWN),
            Self::OutputClosed => return ExitCode::SUCCESS,
        };
        // If even the standard error is closed, the exit code has to suffice.
        let _ = writeln!(io::stderr().lock(), "error: {}", escape::block(&text));
        ExitCode::from(code)
    }
}

impl From<Faults> for Failure {
    fn from(faults: Faults) -> Self {
        Self::Usage(faults.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::OutputClosed,
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<BrokerError> for Failure {
    fn from(error: BrokerError) -> Self {
        let text = error.to_string();
        match error {
            BrokerError::Settings(_) => Self::Usage(text),
            BrokerError::Topology(_) if text.contains("no exchange") => Self::Failed(format!(
                "{text}; `waybill run` creates the exchanges and queues when it starts"
            )),
            BrokerError::Refused(_) | BrokerError::Tls(_) | BrokerError::Topology(_) => {
                Self::Failed(text)
            }
            BrokerError::Unreachable(_) | BrokerError::Timeout { .. } | BrokerError::Lost(_) => {
                Self::Failed(format!(
                    "{text}; check broker.url and that the broker is running; see `waybill doctor`"
                ))
            }
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let text = error.to_string();
        if matches!(error, StoreError::Settings(_)) {
            return Self::Usage(text);
        }
        match remedy(&error) {
            Some(remedy) => Self::Failed(format!("{text}; {remedy}")),
            None => Self::Failed(text),
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::Store(error) => error.into(),
            ReplayError::Broker(error) => error.into(),
        }
    }
}

/// The remedy for a database error.
pub(super) fn remedy(error: &StoreError) -> Option<&'static str> {
    if error.is_lost_statement() {
        return Some(
            "prepared statements get lost, so a pooler in transaction mode is in between: connect \
             to PostgreSQL itself, since Waybill has its own connection pool",
        );
    }
    match error.state().map(tokio_postgres::error::SqlState::code) {
        Some("42501") => {
            Some("grant the missing permissions to the user: `waybill doctor` lists them")
        }
        // A missing schema, table or column, or one of another type than the statement expects.
        Some(state) if state.starts_with("3F") || state.starts_with("42") => Some(
            "the schema is missing or has another version than this program: run `waybill migrate`",
        ),
        Some("28P01" | "28000") => Some("correct the user and password in database.url"),
        Some("3D000") => Some("create the database, or correct its name in database.url"),
        Some("25006") => Some("this server is read-only: database.url must name the primary"),
        Some(_) => None,
        None => match error {
            StoreError::Unavailable(_) | StoreError::Timeout => {
                Some("check database.url and that the server is running")
            }
            StoreError::Database(_)
            | StoreError::Unfit(_)
            | StoreError::Removed
            | StoreError::Settings(_)
            | StoreError::NoRandomness
            | StoreError::Migration(_) => None,
            StoreError::Corrupt(_) => {
                Some("a newer version of this program may have written it: use that version")
            }
        },
    }
}
