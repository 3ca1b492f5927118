//! The native API: a process by its token, many at once, lists, waiting for an end, all that happens as
//! a feed, and events of those who have no AMQP.
//!
//! Every request passes the same layers: [`problem::render`] gives what went wrong its form,
//! [`caller::admit`] says whose it is and whether the key allows it. Handlers see what is left.

mod batch;
mod body;
pub(super) mod bytes;
pub(super) mod caller;
mod documents;
mod events;
mod file;
pub(super) mod filter;
pub(super) mod keys;
mod links;
mod list;
mod news;
mod openapi;
pub(super) mod parameters;
mod prefer;
pub(super) mod problem;
pub(super) mod rates;
pub(super) mod record;
pub(super) mod submit;
mod together;
mod trouble;
mod waiting;
pub(super) mod wish;

use std::ops::Deref;
use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::{Extension, Router};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::bytes::Room;
use self::caller::Gate;
use self::documents::Documents;
use self::keys::Keys;
use self::news::News;
use self::problem::{HttpProblem, Trouble};
pub use self::rates::Allowances;
use self::rates::Rates;
use self::submit::post::{self, Post};
pub use self::submit::{Allowed, UploadLimits};
use self::together::Together;
use self::waiting::Waiting;
use super::clients::Setup;
use crate::core::ProcessKey;
use crate::core::access::Scope;
use crate::files::Files;
use crate::store::Store;
use crate::store::fate::{Fate, Sent};
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
    together: Together,
    post: Post,
    ended: Waiting<ProcessKey, ()>,
    fates: Waiting<Sent, Fate>,
    news: News,
    stop: CancellationToken,
}

impl Api {
    /// What handlers share, and the tasks that work for them until told to stop.
    pub(super) fn new(setup: Setup, stop: &CancellationToken) -> (Self, JoinSet<()>) {
        let (post, counter) = post::post();
        let (together, lanes) = together::together();
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
        .routes(routes!(list::get))
        .routes(routes!(record::get))
        .routes(batch::route())
        .routes(routes!(file::get))
        .routes(routes!(events::list))
        .routes(routes!(events::stream));
    let writing = OpenApiRouter::new()
        .routes(routes!(submit::events::post))
        .routes(routes!(submit::uploads::post))
        .routes(routes!(submit::orders::open))
        .routes(routes!(submit::orders::push))
        .routes(routes!(submit::cancel::post))
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
    let mut group = group.route_layer(from_fn_with_state(gate, caller::admit));
    openapi::guard(group.get_openapi_mut(), scope);
    group
}

const NO_METHOD: &str = "this path has other methods; see the header Allow";
const NO_ROUTE: &str = "no such path; /docs lists those there are";
