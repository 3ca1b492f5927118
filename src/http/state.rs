//! The state that the handlers of the clients' listener share, and their background tasks.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::submit::publisher::{self, EventPublisher};
use super::submit::upload_limits::UploadLimits;
use super::web::batcher::{self, Batcher};
use super::web::keys::Keys;
use super::web::login_audit::LoginAudit;
use super::web::memory_budget::MemoryBudget;
use super::web::notifier::Notifier;
use super::web::quotas::Quotas;
use super::web::rate_limit::{Allowances, Rates};
use super::web::server::Arrival;
use super::web::streams::{StreamPermit, Streams};
use super::web::waiters::Waiters;
use super::web::{Caller, HttpProblem};
use crate::config::{BrokerSettings, DialectSettings};
use crate::domain::ProcessKey;
use crate::fair::{Activity, FairBudget, Pace, Paced};
use crate::files::Files;
use crate::store::Store;
use crate::store::read::event_outcome::{EventOutcome, SentEvent};
use crate::telemetry::Telemetry;
use crate::wire;

/// The longest wait for the rest of a tenant's heavy work.
const REST_MAX: Duration = Duration::from_secs(10);

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
    /// After how long a session ends, however it is used.
    pub session: Duration,
    /// Rate limits per API key and address.
    pub allowances: Allowances,
    /// Which dialects of other systems are enabled, and under which paths.
    pub dialects: DialectSettings,
    /// How requests arrive.
    pub arrival: Arrival,
    /// Counts requests.
    pub telemetry: Telemetry,
}

/// The state that the handlers share, as a handler gets it: for the tenant of its request, whose fair
/// share of connections and memory it uses.
#[derive(Clone)]
pub(crate) struct Api {
    shared: Arc<Shared>,
    tenant: Arc<str>,
}

/// The fields of [`Api`].
pub(crate) struct Shared {
    store: Store,
    primary: Store,
    pub(super) files: Files,
    pub(super) uploads: UploadLimits,
    pub(super) limits: wire::Limits,
    pub(super) keys: Keys,
    room: MemoryBudget,
    pub(super) quotas: Quotas,
    streams: Streams,
    /// Merging logs again is work for a processor, so only a few do it at a time.
    pub(super) mergers: FairBudget<String>,
    /// The tenants that send requests.
    activity: Activity<String>,
    pace: Pace,
    pub(super) batcher: Batcher,
    pub(super) publisher: EventPublisher,
    pub(super) ended: Waiters<ProcessKey, ()>,
    pub(super) outcomes: Waiters<SentEvent, EventOutcome>,
    pub(super) notifier: Notifier,
    pub(super) telemetry: Telemetry,
    pub(super) stop: CancellationToken,
}

impl Api {
    /// Creates the state, and the background tasks that run until `stop`.
    pub(super) fn new(setup: Setup, stop: &CancellationToken) -> (Self, JoinSet<()>) {
        let activity = Activity::default();
        let pace = Pace::new(activity.clone());
        let (publisher, publishing) = publisher::publisher(pace.clone());
        let (batcher, lanes) = batcher::batcher();
        let rates = Rates::new(setup.allowances);
        let logins = LoginAudit::new(setup.primary.clone());
        let primary = setup.primary.clone();
        let sessions = (logins.clone(), setup.session);
        let shared = Shared {
            keys: Keys::new(primary, rates.clone(), setup.anonymous, sessions),
            store: setup.store,
            primary: setup.primary,
            files: setup.files,
            uploads: setup.uploads,
            limits: setup.limits,
            room: MemoryBudget::default(),
            quotas: Quotas::default(),
            streams: Streams::default(),
            mergers: FairBudget::new(mergers()),
            pace,
            activity,
            batcher,
            publisher,
            ended: Waiters::default(),
            outcomes: Waiters::default(),
            notifier: Notifier::default(),
            telemetry: setup.telemetry,
            stop: stop.clone(),
        };
        let api = Self {
            shared: Arc::new(shared),
            tenant: Arc::default(),
        };
        let mut tasks = api.poll(stop);
        for lane in lanes {
            tasks.spawn(lane.serve(api.store.clone()));
        }
        for task in publishing {
            tasks.spawn(task.serve(setup.broker.clone()));
        }
        tasks.spawn(rates.evict(stop.clone()));
        let quotas = api.quotas.clone();
        tasks.spawn(quotas.follow(api.shared.primary.clone(), stop.clone()));
        tasks.spawn(logins.record(stop.clone()));
        (api, tasks)
    }

    /// The same for the requests of a tenant.
    pub(super) fn of(&self, tenant: &str) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            tenant: Arc::from(tenant),
        }
    }

    /// Whose requests it is for; empty before a request is authenticated.
    pub(super) fn tenant(&self) -> &str {
        &self.tenant
    }

    /// The database for reading, which may be a replica.
    pub(super) fn store(&self) -> Store {
        self.store.of(&self.tenant)
    }

    /// The primary database.
    pub(super) fn primary(&self) -> Store {
        self.primary.of(&self.tenant)
    }

    /// Memory for bodies.
    pub(super) fn room(&self) -> MemoryBudget {
        self.room.of(&self.tenant)
    }

    /// Waits until the tenant may do heavy work again: past states, pages of streams.
    pub(super) async fn paced(&self) -> Result<Paced, HttpProblem> {
        let paced = self.pace.next(&self.tenant, REST_MAX).await;
        paced.ok_or_else(HttpProblem::busy)
    }

    /// A place for a stream of events.
    pub(super) fn stream(&self) -> Result<StreamPermit, HttpProblem> {
        let open = self.streams.open(&self.tenant);
        self.quotas.may_stream(&self.tenant, open)?;
        self.streams.place(&self.tenant)
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

impl FromRequestParts<Self> for Api {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, api: &Self) -> Result<Self, Infallible> {
        Ok(match parts.extensions.get::<Caller>() {
            Some(Caller(access)) => {
                api.activity.note(&access.tenant);
                api.of(&access.tenant)
            }
            None => api.clone(),
        })
    }
}

/// Half of the processors: the others answer requests meanwhile.
fn mergers() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors / 2).max(1)
}

impl Deref for Api {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.shared
    }
}
