//! Paths of resources, for links in responses.

use axum::http::header;
use axum::response::Response;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use uuid::Uuid;

/// All but the unreserved characters of a path segment (RFC 3986).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The record of a process.
pub(in crate::http) fn process(token: &str) -> String {
    format!("/v1/processes/{}", utf8_percent_encode(token, ESCAPED))
}

/// A file of a process.
pub(in crate::http) fn file(token: &str, id: Uuid) -> String {
    format!("{}/files/{id}", process(token))
}

/// Adds the link to the next page to the response with a page.
pub(in crate::http) fn add_next(answer: &mut Response, next: &str) {
    if let Ok(next) = format!("<{next}>; rel=\"next\"").parse() {
        answer.headers_mut().insert(header::LINK, next);
    }
}

/// A file name as a header `Content-Disposition` (RFC 8187).
pub(in crate::http) fn disposition(name: &str) -> String {
    let name = utf8_percent_encode(name, ESCAPED);
    format!("attachment; filename*=UTF-8''{name}")
}
