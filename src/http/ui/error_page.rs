//! Renders a problem as a page; redirects viewers without a session to the login form.

use axum::extract::Request;
use axum::http::{Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use maud::{Markup, html};

use super::page::{self, sse};
use super::{login, paths};
use crate::http::web::{HttpProblem, ProblemKind, problem};

/// Renders the problems of all pages.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let is_visit = *request.method() == Method::GET && !sse::is_requested(request.headers());
    let visited = is_visit.then(|| request.uri().clone());
    let answer = next.run(request).await;
    problem::say(answer, |problem| match (problem.kind(), visited) {
        (ProblemKind::Unauthorized, Some(uri)) => to_login(&uri),
        _ => shown(problem),
    })
}

fn to_login(uri: &Uri) -> Response {
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let place = match path {
        paths::PROCESSES => paths::LOGIN.to_owned(),
        other => paths::with(paths::LOGIN, &[(login::NEXT, other)]),
    };
    Redirect::to(&place).into_response()
}

fn shown(problem: &HttpProblem) -> Response {
    let kind = problem.kind();
    let main: Markup = html! {
        h1 { (kind.title()) }
        p { (problem.detail()) }
        p { a href="/" { "To the list of processes" } }
    };
    page::html_answer(kind.status(), &page::bare(kind.title(), &main))
}
