//! Builds the parts of each role from the settings.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use jiff::SignedDuration;
use tokio::sync::watch;

use super::client_listener::Api;
use super::observer::Observer;
use super::sampler::Sampler;
use super::{App, Role, Roles};
use crate::config::{DatabaseSettings, Settings, cloud_credentials, tenant_writers};
use crate::domain::order::OrderLimits;
use crate::files::Files;
use crate::http;
use crate::pipeline::authorization::{Authorization, EventRules};
use crate::pipeline::batch::BatchLimits;
use crate::pipeline::batch::writer::Rules;
use crate::pipeline::consume::worker::{TenantShare, Worker, shard};
use crate::pipeline::janitor::{Janitor, JanitorJob, RetentionTimes};
use crate::pipeline::relay::{Destinations, Relay, RelaySender};
use crate::pipeline::replay::runner::ReplayRunner;
use crate::store::{Store, StoreError};
use crate::telemetry::{Condition, Labels};
use crate::wire::{self, Reason};

/// Shorter than the time after which a loop counts as stuck.
const PATIENCE_MAX: Duration = Duration::from_secs(20);
/// Connections of the observer: one to poll with, and another to detect a pooler at the start.
const OBSERVING: usize = 2;

/// The observer's own connections.
pub(super) fn observing(settings: &Settings) -> Result<Store, StoreError> {
    Store::new(&DatabaseSettings {
        pool: OBSERVING,
        ..settings.database.clone()
    })
}

impl App {
    pub(super) fn observer(&self, gate: watch::Sender<bool>) -> Observer {
        Observer {
            store: self.store.clone(),
            others: self
                .api
                .as_ref()
                .map(Api::primary)
                .into_iter()
                .chain([self.janitor_store.clone()])
                .collect(),
            own: self.observing.clone(),
            patience: self.settings.database.connect_timeout.min(PATIENCE_MAX),
            telemetry: self.telemetry.clone(),
            health: self.health.clone(),
            outbox_limit: self.settings.outbox.limit,
            tenancy: self.tenancy.clone(),
            gate,
        }
    }

    fn event_rules(&self) -> EventRules {
        EventRules {
            limits: (&self.settings.limits).into(),
            authorization: Authorization::new(&self.settings.tenancy, self.tenancy.subscribe()),
        }
    }

    pub(super) fn sampler(&self) -> Sampler {
        Sampler {
            store: self.store.clone(),
            telemetry: self.telemetry.clone(),
        }
    }

    fn rules(&self) -> Rules {
        Rules {
            settle: signed(self.settings.process.settle),
            deadline: self.settings.process.deadline,
            sweep_after: self.settings.outbox.sweep_after,
            orders: OrderLimits {
                form_bytes: self.settings.limits.form_bytes,
                parked_pushes: self.settings.limits.parked_pushes,
            },
        }
    }

    pub(super) fn worker(&self, mailbox: RelaySender, gate: watch::Receiver<bool>) -> Worker {
        let settings = &self.settings;
        Worker {
            store: self.store.clone(),
            broker: settings.broker.clone(),
            rules: self.rules(),
            event_rules: self.event_rules(),
            batch: BatchLimits {
                events: settings.batch.events,
                bytes: settings.batch.bytes,
            },
            bytes_in_flight: settings.worker.bytes_in_flight,
            tenants: TenantShare::new(tenant_writers(
                settings.database.pool,
                settings.broker.partitions,
            )),
            telemetry: self.telemetry.clone(),
            health: self.health.clone(),
            faults: self.faults.clone(),
            mailbox,
            gate,
        }
    }

    pub(super) fn janitor(&self, mailbox: RelaySender) -> Janitor {
        let Settings {
            process, janitor, ..
        } = &self.settings;
        Janitor {
            store: self.janitor_store.clone(),
            rules: self.rules(),
            kept: RetentionTimes {
                ended: process.retention,
                tombstones: process.tombstones,
                parked: janitor.parked_for,
                dead_letters: janitor.dead_letters_kept,
                unopened: process.unopened,
                audit: janitor.audit_kept,
            },
            interval: janitor.interval,
            batch: i64::try_from(janitor.batch).unwrap_or(i64::MAX),
            rows: i64::try_from(janitor.rows).unwrap_or(i64::MAX),
            walk: Janitor::first_walk(),
            stopped: Mutex::default(),
            telemetry: self.telemetry.clone(),
            health: self.health.clone(),
            mailbox,
            shard: shard(),
            files: self.files.clone(),
        }
    }

    pub(super) fn relay(&self) -> Relay {
        Relay {
            store: self.store.clone(),
            broker: self.settings.broker.clone(),
            unroutable: self.settings.outbox.unroutable,
            sweep_after: self.settings.outbox.sweep_after,
            telemetry: self.telemetry.clone(),
            faults: self.faults.clone(),
            destinations: Destinations::default(),
            returned: Arc::default(),
        }
    }

    pub(super) fn replay_runner(&self) -> ReplayRunner {
        ReplayRunner {
            store: self.store.clone(),
            broker: self.settings.broker.clone(),
            rules: self.event_rules(),
            telemetry: self.telemetry.clone(),
        }
    }
}

/// The closed sets of types, reasons and routes; others count as the last of each set.
pub(super) fn labels() -> Labels {
    static TYPES: LazyLock<Vec<&str>> =
        LazyLock::new(|| wire::type_names().chain([wire::type_label(None)]).collect());
    static REASONS: LazyLock<Vec<&str>> =
        LazyLock::new(|| Reason::ALL.into_iter().map(Reason::name).collect());
    Labels {
        types: &TYPES,
        reasons: &REASONS,
        routes: http::ROUTES,
    }
}

/// The conditions for a process with these roles to be ready.
pub(super) fn required(roles: &Roles) -> Vec<Condition> {
    let mut required = vec![Condition::DatabaseConnected, Condition::MigrationsCurrent];
    if [Role::Worker, Role::Relay, Role::Janitor]
        .iter()
        .any(|role| roles.has(*role))
    {
        required.push(Condition::DatabaseWritable);
    }
    if roles.has(Role::Worker) {
        required.extend([
            Condition::BrokerConnected,
            Condition::Consuming,
            Condition::DatabaseAccepting,
        ]);
    }
    required
}

/// The same database, with a connection for each job of the janitor.
pub(super) fn for_janitor(database: &DatabaseSettings) -> DatabaseSettings {
    let pool = JanitorJob::ALL.len();
    DatabaseSettings {
        pool,
        ..database.clone()
    }
}

/// The file store.
pub(super) fn files(settings: &Settings) -> anyhow::Result<Files> {
    Ok(Files::open(&settings.files.url, cloud_credentials())?)
}

fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}
