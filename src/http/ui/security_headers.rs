//! What browsers are told to keep pages from, and what is not taken from them.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::http::web::problem::{HttpProblem, ProblemKind};

/// Only what comes from here is shown, run or asked; nothing within a page is script or style.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const ELSEWHERE: &str = "forms are taken only from the monitor's own pages";

/// Tells browsers how strict to be with a page.
pub(super) async fn strict(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}

/// Refuses what a page of somebody else's sends in a viewer's name.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    let changes = !matches!(*request.method(), Method::GET | Method::HEAD);
    if changes && comes_from_elsewhere(&request) {
        return HttpProblem::new(ProblemKind::Forbidden, ELSEWHERE).into_response();
    }
    next.run(request).await
}

/// As the browser says it, which a page can't change; programs say nothing.
fn comes_from_elsewhere(request: &Request) -> bool {
    let text = |name: HeaderName| request.headers().get(name)?.to_str().ok();
    if let Some(site) = text(FETCH_SITE) {
        return !matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text(header::ORIGIN) else {
        return false;
    };
    let host = origin.split_once("://").map(|(_, host)| host);
    host != text(header::HOST)
}
