//! What can be wrong with a request: a closed set, in one table.

use axum::http::StatusCode;

/// What can be wrong with a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::http) enum ProblemKind {
    /// A parameter or header is invalid.
    InvalidParameter,
    /// No key, or none that is good.
    Unauthorized,
    /// The key does not allow this.
    Forbidden,
    /// Nothing of that name.
    NotFound,
    /// It was there, and is not kept any more.
    Gone,
    /// What it asks for does not fit the state of what it is about.
    Conflict,
    /// The path is right, the method is not.
    MethodNotAllowed,
    /// The body can't be read.
    InvalidBody,
    /// The body is larger than allowed.
    TooLarge,
    /// The body is of a kind that is not taken.
    UnsupportedMediaType,
    /// The body can be read, and can't be applied.
    Unprocessable,
    /// What happened is too much to be gone through again.
    LogTooLong,
    /// A file has no such range.
    RangeNotSatisfiable,
    /// An idempotency key came with another content before.
    KeyReused,
    /// It asks too often.
    TooManyRequests,
    /// The database is temporarily unavailable.
    Unavailable,
}

impl ProblemKind {
    /// The last part of its type, the same for every problem of this kind.
    pub(in crate::http) const fn name(self) -> &'static str {
        self.row().0
    }

    /// The same in words.
    pub(in crate::http) const fn title(self) -> &'static str {
        self.row().2
    }

    /// What it is answered with.
    pub(in crate::http) fn status(self) -> StatusCode {
        StatusCode::from_u16(self.row().1).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    const fn row(self) -> (&'static str, u16, &'static str) {
        match self {
            Self::InvalidParameter => ("invalid_parameter", 400, "Invalid parameter"),
            Self::Unauthorized => ("unauthorized", 401, "The request needs a key"),
            Self::Forbidden => ("forbidden", 403, "The key does not allow this"),
            Self::NotFound => ("not_found", 404, "Not found"),
            Self::Gone => ("gone", 410, "It is not kept any more"),
            Self::Conflict => ("conflict", 409, "This can't be done now"),
            Self::MethodNotAllowed => (
                "method_not_allowed",
                405,
                "The path does not have this method",
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
            Self::TooManyRequests => ("too_many_requests", 429, "The requests come too fast"),
            Self::Unavailable => ("unavailable", 503, "Service temporarily unavailable"),
        }
    }
}
