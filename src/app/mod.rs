//! One running process: builds the parts of its roles, watches them, and stops them cleanly.

mod build;
mod client_listener;
mod observer;
mod roles;
mod sampler;
mod signals;
mod tasks;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::build::{files, for_janitor, labels, observing, required};
use self::client_listener::Api;
pub use self::roles::{Role, Roles};
pub use self::signals::Signals;
use self::tasks::{RunningTasks, Tasks, first_failure, publish, serve};
use crate::config::Settings;
use crate::domain::tenancy::Tenancy;
use crate::files::Files;
use crate::http::ops::Ops;
use crate::http::web::connection_limits;
use crate::http::web::tls::ListenerTls;
use crate::pipeline::failpoint::Faults;
use crate::pipeline::relay;
use crate::store::Store;
use crate::telemetry::{Health, Telemetry};

/// How long tasks may take to end after `give_up`.
const GIVE_UP_GRACE: Duration = Duration::from_secs(2);

/// How long the last sample may take; without it the charts miss some seconds.
const LAST_SAMPLE_MAX: Duration = Duration::from_secs(1);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Every received delivery is finished.
    Clean,
    /// The grace period passed, or a second signal came: the broker requeues pending deliveries.
    Forced,
}

/// A process with its roles, ready to run.
pub struct App {
    settings: Settings,
    roles: Roles,
    telemetry: Telemetry,
    health: Health,
    store: Store,
    /// The janitor's own pool: its jobs and the workers never wait for each other's connections.
    janitor_store: Store,
    observing: Store,
    files: Files,
    faults: Faults,
    /// Who may publish what, as the database says.
    tenancy: watch::Sender<Arc<Tenancy>>,
    listener: TcpListener,
    ops_tls: Option<ListenerTls>,
    api: Option<Api>,
}

impl App {
    /// Checks what can be checked without the servers, and opens the listeners.
    pub async fn new(settings: Settings, roles: Roles) -> anyhow::Result<Self> {
        let store = Store::new(&settings.database)?;
        let janitor_store = Store::new(&for_janitor(&settings.database))?;
        let observing = observing(&settings)?;
        let faults = match settings.fault.crash_at.as_deref() {
            None => Faults::default(),
            Some(point) => Faults::parse(point)
                .with_context(|| format!("fault.crash_at: no crash point is called {point:?}"))?,
        };
        let files = files(&settings)?;
        let telemetry = Telemetry::new(&labels())?;
        let listener = connection_limits::bind(settings.ops.listen, "ops.listen").await?;
        let api = match roles.has(Role::Api) {
            true => Some(Api::new(&settings, files.clone(), telemetry.clone()).await?),
            false => None,
        };
        let ops_tls = settings.ops.tls().map(ListenerTls::new).transpose()?;
        Ok(Self {
            api,
            ops_tls,
            telemetry,
            health: Health::new(&required(&roles)),
            settings,
            roles,
            store,
            janitor_store,
            observing,
            files,
            faults,
            tenancy: watch::Sender::default(),
            listener,
        })
    }

    /// The address of the ops listener; useful if the system chose the port.
    pub fn ops_address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// The address of the listener for clients, if it is open before the start.
    #[must_use]
    pub fn http_address(&self) -> Option<SocketAddr> {
        self.api.as_ref()?.address()
    }

    /// The health of this process.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Runs until a signal to stop, then finishes received deliveries.
    pub async fn run(self, signals: Signals) -> anyhow::Result<End> {
        let stop = CancellationToken::new();
        let give_up = CancellationToken::new();
        let done = CancellationToken::new();
        let grace = self.settings.shutdown.grace;
        let store = self.store.clone();
        let mut tasks = self.spawn(&stop, &give_up, &done);
        let mut failure = None;
        let end = tokio::select! {
            failed = first_failure(&mut tasks.working, &store) => {
                failure = Some(failed);
                stop.cancel();
                End::Forced
            }
            () = signals.first() => {
                tracing::info!("stopping: receiving no more messages, finishing pending deliveries");
                tasks.health.drain();
                stop.cancel();
                tokio::select! {
                    () = tasks.finish() => End::Clean,
                    () = tokio::time::sleep(grace) => End::Forced,
                    () = signals.second() => End::Forced,
                }
            }
        };
        if end == End::Forced && failure.is_none() {
            let left = tasks.running.names();
            tracing::warn!(
                left,
                "forced shutdown; unacknowledged messages will be redelivered"
            );
        }
        give_up.cancel();
        done.cancel();
        let _ = tokio::time::timeout(GIVE_UP_GRACE, tasks.finish()).await;
        if end == End::Clean {
            let _ = tokio::time::timeout(LAST_SAMPLE_MAX, tasks.sampled()).await;
        }
        tracing::info!(clean = end == End::Clean, "stopped");
        match failure {
            Some(failed) => Err(failed),
            None => Ok(end),
        }
    }

    fn spawn(
        mut self,
        stop: &CancellationToken,
        give_up: &CancellationToken,
        done: &CancellationToken,
    ) -> Tasks {
        let mut working = JoinSet::new();
        let running = RunningTasks::default();
        let mut serving = JoinSet::new();
        let (mailbox, incoming) = relay::mailbox();
        // Closed until the database was checked.
        let (gate, gate_state) = watch::channel(false);
        serving.spawn(self.observer(gate).run(done.clone()));
        let mut sampling = JoinSet::new();
        sampling.spawn(self.sampler().run(done.clone()));
        let health = self.health.clone();
        if self.roles.has(Role::Worker) {
            let worker = self.worker(mailbox.clone(), gate_state);
            let worker = worker.run(stop.clone(), give_up.clone());
            running.start(&mut working, "worker", worker);
        }
        if self.roles.has(Role::Janitor) {
            for (name, job) in self.janitor(mailbox.clone()).jobs(stop) {
                running.start(&mut working, name, job);
            }
        }
        let relay = self.relay();
        if self.roles.has(Role::Relay) {
            let sweeper = relay.clone().sweep(mailbox, stop.clone());
            running.start(&mut working, "sweeper", sweeper);
            let slow = relay.clone().slow(stop.clone());
            running.start(&mut working, "slow lane", slow);
            running.start(
                &mut working,
                "replays",
                self.replay_runner().run(stop.clone()),
            );
        }
        // Ends when the last mailbox is dropped, so after all tasks that may still send to it.
        let publisher = publish(relay, incoming, give_up.clone());
        running.start(&mut working, "publisher", publisher);
        if let Some(api) = self.api.take() {
            working.spawn(running.clone().track("clients", api.serve(stop.clone())));
        }
        let ops = Ops {
            telemetry: self.telemetry,
            health: health.clone(),
            refresh: None,
            tls: self.ops_tls,
        };
        serving.spawn(serve(self.listener, ops, done.clone()));
        Tasks {
            working,
            sampling,
            _serving: serving,
            health,
            running,
        }
    }
}
