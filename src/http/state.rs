//! What the handlers of the clients' listener share, and the tasks that work for them.

use std::ops::Deref;
use std::sync::Arc;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::submit::publisher::{self, EventPublisher};
use super::submit::upload_limits::UploadLimits;
use super::web::batcher::{self, Batcher};
use super::web::keys::Keys;
use super::web::memory_budget::MemoryBudget;
use super::web::notifier::Notifier;
use super::web::rate_limit::{Allowances, Rates};
use super::web::waiters::Waiters;
use crate::config::{BrokerSettings, DialectSettings};
use crate::domain::ProcessKey;
use crate::files::Files;
use crate::store::Store;
use crate::store::read::event_outcome::{EventOutcome, SentEvent};
use crate::telemetry::Telemetry;
use crate::wire;

/// What the listener works with.
#[derive(Clone)]
pub struct Setup {
    /// Where processes are read; it may be a replica.
    pub store: Store,
    /// Where files and sessions are noted, and read what must not be behind.
    pub primary: Store,
    /// Where files are kept.
    pub files: Files,
    /// What uploads may bring.
    pub uploads: UploadLimits,
    /// Where events go.
    pub broker: BrokerSettings,
    /// What an event may not exceed.
    pub limits: wire::Limits,
    /// How often somebody may ask.
    pub allowances: Allowances,
    /// Which other systems' clients are answered, and where.
    pub dialects: DialectSettings,
    /// Where requests are counted.
    pub telemetry: Telemetry,
}

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
    pub(super) room: MemoryBudget,
    pub(super) together: Batcher,
    pub(super) post: EventPublisher,
    pub(super) ended: Waiters<ProcessKey, ()>,
    pub(super) fates: Waiters<SentEvent, EventOutcome>,
    pub(super) news: Notifier,
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
            room: MemoryBudget::default(),
            together,
            post,
            ended: Waiters::default(),
            fates: Waiters::default(),
            news: Notifier::default(),
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
        let fates = async move |sent: &[SentEvent]| store.fates(sent).await.unwrap_or_default();
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
