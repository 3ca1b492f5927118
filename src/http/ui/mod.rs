//! The monitor: pages about processes for people, on the clients' listener at `/`.
//!
//! Every page is HTML that the server renders from what is stored, complete without any script.
//! Requested as an event stream, the same address sends the page's content again whenever it has
//! changed, and a small script updates the page: pages are rendered in one way only, so a live one
//! can't differ.

mod assets;
mod audit;
mod charts;
mod dead_letters;
mod error_page;
mod format;
mod login;
mod page;
pub(super) mod paths;
mod process;
mod processes;
mod replays;
mod security_headers;
mod sessions;
mod whose;
mod workflows;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Extension, Router};

use self::page::{Page, PageRequest, Tab, Viewer};
use super::state::Api;
use super::web::auth::{self, Gate};
use super::web::origin;
use super::web::problem::{HttpProblem, ProblemKind};
use super::web::streams::Streams;
use crate::domain::access::Scope;

const NO_ROUTE: &str = "there is no such page; the list of processes is at /";
/// The maximum size of a form.
const BODY_BYTES_MAX: usize = 64 << 10;
const NO_METHOD: &str = "this page does not accept this method";

/// The routes of all pages.
pub(super) fn router(api: &Api) -> Router {
    let gated = |routes: Router<Api>, scope| {
        let gate = Gate::new(api.keys.clone(), scope).with_sessions(login::session);
        routes.route_layer(from_fn_with_state(gate, auth::admit))
    };
    let charts = get(charts::page::get).layer(Extension(charts::ChartPolls::default()));
    let pages = Router::new()
        .route(paths::PROCESSES, get(processes::list::get))
        .route(paths::PROCESS, get(process::show::get))
        .route(paths::ERRORS, get(process::errors::get))
        .route(paths::WORKFLOWS, get(workflows::list::get))
        .route(paths::WORKFLOW, get(workflows::show::get))
        .route(paths::CHARTS, charts)
        .route(paths::DEAD_LETTERS, get(dead_letters::groups::get))
        .route(paths::DEAD_LETTERS_OF_REASON, get(dead_letters::list::get))
        .route(paths::DEAD_LETTER, get(dead_letters::dead_letter::get))
        .route(paths::DEAD_LETTER_BODY, get(dead_letters::body::get))
        .route(paths::REPLAY, get(replays::replay::get));
    let actions = Router::new()
        .route(paths::RESEND, post(process::resend::post))
        .route(paths::AUDIT, get(audit::get))
        .route(paths::SESSIONS, get(sessions::get))
        .route(paths::END_SESSIONS, post(sessions::end))
        .route(paths::CONFIRM_REPLAY, get(replays::actions::confirm))
        .route(paths::REPLAYS, post(replays::actions::start))
        .route(paths::STOP_REPLAY, post(replays::actions::stop));
    let open = Router::new()
        .route(paths::LOGIN, get(login::get).post(login::post))
        .route(paths::LOGOUT, post(login::leave))
        .route(paths::ASSETS, get(assets::get));
    Router::new()
        .merge(gated(pages, Scope::Read))
        .merge(gated(actions, Scope::Admin))
        .merge(open)
        .route(paths::BELOW, get(first))
        .route("/monitor/", get(first))
        .route("/monitor/{*rest}", get(nothing))
        .method_not_allowed_fallback(async || {
            HttpProblem::new(ProblemKind::MethodNotAllowed, NO_METHOD)
        })
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .layer(Extension(Streams::default()))
        .layer(from_fn(origin::check))
        .layer(from_fn(error_page::render))
        .layer(from_fn(security_headers::strict))
        .with_state(api.clone())
}

/// People may type only the first part of an address.
async fn first() -> Redirect {
    Redirect::to(paths::PROCESSES)
}

async fn nothing() -> HttpProblem {
    HttpProblem::new(ProblemKind::NotFound, NO_ROUTE)
}
