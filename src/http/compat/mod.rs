//! Clients of other systems: each dialect is a thin translation over the same records, under a path of
//! its own, with that system's words for what is asked and for what goes wrong.
//!
//! A dialect finds the key where its clients put it, and gives a problem the form that they expect;
//! whose a request is and what the key allows is decided as for everybody.

mod ahgora;
mod diadoc;
mod omflow;
mod open_capture;

use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::HeaderMap;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;

use super::state::Api;
use super::web::auth::{self, Gate};
use super::web::problem::{self, HttpProblem, ProblemKind};
use crate::config::DialectSettings;
use crate::domain::access::Scope;

/// How long a client waits for what it sent to be applied; these systems answer when it is done.
const APPLIED_WITHIN: Duration = Duration::from_secs(30);

const NO_METHOD: &str = "this path has other methods; see the header Allow";
const NO_ROUTE: &str = "no such path";

/// One system's way to ask and to answer.
struct Dialect {
    /// What needs no key, or brings it elsewhere than in a header.
    open: Router<Api>,
    /// What needs a key that may read.
    reading: Router<Api>,
    /// What needs a key that may write.
    writing: Router<Api>,
    /// Where its clients put their key.
    key: fn(&HeaderMap) -> Option<String>,
    /// What they get when a request can't be answered.
    say: Say,
}

type Say = fn(&HttpProblem) -> Response;

/// Where a dialect is, unless it is switched off, and how it is made.
type Entry<'a> = (&'a Option<String>, fn(&DialectSettings) -> Dialect);

/// Puts every dialect that is switched on beside the native API.
pub(super) fn add(native: Router, api: &Api, settings: &DialectSettings) -> Router {
    let dialects: [Entry<'_>; 4] = [
        (&settings.open_capture, open_capture::dialect),
        (&settings.diadoc, diadoc::dialect),
        (&settings.ahgora, ahgora::dialect),
        (&settings.omflow, omflow::dialect),
    ];
    dialects.into_iter().fold(native, |router, (prefix, made)| {
        let Some(prefix) = prefix else { return router };
        // With all that lies below it, whether there is something or not.
        router.nest_service(prefix, made(settings).router(api))
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
            // Bodies are counted as they come.
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn_with_state(self.say, render))
            .with_state(api.clone())
    }
}

/// Gives problems the form of the dialect.
async fn render(State(say): State<Say>, request: Request, next: Next) -> Response {
    problem::say(next.run(request).await, say)
}
