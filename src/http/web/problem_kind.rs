//! The kinds of problems of requests, in one table.

use axum::http::StatusCode;

/// A kind of problem of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum ProblemKind {
    /// A parameter or header is invalid.
    InvalidParameter,
    /// No valid key.
    Unauthorized,
    /// The key does not allow this.
    Forbidden,
    /// No such resource.
    NotFound,
    /// It was deleted.
    Gone,
    /// The request conflicts with the state of the resource.
    Conflict,
    /// The path does not support the method.
    MethodNotAllowed,
    /// The body can't be read.
    InvalidBody,
    /// The body is larger than allowed.
    TooLarge,
    /// The media type of the body is not supported.
    UnsupportedMediaType,
    /// The body is well-formed but can't be applied.
    Unprocessable,
    /// The event log is too long to replay.
    LogTooLong,
    /// The range is beyond the file.
    RangeNotSatisfiable,
    /// The idempotency key was used with another content.
    KeyReused,
    /// The rate limit is exceeded.
    TooManyRequests,
    /// The database is temporarily unavailable.
    Unavailable,
}

impl ProblemKind {
    /// The last segment of the type URI.
    pub(in crate::http) const fn name(self) -> &'static str {
        self.row().0
    }

    /// A short description.
    pub(in crate::http) const fn title(self) -> &'static str {
        self.row().2
    }

    /// The HTTP status.
    pub(in crate::http) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidParameter => ("invalid_parameter", 400, "Invalid parameter"),
            Self::Unauthorized => ("unauthorized", 401, "The request needs an API key"),
            Self::Forbidden => ("forbidden", 403, "The key does not allow this"),
            Self::NotFound => ("not_found", 404, "Not found"),
            Self::Gone => ("gone", 410, "It was deleted"),
            Self::Conflict => ("conflict", 409, "Conflict with the current state"),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                405,
                "The path does not support this method",
            ),
            Self::InvalidBody => ("invalid_body", 400, "The body can't be read"),
            Self::TooLarge => ("too_large", 413, "The body is larger than allowed"),
            Self::UnsupportedMediaType => ("unsupported_media_type", 415, "Unsupported media type"),
            Self::Unprocessable => ("unprocessable", 422, "The body can't be applied"),
            Self::LogTooLong => ("log_too_long", 422, "Event log too long to replay"),
            Self::RangeNotSatisfiable => {
                ("range_not_satisfiable", 416, "The file has no such range")
            }
            Self::KeyReused => (
                "idempotency_key_reused",
                422,
                "The key was used for something else",
            ),
            Self::TooManyRequests => ("too_many_requests", 429, "Rate limit exceeded"),
            Self::Unavailable => ("unavailable", 503, "Service temporarily unavailable"),
        }
    }
}
