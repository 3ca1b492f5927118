//! The native API: a process by its token, many at once, lists, waiting for an end, all that happens as
//! a feed, and events of those who have no AMQP.
//!
//! Every request passes the same layers: [`problem::render`] gives what went wrong its form,
//! [`auth::admit`] says whose it is and whether the key allows it. Handlers see what is left.

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::api::documents::{self, Documents};
use super::api::{
    cancel, events, files, openapi, orders, post_events, process, process_batch, processes, uploads,
};
use super::listener::Setup;
use super::submit::UploadLimits;
use super::submit::publisher::{self, Post};
use super::web::auth::{self, Gate};
use super::web::batcher::{self, Together};
use super::web::keys::Keys;
use super::web::memory_budget::Room;
use super::web::notifier::News;
use super::web::problem::{self, HttpProblem, Trouble};
use super::web::rate_limit::Rates;
use super::web::waiters::Waiting;
use crate::domain::ProcessKey;
use crate::domain::access::Scope;
use crate::files::Files;
use crate::store::Store;
use crate::store::read::event_outcome::{Fate, Sent};
use crate::wire;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

/// The same, once for all of them.
pub(crate) struct Shared {
    pub(super) store: Store,
    pub(super) primary: Store,
    pub(super) files: Files,
    pub(super) uploads: UploadLimits,
    pub(super) limits: wire::Limits,
    pub(super) keys: Keys,
    pub(super) room: Room,
    pub(super) together: Together,
    pub(super) post: Post,
    pub(super) ended: Waiting<ProcessKey, ()>,
    pub(super) fates: Waiting<Sent, Fate>,
    pub(super) news: News,
    pub(super) stop: CancellationToken,
}

impl Api {
    /// What handlers share, and the tasks that work for them until told to stop.
    pub(super) fn new(setup: Setup, stop: &CancellationToken) -> (Self, JoinSet<()>) {
        let (post, counter) = publisher::post();
        let (together, lanes) = batcher::together();
        let rates = Rates::new(setup.allowances);
        let api = Self(Arc::new(Shared {
            keys: Keys::new(setup.store.clone(), setup.primary.clone(), rates.clone()),
            store: setup.store,
            primary: setup.primary,
            files: setup.files,
            uploads: setup.uploads,
            limits: setup.limits,
            room: Room::default(),
            together,
            post,
            ended: Waiting::default(),
            fates: Waiting::default(),
            news: News::default(),
            stop: stop.clone(),
        }));
        let mut tasks = api.look(stop);
        for lane in lanes {
            tasks.spawn(lane.serve(api.store.clone()));
        }
        tasks.spawn(counter.serve(setup.broker));
        tasks.spawn(rates.forget(stop.clone()));
        (api, tasks)
    }

    /// Waits until the listener is told to stop.
    pub(super) async fn stopped(&self) {
        self.stop.cancelled().await;
    }

    /// Looks at the database for all who wait.
    fn look(&self, stop: &CancellationToken) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let store = self.store.clone();
        // After a failure the next look asks again.
        let ended = async move |keys: &[ProcessKey]| {
            let ended = store.ended(keys).await.unwrap_or_default();
            ended.into_iter().map(|key| (key, ())).collect()
        };
        tasks.spawn(self.ended.clone().look(ended, stop.clone()));
        let store = self.store.clone();
        let fates = async move |sent: &[Sent]| store.fates(sent).await.unwrap_or_default();
        tasks.spawn(self.fates.clone().look(fates, stop.clone()));
        let news = self.news.clone();
        tasks.spawn(news.look(self.store.clone(), stop.clone()));
        tasks
    }
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// The native API: what it is asked, and how it says that it can't answer.
pub(super) fn router(api: &Api) -> Router {
    let (routes, document) = routes(&api.keys).split_for_parts();
    routes
        .layer(Extension(Arc::new(Documents::of(&document))))
        .method_not_allowed_fallback(async || {
            HttpProblem::new(Trouble::MethodNotAllowed, NO_METHOD)
        })
        .fallback(async || HttpProblem::new(Trouble::NotFound, NO_ROUTE))
        .layer(from_fn(problem::render))
        .with_state(api.clone())
}

/// All that is answered, and what is said of it: what has no annotation can't be here.
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
        // Bodies are counted as they come.
        .layer(DefaultBodyLimit::disable());
    openapi::router()
        .merge(gated(reading, keys, Scope::Read))
        .merge(gated(writing, keys, Scope::Write))
        .merge(documents::routes())
}

/// Puts a gate before a group of routes, and says so in the document.
fn gated(group: OpenApiRouter<Api>, keys: &Keys, scope: Scope) -> OpenApiRouter<Api> {
    let gate = Gate::new(keys.clone(), scope);
    let mut group = group.route_layer(from_fn_with_state(gate, auth::admit));
    openapi::guard(group.get_openapi_mut(), scope);
    group
}

const NO_METHOD: &str = "this path has other methods; see the header Allow";
const NO_ROUTE: &str = "no such path; /docs lists those there are";
