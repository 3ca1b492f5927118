//! The refusal of writes that pages of other sites send.

use axum::extract::Request;
use axum::http::{HeaderName, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::problem::{HttpProblem, ProblemKind};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");
const ELSEWHERE: &str = "a page of another site has sent this; it is accepted only from Waybill's own pages and from programs";

/// Refuses a write that a page of another site sends, with a session or credentials that its viewer's
/// browser remembers.
pub(in crate::http) async fn check(request: Request, next: Next) -> Response {
    let is_write = !matches!(*request.method(), Method::GET | Method::HEAD);
    if is_write && is_cross_site(&request) {
        return HttpProblem::new(ProblemKind::Forbidden, ELSEWHERE).into_response();
    }
    next.run(request).await
}

/// As browsers report it, in headers that no page can set; programs send neither header.
fn is_cross_site(request: &Request) -> bool {
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
