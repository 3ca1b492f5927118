//! Clients of Open-Capture: a process by the token of its upload or by its number, the list of them,
//! uploads, and the login.
//!
//! Its servers answer below `/ws`, those with several instances below a name before that; which
//! instance a client names says nothing here, its key says whose it is.

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
use serde_json::{Value, json};

use self::dates::Language;
use super::Dialect;
use crate::config::DialectSettings;
use crate::http::state::Api;
use crate::http::web::auth;
use crate::http::web::problem::{HttpProblem, ProblemKind};

const JSON: [(HeaderName, &str); 1] = [(header::CONTENT_TYPE, "application/json")];
const KEYS: HeaderValue =
    HeaderValue::from_static(r#"Bearer realm="open-capture", Basic realm="open-capture""#);

/// How its clients ask and are answered.
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
        say,
    }
}

/// A path at each place where its clients look for it.
fn everywhere(path: &str, methods: &MethodRouter<Api>) -> Router<Api> {
    ["", "/ws", "/{instance}/ws"]
        .into_iter()
        .fold(Router::new(), |router, place| {
            router.route(&format!("{place}/{path}"), methods.clone())
        })
}

/// What can't be answered: what it is in short, and what is wrong and how to mend it.
fn say(problem: &HttpProblem) -> Response {
    let status = match problem.kind() {
        // It knows no finer ones for what came in.
        ProblemKind::UnsupportedMediaType | ProblemKind::Unprocessable | ProblemKind::KeyReused => {
            StatusCode::BAD_REQUEST
        }
        trouble => trouble.status(),
    };
    let body = json!({"errors": problem.kind().title(), "message": problem.detail()});
    let mut answer = (status, JSON, body.to_string()).into_response();
    if problem.kind() == ProblemKind::Unauthorized {
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, KEYS);
    }
    answer
}

/// An answer that nobody keeps: the next may be another.
fn answer(api: &Api, body: &Value) -> Result<Response, HttpProblem> {
    let kept = [(header::CACHE_CONTROL, "no-store")];
    let body = api.room.answer(body.to_string().into_bytes())?;
    Ok((JSON, kept, body).into_response())
}
