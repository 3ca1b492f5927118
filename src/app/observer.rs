//! Looks at the database every second: whether it answers, how full the outbox is, what is open.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::core::Kind;
use crate::store::{Store, StoreError, migrate};
use crate::telemetry::{Condition, Dependency, Health, Pool, Quarantined, Telemetry};

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(1);
/// After this long without an answer it counts as away.
const AWAY_AFTER: Duration = Duration::from_secs(2);

/// Watches the database on behalf of health, metrics and back-pressure.
pub(super) struct Observer {
    pub(super) store: Store,
    pub(super) telemetry: Telemetry,
    pub(super) health: Health,
    /// Consuming pauses while more rows than this wait to be published.
    pub(super) outbox_limit: u64,
    /// Whether consuming may go on.
    pub(super) gate: watch::Sender<bool>,
}

impl Observer {
    pub(super) async fn run(self, done: CancellationToken) {
        let mut migrated = false;
        loop {
            let answer = match tokio::time::timeout(AWAY_AFTER, self.look(&mut migrated)).await {
                Ok(answer) => answer,
                Err(_) => Err(StoreError::Timeout),
            };
            self.health
                .set(Condition::DatabaseConnected, answer.is_ok());
            self.health.set(Condition::MigrationsCurrent, migrated);
            match answer {
                Ok(()) => self.telemetry.connected(Dependency::Database),
                Err(error) => self.telemetry.disconnected(Dependency::Database, &error),
            }
            let (idle, used, max) = self.store.pool_state();
            self.telemetry.show_pool(Pool { idle, used, max });
            self.health.beat("observer");
            tokio::select! {
                () = done.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn look(&self, migrated: &mut bool) -> Result<(), StoreError> {
        if !self.schema_is_current(migrated).await? {
            return Ok(());
        }
        let outbox = self.store.outbox_state().await?;
        self.telemetry.show_outbox(outbox.pending, outbox.oldest);
        self.gate.send_replace(outbox.pending < self.outbox_limit);
        let tally = self.store.tally().await?;
        for kind in Kind::ALL.map(Kind::name) {
            let open = tally.open.get(kind).copied().unwrap_or(0);
            let oldest = tally.oldest_open.get(kind).copied();
            self.telemetry.show_open(kind, open, oldest);
        }
        self.telemetry.show_parked(tally.parked);
        self.telemetry
            .show_quarantined(Quarantined::Process, tally.quarantined);
        let letters = tally.dead_letters.iter();
        let letters: Vec<_> = letters
            .map(|(reason, count)| (reason.as_str(), *count))
            .collect();
        self.telemetry.show_dead_letters(&letters);
        Ok(())
    }

    /// The version is looked at until it is right once, so that a newer program may bring the
    /// tables up while this one runs. The cluster is looked at for ever: a dump may be restored
    /// behind the same address, and what a worker logs there before the next epoch has begun would
    /// be hidden from every reader of the feed; so consuming pauses.
    async fn schema_is_current(&self, migrated: &mut bool) -> Result<bool, StoreError> {
        let connection = self.store.connection().await?;
        let versions = migrate::versions(&connection).await?;
        if !versions.same_cluster {
            self.gate.send_replace(false);
            *migrated = false;
            tracing::warn!(
                "the tables were restored from another database cluster and consuming pauses; \
                 run `waybill migrate`, which begins a new epoch of the change feed"
            );
            return Ok(false);
        }
        if !*migrated && versions.are_newer() {
            tracing::warn!(
                applied = versions.applied,
                known = versions.known,
                "the schema is of a newer program; this one works on as long as its statements fit"
            );
        }
        if !*migrated && !versions.suffice() {
            // A worker whose statements do not fit finds out by itself, and ends.
            self.gate.send_replace(true);
            tracing::warn!(
                applied = versions.applied,
                known = versions.known,
                "the schema is not current; run `waybill migrate`"
            );
            return Ok(false);
        }
        *migrated = true;
        Ok(true)
    }
}
