//! Errors of requests to a server, with their remedies.

use std::error::Error;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use url::Url;

use crate::cli::failure::Failure;
use crate::wire::Problem;

const KEY_REMEDY: &str = "set another with --key-file, WAYBILL_CLIENT__KEY or \
                          WAYBILL_CLIENT__KEY_FILE (`waybill key create` creates keys)";

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum RemoteError {
    /// There is no connection, or no complete response.
    #[error("{address} can't be reached: {reason}")]
    Unreachable {
        /// The URL of the server.
        address: String,
        /// The cause.
        reason: String,
    },
    /// The server refused the request with a problem.
    #[error("{}", problem_text(&.0.problem))]
    Refused(Box<RefusedRequest>),
    /// A response that no Waybill server gives.
    #[error("unexpected response {response} from {address}; is this a Waybill server?")]
    Unexpected {
        /// The URL of the server.
        address: String,
        /// The response.
        response: String,
    },
}

/// A problem with which a server refused a request.
#[derive(Debug)]
pub(in crate::cli) struct RefusedRequest {
    pub(in crate::cli) status: StatusCode,
    pub(in crate::cli) problem: Problem,
    /// The value of `Retry-After`.
    retry_after: Option<Duration>,
}

impl RemoteError {
    /// With the innermost cause, which the library wraps in several errors.
    pub(super) fn unreachable(address: &Url, error: &reqwest::Error) -> Self {
        let mut cause: &dyn Error = error;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        let reason = match error.is_timeout() {
            true => "it did not respond in time".to_owned(),
            false => cause.to_string(),
        };
        Self::Unreachable {
            address: address.to_string(),
            reason,
        }
    }

    /// The refusal, if the response is a problem document.
    pub(super) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        if !media_type.starts_with("application/problem+json") {
            return None;
        }
        let seconds = headers.get(RETRY_AFTER);
        let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
        Some(Self::Refused(Box::new(RefusedRequest {
            status,
            problem: serde_json::from_slice(body).ok()?,
            retry_after: seconds.map(Duration::from_secs),
        })))
    }

    /// The refusal with one of these statuses.
    pub(in crate::cli) fn refusal(&self, statuses: &[StatusCode]) -> Option<&RefusedRequest> {
        match self {
            Self::Refused(refusal) if statuses.contains(&refusal.status) => Some(refusal),
            Self::Refused(_) | Self::Unreachable { .. } | Self::Unexpected { .. } => None,
        }
    }

    /// After which time the server requests the next attempt.
    pub(in crate::cli) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Unreachable { .. } | Self::Unexpected { .. } => None,
        }
    }

    /// Whether the same request may succeed later.
    pub(in crate::cli) fn is_transient(&self) -> bool {
        matches!(self, Self::Unreachable { .. }) || self.is_busy()
    }

    /// Whether the server may have accepted the request nevertheless.
    pub(in crate::cli) fn is_doubtful(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Unexpected { .. } => true,
            Self::Refused(refusal) => refusal.status.is_server_error(),
        }
    }

    /// Whether the server is temporarily overloaded or unavailable.
    pub(in crate::cli) fn is_busy(&self) -> bool {
        const BUSY: [StatusCode; 2] = [
            StatusCode::TOO_MANY_REQUESTS,
            StatusCode::SERVICE_UNAVAILABLE,
        ];
        self.refusal(&BUSY).is_some()
    }
}

impl From<RemoteError> for Failure {
    fn from(error: RemoteError) -> Self {
        let text = error.to_string();
        match &error {
            RemoteError::Unreachable { .. } => Self::Failed(format!(
                "{text}; check client.url (--url), and that `waybill run` with the role api is \
                 running there"
            )),
            RemoteError::Unexpected { .. } => {
                Self::Failed(format!("{text}; check client.url (--url)"))
            }
            RemoteError::Refused(refusal) => match refusal.status {
                StatusCode::UNAUTHORIZED => {
                    Self::Failed(format!("no valid API key: {text}; {KEY_REMEDY}"))
                }
                StatusCode::FORBIDDEN => Self::Failed(format!(
                    "the API key does not allow this: {text}; {KEY_REMEDY}"
                )),
                StatusCode::NOT_FOUND | StatusCode::GONE => Self::Unknown(text),
                _ => Self::Failed(text),
            },
        }
    }
}

/// The text of a problem: every fault with its pointer, or else the detail.
fn problem_text(problem: &Problem) -> String {
    let faults = problem.errors.iter().map(|fault| match &fault.pointer {
        Some(pointer) => format!("{pointer} {}", fault.detail),
        None => fault.detail.clone(),
    });
    let faults: Vec<_> = faults.collect();
    match faults.is_empty() {
        true => problem.detail.clone(),
        false => faults.join("; "),
    }
}
