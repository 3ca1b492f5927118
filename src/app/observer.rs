//! Looks at the database every second: whether it answers, how full the outbox is, what is open.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::core::Kind;
use crate::store::{Store, StoreError, epoch, migrate};
use crate::telemetry::{Condition, Dependency, Health, Pool, Quarantined, Stuck, Telemetry};

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
        for reason in Stuck::ALL {
            let stuck = tally.stuck.get(reason.as_str()).copied().unwrap_or(0);
            self.telemetry.show_stuck(*reason, stuck);
        }
        self.telemetry.show_parked(tally.parked);
        let lag = self.store.feed_lag().await?;
        self.telemetry.show_feed_lag(lag.map(|lag| lag.seconds));
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
    /// tables up while this one runs.
    async fn schema_is_current(&self, migrated: &mut bool) -> Result<bool, StoreError> {
        let connection = self.store.connection().await?;
        let versions = migrate::versions(&connection).await?;
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
        // The first event begins it too; this is for readers, until there is one.
        if let Some(epoch) = epoch::begin(&connection).await? {
            tracing::warn!(
                epoch,
                "the tables have come to another database cluster or time line: began an epoch"
            );
        }
        Ok(true)
    }
}
