//! Polls the database every second: whether it answers, the size of the outbox, what is open.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::domain::Kind;
use crate::domain::tenancy::Tenancy;
use crate::store::admin::fitness::Writes;
use crate::store::admin::migrate;
use crate::store::read::epoch;
use crate::store::{Store, StoreError};
use crate::telemetry::{Condition, Dependency, Health, Pool, Quarantined, Stuck, Telemetry};

/// How often the database is polled.
const EVERY: Duration = Duration::from_secs(1);
/// After this long without an answer it counts as disconnected.
const DISCONNECTED_AFTER: Duration = Duration::from_secs(2);

/// Watches the database on behalf of health, metrics and back-pressure.
pub(super) struct Observer {
    /// The pool of the workers.
    pub(super) store: Store,
    /// The other pools that write: of the listener for clients, and of the janitor.
    pub(super) others: Vec<Store>,
    /// Connections of its own: an exhausted pool must not look like a database that does not
    /// answer.
    pub(super) own: Store,
    /// How much longer to wait for an answer after it was reported as late.
    pub(super) patience: Duration,
    pub(super) telemetry: Telemetry,
    pub(super) health: Health,
    /// Consuming pauses while more rows than this wait to be published.
    pub(super) outbox_limit: u64,
    /// Who may publish what.
    pub(super) tenancy: watch::Sender<Arc<Tenancy>>,
    /// Whether consuming may continue.
    pub(super) gate: watch::Sender<bool>,
}

/// What is known from earlier polls.
#[derive(Default)]
struct LastObservation {
    /// There is no pooler in transaction mode in between.
    direct: bool,
    migrated: bool,
    /// Whether the database was read-only at the last poll.
    read_only: bool,
}

impl Observer {
    pub(super) async fn run(self, done: CancellationToken) {
        tokio::join!(self.watch(&done), self.watch_lag(&done));
    }

    /// Polls the lag of the feed separately: if the log can't be read, the database may still be
    /// healthy.
    async fn watch_lag(&self, done: &CancellationToken) {
        loop {
            if let Ok(lag) = self.own.feed_lag().await {
                self.telemetry.show_feed_lag(lag.map(|lag| lag.seconds));
            }
            tokio::select! {
                () = done.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn watch(&self, done: &CancellationToken) {
        let mut known = LastObservation::default();
        loop {
            self.observe(&mut known).await;
            let (idle, used, max) = self.store.pool_state();
            self.telemetry.show_pool(Pool { idle, used, max });
            self.health.beat("observer");
            tokio::select! {
                () = done.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    /// Polls once and reports the result, also when the answer is late.
    async fn observe(&self, known: &mut LastObservation) {
        let answer = {
            let poll = self.poll(known);
            tokio::pin!(poll);
            match tokio::time::timeout(DISCONNECTED_AFTER, &mut poll).await {
                Ok(answer) => answer,
                Err(_) => {
                    self.report(&Err(StoreError::Timeout));
                    // Another one of several servers may answer in the meantime.
                    let late = tokio::time::timeout(self.patience, poll).await;
                    late.unwrap_or(Err(StoreError::Timeout))
                }
            }
        };
        self.health
            .set(Condition::MigrationsCurrent, known.migrated);
        self.report(&answer);
        match answer {
            Ok(()) => {}
            Err(error @ StoreError::Unfit(_)) => self.store.report_misfit(error),
            // The query may still be running on the connection.
            Err(_) => self.own.renew(),
        }
    }

    fn report(&self, answer: &Result<(), StoreError>) {
        self.health
            .set(Condition::DatabaseConnected, answer.is_ok());
        match answer {
            Ok(()) => self.telemetry.connected(Dependency::Database),
            Err(error) => self.telemetry.disconnected(Dependency::Database, error),
        }
    }

    async fn poll(&self, known: &mut LastObservation) -> Result<(), StoreError> {
        if !known.direct {
            self.own.check_pooler().await?;
            known.direct = true;
            // One connection is enough from here on.
            self.own.renew();
        }
        if !self.accepts_writes(&mut known.read_only).await?
            || !self.schema_is_current(&mut known.migrated).await?
        {
            return Ok(());
        }
        // Before consuming begins.
        let tenancy = self.own.tenancy().await?;
        self.tenancy.send_if_modified(|known| {
            let changed = **known != tenancy;
            if changed {
                *known = Arc::new(tenancy);
            }
            changed
        });
        let outbox = self.own.outbox_state().await?;
        self.telemetry.show_outbox(outbox.pending, outbox.oldest);
        self.gate.send_replace(outbox.pending < self.outbox_limit);
        let tally = self.own.tally().await?;
        for kind in Kind::ALL.map(Kind::name) {
            let open = tally.open.get(kind).copied().unwrap_or(0);
            let oldest = tally.oldest_open.get(kind).copied();
            self.telemetry.show_open(kind, open, oldest);
        }
        for reason in Stuck::ALL {
            let stuck = tally.stuck.get(reason.name()).copied().unwrap_or(0);
            self.telemetry.show_stuck(reason, stuck);
        }
        self.telemetry.show_parked(tally.parked);
        self.telemetry
            .show_quarantined(Quarantined::Process, tally.quarantined);
        let dead_letters = tally.dead_letters.iter();
        let dead_letters: Vec<_> = dead_letters
            .map(|(reason, count)| (reason.as_str(), *count))
            .collect();
        self.telemetry.show_dead_letters(&dead_letters);
        Ok(())
    }

    /// A read-only server pauses consuming; connections to it are not kept, since another one of
    /// several servers, or the next one behind the same name, may accept writes.
    async fn accepts_writes(&self, read_only: &mut bool) -> Result<bool, StoreError> {
        let writes = self.own.writes().await?;
        let accepted = writes == Writes::Accepted;
        self.health.set(Condition::DatabaseWritable, accepted);
        if !accepted {
            self.gate.send_replace(false);
            tracing::warn!(
                standby = writes == Writes::Standby,
                "the database is read-only and consuming pauses; database.url must name the primary"
            );
            self.own.renew();
        }
        // The server has changed its role, or another server has replaced it.
        if std::mem::replace(read_only, !accepted) == accepted {
            for pool in [&self.store].into_iter().chain(&self.others) {
                pool.renew();
            }
        }
        Ok(accepted)
    }

    /// Checks the version until it is right once, so that a newer program may migrate the tables
    /// while this one runs.
    async fn schema_is_current(&self, migrated: &mut bool) -> Result<bool, StoreError> {
        let connection = self.own.connection().await?;
        let versions = migrate::versions(&connection).await?;
        if !*migrated && versions.are_newer() {
            tracing::warn!(
                applied = versions.applied,
                known = versions.known,
                "the schema is of a newer program; this one continues as long as its statements fit"
            );
        }
        if !*migrated && !versions.suffice() {
            // A worker whose statements do not fit fails and ends the process.
            self.gate.send_replace(true);
            tracing::warn!(
                applied = versions.applied,
                known = versions.known,
                "the schema is not current; run `waybill migrate`"
            );
            return Ok(false);
        }
        *migrated = true;
        // The first event begins an epoch too; this is for readers until then.
        if let Some(epoch) = epoch::begin(&connection).await? {
            tracing::warn!(
                epoch,
                "the tables have moved to another database cluster or time line: began an epoch"
            );
        }
        Ok(true)
    }
}
