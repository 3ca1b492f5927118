//! Why a server did not give an answer, and what people can do about it.

use std::error::Error;
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use url::Url;

use crate::cli::failure::Failure;
use crate::wire::Problem;

const KEYS: &str = "give one with --key-file, WAYBILL_CLIENT__KEY or WAYBILL_CLIENT__KEY_FILE \
                    (`waybill key create` makes them)";

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(in crate::cli) enum RemoteError {
    /// Nobody is there, or does not answer to the end.
    #[error("{address} can't be reached: {reason}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// The server says why not.
    #[error("{}", problem_words(&.0.problem))]
    Refused(Box<Refusal>),
    /// Somebody else answers there.
    #[error("unexpected response {answer} from {address}; is this a Waybill server?")]
    Strange {
        /// Where.
        address: String,
        /// What.
        answer: String,
    },
}

/// What a server says that does not do as it was asked.
#[derive(Debug)]
pub(in crate::cli) struct Refusal {
    pub(in crate::cli) status: StatusCode,
    pub(in crate::cli) problem: Problem,
    /// After which time the same may go well.
    retry_after: Option<Duration>,
}

impl RemoteError {
    /// The cause behind all that a library wraps around it.
    pub(super) fn unreachable(address: &Url, error: &reqwest::Error) -> Self {
        let mut cause: &dyn Error = error;
        while let Some(deeper) = cause.source() {
            cause = deeper;
        }
        let reason = match error.is_timeout() {
            true => "it did not answer in time".to_owned(),
            false => cause.to_string(),
        };
        Self::Unreachable {
            address: address.to_string(),
            reason,
        }
    }

    /// The problem of an answer, if it is one.
    pub(super) fn refused(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<Self> {
        let media_type = headers.get(CONTENT_TYPE)?.to_str().ok()?;
        if !media_type.starts_with("application/problem+json") {
            return None;
        }
        let seconds = headers.get(RETRY_AFTER);
        let seconds = seconds.and_then(|value| value.to_str().ok()?.parse().ok());
        Some(Self::Refused(Box::new(Refusal {
            status,
            problem: serde_json::from_slice(body).ok()?,
            retry_after: seconds.map(Duration::from_secs),
        })))
    }

    /// The refusal with one of these statuses.
    pub(in crate::cli) fn refusal(&self, statuses: &[StatusCode]) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) if statuses.contains(&refusal.status) => Some(refusal),
            Self::Refused(_) | Self::Unreachable { .. } | Self::Strange { .. } => None,
        }
    }

    /// After which time the server wants to be asked again.
    pub(in crate::cli) fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Refused(refusal) => refusal.retry_after,
            Self::Unreachable { .. } | Self::Strange { .. } => None,
        }
    }

    /// Whether the same question may be answered later.
    pub(in crate::cli) fn passes(&self) -> bool {
        matches!(self, Self::Unreachable { .. }) || self.is_busy()
    }

    /// Whether what was sent may have been taken nevertheless.
    pub(in crate::cli) fn is_doubtful(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Strange { .. } => true,
            Self::Refused(refusal) => refusal.status.is_server_error(),
        }
    }

    /// Whether the server asks to come again.
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
                "{text}; check client.url (--url), and that `waybill run` serves the role api there"
            )),
            RemoteError::Strange { .. } => {
                Self::Failed(format!("{text}; check client.url (--url)"))
            }
            RemoteError::Refused(refusal) => match refusal.status {
                StatusCode::UNAUTHORIZED => Self::Failed(format!("no good key: {text}; {KEYS}")),
                StatusCode::FORBIDDEN => {
                    Self::Failed(format!("the key does not allow this: {text}; {KEYS}"))
                }
                StatusCode::NOT_FOUND | StatusCode::GONE => Self::Unknown(text),
                _ => Self::Failed(text),
            },
        }
    }
}

/// What a problem says: every fault with its place, or else its one sentence.
fn problem_words(problem: &Problem) -> String {
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
