//! One running process: builds what its roles need, watches it, and ends it cleanly.

mod observer;
mod roles;
mod signals;

use std::sync::LazyLock;
use std::time::Duration;

use anyhow::Context;
use jiff::SignedDuration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use roles::{Role, Roles};
pub use signals::Signals;

use crate::config::{LimitSettings, Settings};
use crate::http::guard;
use crate::http::ops::{self, Ops};
use crate::pipeline::batch::BatchLimits;
use crate::pipeline::fault::Faults;
use crate::pipeline::janitor::Janitor;
use crate::pipeline::relay::{self, Letterbox, Mailbox, Relay};
use crate::pipeline::worker::{Worker, shard};
use crate::pipeline::writer::Rules;
use crate::store::Store;
use crate::telemetry::{Condition, Health, Labels, Telemetry};
use crate::wire::{self, Limits, Reason};

/// How long tasks may take to end once they were told to give up.
const GIVE_UP_GRACE: Duration = Duration::from_secs(2);

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Everything that was held is finished.
    Clean,
    /// The grace period passed, or a second signal came: what was held comes again.
    Forced,
}

/// A process with its roles, ready to run.
pub struct App {
    settings: Settings,
    roles: Roles,
    telemetry: Telemetry,
    health: Health,
    store: Store,
    faults: Faults,
    listener: TcpListener,
}

impl App {
    /// Checks what can be checked without the servers, and opens the ops listener.
    pub async fn new(settings: Settings, roles: Roles) -> anyhow::Result<Self> {
        let store = Store::new(&settings.database)?;
        let faults = match settings.fault.crash_at.as_deref() {
            None => Faults::default(),
            Some(point) => Faults::parse(point)
                .with_context(|| format!("fault.crash_at: no crash point is called {point:?}"))?,
        };
        let listener = guard::bind(settings.ops.listen, "ops.listen").await?;
        Ok(Self {
            telemetry: Telemetry::new(&labels())?,
            health: Health::new(&required(&roles)),
            settings,
            roles,
            store,
            faults,
            listener,
        })
    }

    /// Where the ops listener is; useful where the port was left to the system.
    pub fn ops_address(&self) -> anyhow::Result<std::net::SocketAddr> {
        Ok(self.listener.local_addr()?)
    }

    /// What this process knows of its own health.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Runs until the signals say stop, then finishes what is held.
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
                tracing::info!("stopping: taking nothing more, finishing what is held");
                tasks.health.drain();
                stop.cancel();
                tokio::select! {
                    () = tasks.finish() => End::Clean,
                    () = tokio::time::sleep(grace) => End::Forced,
                    () = signals.second() => End::Forced,
                }
            }
        };
        give_up.cancel();
        done.cancel();
        let _ = tokio::time::timeout(GIVE_UP_GRACE, tasks.finish()).await;
        tracing::info!(clean = end == End::Clean, "stopped");
        match failure {
            Some(failed) => Err(failed),
            None => Ok(end),
        }
    }

    fn spawn(
        self,
        stop: &CancellationToken,
        give_up: &CancellationToken,
        done: &CancellationToken,
    ) -> Tasks {
        let mut working = JoinSet::new();
        let mut serving = JoinSet::new();
        let (mailbox, letterbox) = relay::mailbox();
        // Closed until the database was looked at.
        let (gate, gate_state) = watch::channel(false);
        let observer = observer::Observer {
            store: self.store.clone(),
            telemetry: self.telemetry.clone(),
            health: self.health.clone(),
            outbox_limit: self.settings.outbox.limit,
            gate,
        };
        serving.spawn(observer.run(done.clone()));
        let health = self.health.clone();
        if self.roles.has(Role::Worker) {
            let worker = self.worker(mailbox.clone(), gate_state);
            working.spawn(worker.run(stop.clone(), give_up.clone()));
        }
        if self.roles.has(Role::Janitor) {
            working.spawn(self.janitor(mailbox.clone()).run(stop.clone()));
        }
        let relay = self.relay();
        if self.roles.has(Role::Relay) {
            working.spawn(relay.clone().sweep(mailbox, stop.clone()));
        }
        // Ends when the last mailbox is gone, so after all that may still leave something in it.
        working.spawn(publish(relay, letterbox, give_up.clone()));
        let ops = Ops {
            telemetry: self.telemetry,
            health: health.clone(),
            refresh: None,
        };
        serving.spawn(serve(self.listener, ops, done.clone()));
        Tasks {
            working,
            _serving: serving,
            health,
        }
    }

    fn rules(&self) -> Rules {
        Rules {
            settle: signed(self.settings.process.settle),
            deadline: self.settings.process.deadline,
            sweep_after: self.settings.outbox.sweep_after,
        }
    }

    fn worker(&self, mailbox: Mailbox, gate: watch::Receiver<bool>) -> Worker {
        let settings = &self.settings;
        Worker {
            store: self.store.clone(),
            broker: settings.broker.clone(),
            rules: self.rules(),
            limits: limits(&settings.limits),
            batch: BatchLimits {
                events: settings.batch.events,
                bytes: settings.batch.bytes,
            },
            bytes_in_flight: settings.worker.bytes_in_flight,
            telemetry: self.telemetry.clone(),
            health: self.health.clone(),
            faults: self.faults.clone(),
            mailbox,
            gate,
        }
    }

    fn janitor(&self, mailbox: Mailbox) -> Janitor {
        Janitor {
            store: self.store.clone(),
            rules: self.rules(),
            retention: self.settings.process.retention,
            parked_for: self.settings.janitor.parked_for,
            interval: self.settings.janitor.interval,
            batch: i64::try_from(self.settings.janitor.batch).unwrap_or(i64::MAX),
            telemetry: self.telemetry.clone(),
            health: self.health.clone(),
            mailbox,
            shard: shard(),
        }
    }

    fn relay(&self) -> Relay {
        Relay {
            store: self.store.clone(),
            broker: self.settings.broker.clone(),
            unroutable: self.settings.outbox.unroutable,
            sweep_after: self.settings.outbox.sweep_after,
            telemetry: self.telemetry.clone(),
            faults: self.faults.clone(),
        }
    }
}

