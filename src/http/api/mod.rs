//! The native API, one file for each resource: a process by its token, batches, lists, waiting for
//! an end, the change feed, and events of producers that have no AMQP.
//!
//! Every request passes the same layers: [`problem::render`] renders errors as problem details,
//! [`auth::admit`] authenticates and authorizes it. Then the handler runs.

pub(super) mod audit;
pub(crate) mod cancel;
pub(super) mod documents;
pub(crate) mod erase;
pub(super) mod events;
pub(crate) mod feed_query;
pub(super) mod files;
pub(super) mod openapi;
pub(crate) mod orders;
pub(crate) mod post_events;
pub(crate) mod process;
pub(super) mod process_batch;
pub(super) mod processes;
pub(crate) mod uploads;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::documents::Documents;
use super::state::Api;
use super::web::auth::{self, Gate};
use super::web::keys::Keys;
use super::web::origin;
use super::web::problem::{self, HttpProblem, ProblemKind};
use crate::domain::access::Scope;

/// The routes of the native API, with their error responses.
pub(super) fn router(api: &Api) -> Router {
    let (routes, document) = routes(&api.keys).split_for_parts();
    routes
        .layer(Extension(Arc::new(Documents::of(&document))))
        .method_not_allowed_fallback(async || {
            HttpProblem::new(ProblemKind::MethodNotAllowed, NO_METHOD)
        })
        .fallback(async || HttpProblem::new(ProblemKind::NotFound, NO_ROUTE))
        .layer(from_fn(origin::check))
        .layer(from_fn(problem::render))
        .with_state(api.clone())
}

/// All routes with their documentation: a handler without annotation does not compile here.
fn routes(keys: &Keys) -> OpenApiRouter<Api> {
    let reading = OpenApiRouter::new()
        .routes(routes!(processes::get))
        .routes(routes!(process::get))
        .routes(process_batch::route())
        .routes(routes!(files::get))
        .routes(routes!(events::list))
        .routes(routes!(events::stream));
    let writing = OpenApiRouter::new()
        .routes(routes!(post_events::post))
        .routes(routes!(uploads::post))
        .routes(routes!(orders::open))
        .routes(routes!(orders::push))
        .routes(routes!(cancel::post))
        // The handlers limit bodies as they arrive.
        .layer(DefaultBodyLimit::disable());
    let administering = OpenApiRouter::new()
        .routes(routes!(audit::get))
        .routes(routes!(erase::delete))
        .routes(routes!(erase::namesake));
    openapi::router()
        .merge(gated(reading, keys, Scope::Read))
        .merge(gated(writing, keys, Scope::Write))
        .merge(gated(administering, keys, Scope::Admin))
        .merge(documents::routes())
}

/// Requires a scope for a group of routes, and documents it.
fn gated(group: OpenApiRouter<Api>, keys: &Keys, scope: Scope) -> OpenApiRouter<Api> {
    let gate = Gate::new(keys.clone(), scope);
    let mut group = group.route_layer(from_fn_with_state(gate, auth::admit));
    openapi::guard(group.get_openapi_mut(), scope);
    group
}

const NO_METHOD: &str = "this path has other methods; see the header Allow";
const NO_ROUTE: &str = "no such path; /docs lists those there are";
