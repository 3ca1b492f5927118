//! Shared by all handlers: authentication, limits, parameters, waiting, and error responses.

pub(super) mod audit_query;
pub(crate) mod auth;
pub(super) mod batcher;
pub mod connection_limits;
pub(super) mod drain_bodies;
pub(super) mod json_body;
pub(crate) mod keys;
pub(super) mod links;
pub(crate) mod list_query;
pub(super) mod login_audit;
pub(crate) mod memory_budget;
pub(super) mod metrics_layer;
pub(super) mod notifier;
pub(super) mod origin;
pub(crate) mod params;
pub(super) mod prefer;
pub(crate) mod problem;
pub(super) mod problem_kind;
pub mod proxies;
pub(super) mod quotas;
pub(crate) mod rate_limit;
pub(crate) mod records;
pub(super) mod scheme;
pub mod server;
pub(super) mod streams;
pub mod tls;
mod transport;
pub(super) mod waiters;

use axum::http::{HeaderName, header};

pub(super) use self::auth::{Caller, Pass};
pub(super) use self::params::Parameters;
pub(super) use self::problem::{HttpProblem, ProblemKind};
pub(super) use self::rate_limit::Peer;
pub(super) use self::scheme::Scheme;

/// The headers of a response that must not be cached.
pub(super) fn uncached(media_type: &'static str) -> [(HeaderName, &'static str); 2] {
    [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, "no-store"),
    ]
}
