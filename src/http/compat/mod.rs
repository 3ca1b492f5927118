//! APIs of other systems: each dialect is a thin translation over the same records, under its own
//! path, with that system's requests, responses and errors.
//!
//! A dialect reads the API key where its clients send it, and renders problems as they expect them;
//! authentication and authorization are those of the native API.

mod ahgora;
mod diadoc;
mod omflow;
mod open_capture;
#[cfg(test)]
mod tests;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::Response;

use super::state::Api;
use super::submit::receipt;
use super::web::auth::{self, Gate};
use super::web::origin;
use super::web::problem::{self, HttpProblem, ProblemKind};
use crate::config::DialectSettings;
use crate::domain::access::Scope;
use crate::wire::Accepted;

/// How long a request waits until its event is applied; these systems respond only then.
const APPLIED_WITHIN: Duration = Duration::from_secs(30);

const NO_METHOD: &str = "this path has other methods; see the header Allow";
const NO_ROUTE: &str = "no such path";

/// The API of one system.
struct Dialect {
    /// Routes without a key, or with a key that is not in a header.
    open: Router<Api>,
    /// Routes that need a key with the scope `read`.
    reading: Router<Api>,
    /// Routes that need a key with the scope `write`.
    writing: Router<Api>,
    /// Reads the key from the headers.
    key: fn(&HeaderMap) -> Option<String>,
    /// Renders a problem.
    render: Render,
}

type Render = fn(&HttpProblem) -> Response;

/// The path of a dialect, unless it is disabled, and its constructor.
type Entry<'a> = (&'a Option<String>, fn(&DialectSettings) -> Dialect);

/// Adds the enabled dialects to the native API.
pub(super) fn add(native: Router, api: &Api, settings: &DialectSettings) -> Router {
    let dialects: [Entry<'_>; 4] = [
        (&settings.open_capture, open_capture::dialect),
        (&settings.diadoc, diadoc::dialect),
        (&settings.ahgora, ahgora::dialect),
        (&settings.omflow, omflow::dialect),
    ];
    dialects
        .into_iter()
        .fold(native, |router, (prefix, create)| {
            let Some(prefix) = prefix else { return router };
            // The dialect also handles unknown paths below its prefix.
            router.nest_service(prefix, create(settings).router(api))
        })
}

impl Dialect {
    fn router(self, api: &Api) -> Router {
        let gated = |routes: Router<Api>, scope| {
            let gate = Gate::new(api.keys.clone(), scope).finds(self.key);
            match routes.has_routes() {
                true => routes.route_layer(from_fn_with_state(gate, auth::admit)),
                false => routes,
            }
        };
        let refuse = async || HttpProblem::new(ProblemKind::MethodNotAllowed, NO_METHOD);
        Router::new()
            .merge(gated(self.reading, Scope::Read))
            .merge(gated(self.writing, Scope::Write))
            .merge(self.open)
            .method_not_allowed_fallback(refuse)
            .fallback(async || HttpProblem::new(ProblemKind::NotFound, NO_ROUTE))
            // The handlers limit bodies as they arrive.
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn(origin::check))
            .layer(from_fn_with_state(self.render, render_problem))
            .with_state(api.clone())
    }
}

/// Submits an event and waits until it is applied. That a worker refuses it is a problem.
async fn apply(api: &Api, event: Accepted) -> Result<receipt::ReceiptState, HttpProblem> {
    let mut receipts = api.submit(&[event], Some(APPLIED_WITHIN)).await?;
    match receipts
        .pop()
        .map(|receipt| (receipt.state, receipt.problem))
    {
        Some((_, Some(problem))) => Err(HttpProblem::refused(problem)),
        Some((state, None)) => Ok(state),
        None => Ok(receipt::ReceiptState::Accepted),
    }
}

/// Renders problems in the form of the dialect.
async fn render_problem(State(render): State<Render>, request: Request, next: Next) -> Response {
    problem::say(next.run(request).await, render)
}
