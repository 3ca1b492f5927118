//! Ahgora's clients: they send records in lists, and ask what became of them until their answer is no
//! longer valid.

mod answer;
mod process;
mod producers;
mod request;
mod unique;

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde::Serialize;

use self::producers::{MODULES, Producer};
use super::Dialect;
use crate::config::DialectSettings;
use crate::http::state::Api;
use crate::http::web::auth;
use crate::http::web::problem::{HttpProblem, ProblemKind};

/// Whom the uploads come from that are opened here.
const SOURCE: &str = "ahgora";
/// How these clients are told to show their key.
const BASIC: HeaderValue = HeaderValue::from_static(r#"Basic realm="waybill""#);

/// For how long after its end a process is answered.
#[derive(Debug, Clone, Copy)]
struct Validity(Duration);

/// What these clients get instead of an answer.
#[derive(Serialize)]
struct Refusal<'a> {
    error: Said<'a>,
}

#[derive(Serialize)]
struct Said<'a> {
    code: u16,
    message: &'a str,
}

/// How Ahgora's clients ask, and how they are answered.
pub(super) fn dialect(settings: &DialectSettings) -> Dialect {
    let validity = Validity(settings.ahgora_validity);
    Dialect {
        open: Router::new(),
        reading: reading().layer(Extension(validity)),
        writing: writing().layer(Extension(validity)),
        key: auth::key,
        say,
    }
}

fn reading() -> Router<Api> {
    Router::new()
        .route("/process", get(process::get))
        .route("/process/", get(process::get))
}

fn writing() -> Router<Api> {
    let route = |router: Router<Api>, producer: &Producer| {
        let method = || post(producers::post).layer(Extension(*producer));
        router
            .route(&format!("/{}", producer.module), method())
            .route(&format!("/{}/", producer.module), method())
    };
    MODULES.iter().fold(Router::new(), route)
}

/// Two of its messages are words that clients know; the others say what is wrong.
fn say(problem: &HttpProblem) -> Response {
    let status = match problem.kind() {
        ProblemKind::Unprocessable => StatusCode::BAD_REQUEST,
        trouble => trouble.status(),
    };
    let message = match problem.kind() {
        ProblemKind::Unauthorized => "Unauthorized",
        ProblemKind::Forbidden => "Forbidden",
        _ => problem.detail(),
    };
    let code = status.as_u16();
    let error = Said { code, message };
    let mut response = (status, json(&Refusal { error })).into_response();
    if problem.kind() == ProblemKind::Unauthorized {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, BASIC);
    }
    response
}

/// A body, and that nobody keeps it.
fn json(body: &impl Serialize) -> ([(header::HeaderName, &'static str); 2], Vec<u8>) {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, serde_json::to_vec(body).unwrap_or_default())
}