/// The closed sets of types and reasons; what fits none is `unknown`, or rejected.
fn labels() -> Labels {
    static TYPES: LazyLock<Vec<&str>> =
        LazyLock::new(|| wire::type_names().chain([wire::type_label(None)]).collect());
    static REASONS: LazyLock<Vec<&str>> =
        LazyLock::new(|| Reason::ALL.into_iter().map(Reason::name).collect());
    Labels {
        types: &TYPES,
        reasons: &REASONS,
    }
}

/// What must hold for a process with these roles to be ready.
fn required(roles: &Roles) -> Vec<Condition> {
    let mut required = vec![Condition::DatabaseConnected, Condition::MigrationsCurrent];
    if roles.has(Role::Worker) {
        required.extend([Condition::BrokerConnected, Condition::Consuming]);
    }
    required
}

/// The limits of an event, as the settings have them.
#[must_use]
pub fn limits(limits: &LimitSettings) -> Limits {
    Limits {
        body_bytes: limits.body_bytes,
        nesting: limits.nesting,
        name_bytes: limits.name_bytes,
        items: limits.items,
        text_bytes: limits.text_bytes,
        header_bytes: limits.header_bytes,
    }
}

struct Tasks {
    /// What must finish before the process may end.
    working: JoinSet<()>,
    /// What goes on until then.
    _serving: JoinSet<()>,
    health: Health,
}

impl Tasks {
    async fn finish(&mut self) {
        while self.working.join_next().await.is_some() {}
    }
}

async fn publish(relay: Relay, letterbox: Letterbox, give_up: CancellationToken) {
    relay.publish(letterbox, give_up).await;
}

async fn serve(listener: TcpListener, ops: Ops, done: CancellationToken) {
    if let Err(error) = ops::serve(listener, ops, done).await {
        tracing::error!(%error, "the ops listener has failed");
    }
}

/// Waits for a task that ends although nobody told it to, which only a panic does, or for a
/// database that this program can't work on.
async fn first_failure(working: &mut JoinSet<()>, store: &Store) -> anyhow::Error {
    loop {
        tokio::select! {
            misfit = store.misfit() => return misfit.into(),
            ended = working.join_next() => match ended {
                Some(Ok(())) => {}
                Some(Err(error)) => return anyhow::Error::new(error).context("a task ended unexpectedly"),
                None => return anyhow::anyhow!("every task has ended"),
            },
        }
    }
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
