//! The kinds of problems of requests, in one table.

use axum::http::StatusCode;

tabled! {
    /// A kind of problem of a request.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(in crate::http) enum ProblemKind with row: (&'static str, u16, &'static str) {
        /// A parameter or header is invalid.
        InvalidParameter = ("invalid_parameter", 400, "Invalid parameter");
        /// No valid key.
        Unauthorized = ("unauthorized", 401, "The request needs an API key");
        /// The key does not allow this.
        Forbidden = ("forbidden", 403, "The key does not allow this");
        /// No such resource.
        NotFound = ("not_found", 404, "Not found");
        /// It was deleted.
        Gone = ("gone", 410, "It was deleted");
        /// The request conflicts with the state of the resource.
        Conflict = ("conflict", 409, "Conflict with the current state");
        /// The path does not support the method.
        MethodNotAllowed = ("method_not_allowed", 405, "The path does not support this method");
        /// The body can't be read.
        InvalidBody = ("invalid_body", 400, "The body can't be read");
        /// The body is larger than allowed.
        TooLarge = ("too_large", 413, "The body is larger than allowed");
        /// The media type of the body is not supported.
        UnsupportedMediaType = ("unsupported_media_type", 415, "Unsupported media type");
        /// The body is well-formed but can't be applied.
        Unprocessable = ("unprocessable", 422, "The body can't be applied");
        /// The event log is too long to replay.
        LogTooLong = ("log_too_long", 422, "Event log too long to replay");
        /// The range is beyond the file.
        RangeNotSatisfiable = ("range_not_satisfiable", 416, "The file has no such range");
        /// The idempotency key was used with another content.
        KeyReused = ("idempotency_key_reused", 422, "The key was used for something else");
        /// The rate limit is exceeded.
        TooManyRequests = ("too_many_requests", 429, "Rate limit exceeded");
        /// The tenant has used its quota.
        QuotaExceeded = ("quota_exceeded", 429, "The tenant has used its quota");
        /// The database is temporarily unavailable.
        Unavailable = ("unavailable", 503, "Service temporarily unavailable");
    }
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
}
