//! The state that the handlers of the clients' listener share, and their background tasks.

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

/// What the listener needs to start.
#[derive(Clone)]
pub struct Setup {
    /// The database for reading processes; it may be a replica.
    pub store: Store,
    /// The primary database: for files and sessions, and for reads that must not lag behind.
    pub primary: Store,
    /// The storage of files.
    pub files: Files,
    /// Limits of uploads.
    pub uploads: UploadLimits,
    /// The broker that events are published to.
    pub broker: BrokerSettings,
    /// Limits of one event.
    pub limits: wire::Limits,
    /// Whether programs of this machine are answered without a key until there is one.
    pub anonymous: bool,
    /// Rate limits per API key and address.
    pub allowances: Allowances,
    /// Which dialects of other systems are enabled, and under which paths.
    pub dialects: DialectSettings,
    /// Counts requests.
    pub telemetry: Telemetry,
}

/// The state that the handlers share.
#[derive(Clone)]
pub(crate) struct Api(Arc<Shared>);

/// The fields of [`Api`].
pub(crate) struct Shared {
    pub(super) store: Store,
    pub(super) primary: Store,
    pub(super) files: Files,
    pub(super) uploads: UploadLimits,
    pub(super) limits: wire::Limits,
    pub(super) keys: Keys,
    pub(super) room: MemoryBudget,
    pub(super) batcher: Batcher,
    pub(super) publisher: EventPublisher,
    pub(super) ended: Waiters<ProcessKey, ()>,
    pub(super) outcomes: Waiters<SentEvent, EventOutcome>,
    pub(super) notifier: Notifier,
    pub(super) stop: CancellationToken,
}

impl Api {
    /// Creates the state, and the background tasks that run until `stop`.
    pub(super) fn new(setup: Setup, stop: &CancellationToken) -> (Self, JoinSet<()>) {
        let (publisher, task) = publisher::publisher();
        let (batcher, lanes) = batcher::batcher();
        let rates = Rates::new(setup.allowances);
        let api = Self(Arc::new(Shared {
            keys: Keys::new(setup.primary.clone(), rates.clone(), setup.anonymous),
            store: setup.store,
            primary: setup.primary,
            files: setup.files,
            uploads: setup.uploads,
            limits: setup.limits,
            room: MemoryBudget::default(),
            batcher,
            publisher,
            ended: Waiters::default(),
            outcomes: Waiters::default(),
            notifier: Notifier::default(),
            stop: stop.clone(),
        }));
        let mut tasks = api.poll(stop);
        for lane in lanes {
            tasks.spawn(lane.serve(api.store.clone()));
        }
        tasks.spawn(task.serve(setup.broker));
        tasks.spawn(rates.evict(stop.clone()));
        (api, tasks)
    }

    /// Polls the database for all requests that wait.
    fn poll(&self, stop: &CancellationToken) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        let store = self.store.clone();
        // After a failure the next poll tries again.
        let ended = async move |keys: &[ProcessKey]| {
            let ended = store.ended(keys).await.unwrap_or_default();
            ended.into_iter().map(|key| (key, ())).collect()
        };
        tasks.spawn(self.ended.clone().poll(ended, stop.clone()));
        let store = self.store.clone();
        let outcomes =
            async move |sent: &[SentEvent]| store.event_outcomes(sent).await.unwrap_or_default();
        tasks.spawn(self.outcomes.clone().poll(outcomes, stop.clone()));
        let notifier = self.notifier.clone();
        tasks.spawn(notifier.poll(self.store.clone(), stop.clone()));
        tasks
    }
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
