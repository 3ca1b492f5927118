//! The listener for clients: a process by its token, waiting for its end, lists of processes, and
//! all that happens as a feed.
//!
//! Every request passes the same layers: [`problem::render`] gives what went wrong its form,
//! [`caller::admit`] says whose it is and whether the key allows it. Handlers see what is left.

mod caller;
mod events;
mod filter;
mod keys;
mod list;
mod news;
mod parameters;
mod prefer;
mod problem;
mod record;
mod waiting;
mod wish;

use std::io;
use std::time::Duration;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use self::caller::Gate;
use self::keys::Keys;
use self::news::News;
use self::problem::{HttpProblem, Trouble};
use self::waiting::Waiting;
use super::guard::{Guard, Limits};
use crate::core::access::Scope;
use crate::store::Store;

/// A request may wait for the end of a process, so its clock is longer than the longest wait.
const LIMITS: Limits = Limits {
    connections: 16_384,
    request_bytes: 64 << 10,
    transfer: Duration::from_secs(75),
    idle: Duration::from_secs(75),
};
/// Longest wait at the end for answers that are under way.
const GRACE: Duration = Duration::from_secs(5);

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Api {
    store: Store,
    keys: Keys,
    waiting: Waiting,
    news: News,
    stop: CancellationToken,
}

/// Serves until told to stop; those who wait are then answered with what is known.
///
/// # Errors
///
/// When the listener itself fails; failing clients are their own problem.
pub async fn serve(listener: TcpListener, store: Store, stop: CancellationToken) -> io::Result<()> {
    let waiting = Waiting::default();
    let mut looking = JoinSet::new();
    looking.spawn(waiting.clone().look(store.clone(), stop.clone()));
    let news = News::default();
    looking.spawn(news.clone().look(store.clone(), stop.clone()));
    let api = Api {
        keys: Keys::new(store.clone()),
        store,
        waiting,
        news,
        stop: stop.clone(),
    };
    let server = axum::serve(Guard::new(listener, LIMITS), router(&api))
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    tokio::pin!(server);
    tokio::select! {
        result = &mut server => return result,
        () = stop.cancelled() => {}
    }
    timeout(GRACE, server).await.unwrap_or(Ok(()))
}

fn router(api: &Api) -> Router {
    let reading = Gate::new(api.keys.clone(), Scope::Read);
    Router::new()
        .route("/v1/processes", get(list::get))
        .route("/v1/processes/{token}", get(record::get))
        .route("/v1/events", get(events::list))
        .route("/v1/events/stream", get(events::stream))
        .route_layer(from_fn_with_state(reading, caller::admit))
        .method_not_allowed_fallback(async || {
            HttpProblem::new(Trouble::MethodNotAllowed, NO_METHOD)
        })
        .fallback(async || HttpProblem::new(Trouble::NotFound, NO_ROUTE))
        .layer(from_fn(problem::render))
        .with_state(api.clone())
}

const NO_METHOD: &str = "this path has other methods; see the header Allow";
const NO_ROUTE: &str = "no such path; there are /v1/processes, /v1/processes/{token}, /v1/events \
                        and /v1/events/stream";
