//! Errors of the broker, grouped by their remedy; none contains a password.

use std::{future::Future, time::Duration};

use lapin::{
    ErrorKind,
    protocol::{AMQPError, AMQPErrorKind, AMQPSoftError},
};

use super::OPERATION_TIMEOUT;

/// Why a request to the broker failed. The text names the remedy if an operator has to act.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerError {
    /// A setting is wrong: the address, or a certificate file.
    #[error("{0}")]
    Settings(String),
    /// The broker refuses access: wrong user or password, virtual host, or permissions.
    #[error("{0}")]
    Refused(String),
    /// No trusted TLS connection could be opened.
    #[error("{0}")]
    Tls(String),
    /// An exchange or queue is missing, or exists with other arguments.
    #[error("{0}")]
    Topology(String),
    /// The broker could not be reached.
    #[error("{0}")]
    Unreachable(String),
    /// The broker did not answer in time.
    #[error("{what} took longer than {} s", limit.as_secs_f32())]
    Timeout {
        /// The request.
        what: &'static str,
        /// Its timeout.
        limit: Duration,
    },
    /// The connection or channel in use has ended.
    #[error("{0}")]
    Lost(String),
}

impl BrokerError {
    /// Whether the broker closed only the channel.
    #[must_use]
    pub fn is_of_channel(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Topology(_))
    }

    /// The error of a request named `what` on an established connection.
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
