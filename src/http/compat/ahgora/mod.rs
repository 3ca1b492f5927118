//! Ahgora's API: clients send lists of records, and query their status until the response is no
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
use serde_json::json;

use self::producers::{MODULES, Producer};
use super::Dialect;
use crate::config::DialectSettings;
use crate::http::state::Api;
use crate::http::web::{HttpProblem, ProblemKind, auth, uncached};

/// The source of uploads that are opened here.
const SOURCE: &str = "ahgora";
/// The challenge that these clients expect.
const BASIC: HeaderValue = HeaderValue::from_static(r#"Basic realm="waybill""#);

/// For how long after its end the status of a process is available.
#[derive(Debug, Clone, Copy)]
struct Validity(Duration);

/// The routes of Ahgora's API.
pub(super) fn dialect(settings: &DialectSettings) -> Dialect {
    let validity = Validity(settings.ahgora_validity);
    Dialect {
        open: Router::new(),
        reading: reading().layer(Extension(validity)),
        writing: writing().layer(Extension(validity)),
        key: auth::key,
        render: error_response,
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

/// Two of its messages are fixed words that clients know; the others say what is wrong.
fn error_response(problem: &HttpProblem) -> Response {
    let status = match problem.kind() {
        ProblemKind::Unprocessable => StatusCode::BAD_REQUEST,
        kind => kind.status(),
    };
    let message = match problem.kind() {
        ProblemKind::Unauthorized => "Unauthorized",
        ProblemKind::Forbidden => "Forbidden",
        _ => problem.detail(),
    };
    let error = json!({"error": {"code": status.as_u16(), "message": message}});
    let mut response = (status, json(&error)).into_response();
    if problem.kind() == ProblemKind::Unauthorized {
        let headers = response.headers_mut();
        headers.insert(header::WWW_AUTHENTICATE, BASIC);
    }
    response
}

/// A JSON body that must not be cached.
fn json(body: &impl Serialize) -> ([(header::HeaderName, &'static str); 2], Vec<u8>) {
    let body = serde_json::to_vec(body).unwrap_or_default();
    (uncached("application/json"), body)
}
