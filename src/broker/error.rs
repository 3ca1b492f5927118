//! What can go wrong with the broker, in terms of what to do about it; no error names a password.

use std::{future::Future, time::Duration};

use lapin::{
    ErrorKind,
    protocol::{AMQPError, AMQPErrorKind, AMQPSoftError},
};

use super::OPERATION_TIMEOUT;

/// Why something on the broker's side did not work. The text says what to do where a person has to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// An own setting is wrong: the address, or a certificate file.
    #[error("{0}")]
    Settings(String),
    /// The broker was reached and says no: wrong user or password, virtual host, or permissions.
    #[error("{0}")]
    Refused(String),
    /// No trustworthy encrypted connection came about.
    #[error("{0}")]
    Tls(String),
    /// The exchanges and queues on the broker are not, or cannot be made, what is needed.
    #[error("{0}")]
    Topology(String),
    /// The broker could not be reached.
    #[error("{0}")]
    Unreachable(String),
    /// The broker did not answer in time.
    #[error("{what} took longer than {} s", limit.as_secs_f32())]
    Timeout {
        /// What was asked of the broker.
        what: &'static str,
        /// How long it was given.
        limit: Duration,
    },
    /// The connection or channel in use has ended.
    #[error("{0}")]
    Lost(String),
}

impl BrokerError {
    /// Whether it ended no more than the channel it came on: what the broker says no to.
    #[must_use]
    pub fn is_of_channel(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Topology(_))
    }

    /// The error of a request named `what` on a connection that had been established.
    pub(super) fn on(what: &str, error: &lapin::Error) -> Self {
        match error.kind() {
            ErrorKind::ProtocolError(answer) => Self::answer(what, answer),
            _ => Self::Lost(format!("{what} failed: {error}")),
        }
    }

    fn answer(what: &str, answer: &AMQPError) -> Self {
        let text = answer.get_message();
        match answer.kind() {
            AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED) => Self::Refused(format!(
                "{what}: the broker denies permission ({text}); grant it with rabbitmqctl \
                 set_permissions"
            )),
            AMQPErrorKind::Soft(
                AMQPSoftError::NOTFOUND
                | AMQPSoftError::PRECONDITIONFAILED
                | AMQPSoftError::RESOURCELOCKED,
            ) => Self::Topology(format!("{what}: {text}")),
            AMQPErrorKind::Soft(_) | AMQPErrorKind::Hard(_) => {
                Self::Lost(format!("{what}: the broker closed the connection ({text})"))
            }
        }
    }
}

/// Waits for one request named `what`, for at most [`OPERATION_TIMEOUT`].
pub(super) async fn request<T>(
    what: &'static str,
    request: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    within(what, OPERATION_TIMEOUT, request).await
}

/// Waits for one request named `what`, for at most `limit`.
pub(super) async fn within<T>(
    what: &'static str,
    limit: Duration,
    request: impl Future<Output = lapin::Result<T>>,
) -> Result<T, BrokerError> {
    match tokio::time::timeout(limit, request).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(BrokerError::on(what, &error)),
        Err(_) => Err(BrokerError::Timeout { what, limit }),
    }
}
