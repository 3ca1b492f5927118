//! A problem as a page; whoever is not logged in is sent where that is done.

use axum::extract::Request;
use axum::http::{Method, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};

use super::{login, page, paths, sse};
use crate::http::web::problem::{self, HttpProblem, ProblemKind};

/// Gives problems their form.
pub(super) async fn render(request: Request, next: Next) -> Response {
    let is_visit = *request.method() == Method::GET && !sse::is_wanted(request.headers());
    let visited = is_visit.then(|| request.uri().clone());
    let answer = next.run(request).await;
    problem::say(answer, |problem| match (problem.trouble(), visited) {
        (ProblemKind::Unauthorized, Some(uri)) => to_login(&uri),
        _ => shown(problem),
    })
}

fn to_login(uri: &Uri) -> Response {
    let wanted = uri.path_and_query().map_or("/", |wanted| wanted.as_str());
    let place = match wanted {
        paths::PROCESSES => paths::LOGIN.to_owned(),
        other => paths::with(paths::LOGIN, &[(login::NEXT, other)]),
    };
    (StatusCode::SEE_OTHER, [(header::LOCATION, place)]).into_response()
}

fn shown(problem: &HttpProblem) -> Response {
    let trouble = problem.trouble();
    let main: Markup = html! {
        h1 { (trouble.title()) }
        p { (problem.detail()) }
        p { a href="/" { "To the list of processes" } }
    };
    page::html_answer(trouble.status(), &page::bare(trouble.title(), &main))
}
