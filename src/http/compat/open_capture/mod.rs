//! Open-Capture's API: a process by the token of its upload or by its number, the list of
//! processes, uploads, and the login.
//!
//! Its servers have the API below `/ws`, and those with several instances below `/{instance}/ws`;
//! the name of the instance is ignored here, the tenant is that of the key.

mod dates;
mod list;
mod login;
mod request;
mod row;
#[cfg(test)]
mod tests;
mod upload;

use axum::Extension;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, Router, get, post};
use serde_json::json;

use self::dates::Language;
use super::Dialect;
use crate::config::DialectSettings;
use crate::http::state::Api;
use crate::http::web::{HttpProblem, ProblemKind, auth};

const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
const KEYS: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="open-capture", Basic realm="open-capture""#);

/// The routes of Open-Capture's API.
pub(super) fn dialect(settings: &DialectSettings) -> Dialect {
    let language = Language::named(&settings.open_capture_language);
    let by_token = everywhere("monitoring/getProcessByToken", &post(request::by_token));
    let by_number = everywhere("monitoring/getProcessById/{id}", &get(request::by_number));
    let list = everywhere("monitoring/list", &get(list::get));
    Dialect {
        open: everywhere("auth/login", &post(login::post)),
        reading: by_token
            .merge(by_number)
            .merge(list)
            .layer(Extension(language)),
        writing: everywhere("verifier/upload", &post(upload::post)),
        key: auth::key,
        render: error_response,
    }
}

/// A path under each prefix that its clients use.
fn everywhere(path: &str, methods: &MethodRouter<Api>) -> Router<Api> {
    ["", "/ws", "/{instance}/ws"]
        .into_iter()
        .fold(Router::new(), |router, place| {
            router.route(&format!("{place}/{path}"), methods.clone())
        })
}

/// An error: a title, and a message with the remedy.
fn error_response(problem: &HttpProblem) -> Response {
    let status = match problem.kind() {
        // Open-Capture has no other status for these.
        ProblemKind::UnsupportedMediaType | ProblemKind::Unprocessable | ProblemKind::KeyReused => {
            StatusCode::BAD_REQUEST
        }
        kind => kind.status(),
    };
    let body = json!({"errors": problem.kind().title(), "message": problem.detail()});
    let mut answer = (status, JSON, body.to_string()).into_response();
    if problem.kind() == ProblemKind::Unauthorized {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, KEYS);
    }
    answer
}
