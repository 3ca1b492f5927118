//! Diadoc's API: the status of many documents at once, in protobuf or JSON.
//!
//! A box is a tenant, a message is a process, and a document is a process as a whole or one of its
//! items. Reading order: [`docflows`] (the method), [`request`] (its request), [`document`] (its
//! response), [`content`] (the contents of documents), [`form`] (protobuf or JSON).

mod authenticate;
mod content;
mod docflows;
mod document;
#[cfg(test)]
mod document_tests;
mod form;
mod proto;
mod request;

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;

use super::Dialect;
use crate::config::DialectSettings;
use crate::http::web::{HttpProblem, ProblemKind, auth};

/// The scheme of its clients' header `Authorization`.
const SCHEME: &str = "DiadocAuth";
/// The parameter of it that is the key.
const TOKEN: &str = "ddauth_token";
const ERROR_CODE: HeaderName = HeaderName::from_static("x-diadoc-errorcode");

/// The routes of Diadoc's API.
pub(super) fn dialect(_: &DialectSettings) -> Dialect {
    let docflows = || post(docflows::post);
    let authenticate = || post(authenticate::post);
    Dialect {
        open: Router::new()
            .route("/Authenticate", authenticate())
            .route("/V2/Authenticate", authenticate())
            .route("/V3/Authenticate", authenticate())
            .route("/v3/Authenticate", authenticate()),
        reading: Router::new()
            .route("/GetDocflows", docflows())
            .route("/V2/GetDocflows", docflows()),
        writing: Router::new(),
        key,
        render: error_response,
    }
}

/// The key is the token; a header without a token counts as an invalid key.
fn key(headers: &HeaderMap) -> Option<String> {
    let header = headers.get(header::AUTHORIZATION)?;
    let text = header.to_str().unwrap_or_default().trim();
    match text.split_at_checked(SCHEME.len()) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(SCHEME) => {
            Some(token(rest).unwrap_or_default())
        }
        _ => auth::key(headers),
    }
}

/// Clients separate parameters by commas, spaces or both, and some write a comma after the scheme.
fn token(parameters: &str) -> Option<String> {
    let is_separator = |character: char| character == ',' || character.is_whitespace();
    let mut parameters = parameters.split(is_separator);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_token = name.eq_ignore_ascii_case(TOKEN);
        is_token.then(|| value.trim_matches('"').to_owned())
    })
}

/// A sentence, with a code for programs.
fn error_response(problem: &HttpProblem) -> Response {
    let (status, code) = status_and_code(problem.kind());
    let about = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (ERROR_CODE, HeaderValue::from_static(code)),
    ];
    let mut answer = (status, about, sentence(problem.detail())).into_response();
    if status == StatusCode::UNAUTHORIZED {
        let scheme = HeaderValue::from_static(SCHEME);
        answer
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, scheme);
    }
    answer
}

/// The errors that these clients know: all others of the request are bad requests, and those of the
/// server are internal errors.
const fn status_and_code(kind: ProblemKind) -> (StatusCode, &'static str) {
    match kind {
        ProblemKind::InvalidParameter => (StatusCode::BAD_REQUEST, "InvalidParameter"),
        ProblemKind::InvalidBody
        | ProblemKind::UnsupportedMediaType
        | ProblemKind::Unprocessable
        | ProblemKind::Conflict
        | ProblemKind::LogTooLong
        | ProblemKind::RangeNotSatisfiable
        | ProblemKind::KeyReused => (StatusCode::BAD_REQUEST, "InvalidRequest"),
        ProblemKind::TooLarge => (StatusCode::BAD_REQUEST, "RequestTooLarge"),
        ProblemKind::Unauthorized => (StatusCode::UNAUTHORIZED, "Unauthorized"),
        ProblemKind::Forbidden => (StatusCode::FORBIDDEN, "Forbidden"),
        ProblemKind::NotFound | ProblemKind::Gone => (StatusCode::NOT_FOUND, "NotFound"),
        ProblemKind::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "MethodNotAllowed"),
        ProblemKind::TooManyRequests | ProblemKind::QuotaExceeded => {
            (StatusCode::TOO_MANY_REQUESTS, "TooManyRequests")
        }
        ProblemKind::Unavailable => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError"),
    }
}

fn sentence(detail: &str) -> String {
    let mut characters = detail.chars();
    let first = characters.next().map(|first| first.to_ascii_uppercase());
    let rest = characters.as_str().trim_end_matches('.');
    first.into_iter().chain(rest.chars()).chain(['.']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_the_token_however_the_header_is_written() {
        let key_of = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, text.parse().unwrap());
            key(&headers)
        };
        assert_eq!(key(&HeaderMap::new()), None);
        for text in [
            "DiadocAuth ddauth_api_client_id=someone-1,ddauth_token=wb_1_2",
            "DiadocAuth ddauth_api_client_id=someone-1, ddauth_token=wb_1_2",
            "DiadocAuth, ddauth_api_client_id=Test(x)-y, ddauth_token=wb_1_2",
            "diadocauth  DDAUTH_TOKEN=\"wb_1_2\" ,ddauth_api_client_id=",
            "Bearer wb_1_2",
        ] {
            assert_eq!(key_of(text).as_deref(), Some("wb_1_2"), "{text}");
        }
        for text in [
            "DiadocAuth",
            "DiadocAuth ddauth_api_client_id=someone-1",
            "ddauth_token=wb_1_2",
            "DiadocAuthX",
        ] {
            assert_eq!(key_of(text).as_deref(), Some(""), "{text}");
        }
    }

    #[test]
    fn an_error_is_a_sentence() {
        assert_eq!(sentence("the key was revoked"), "The key was revoked.");
        assert_eq!(sentence("Requests[0] is wrong."), "Requests[0] is wrong.");
    }
}
