//! Looks at the database every second: whether it answers, how full the outbox is, what is open.

use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::store::{Store, StoreError, migrate};
use crate::telemetry::Telemetry;

/// How often the database is asked.
const EVERY: Duration = Duration::from_secs(1);
/// After this long without an answer it counts as away.
const AWAY_AFTER: Duration = Duration::from_secs(2);

/// Watches the database on behalf of health, metrics and back-pressure.
pub(super) struct Observer {
    pub(super) store: Store,
    pub(super) telemetry: Telemetry,
    /// Consuming pauses while more rows than this wait to be published.
    pub(super) outbox_limit: u64,
    pub(super) gate: watch::Sender<bool>,
}

impl Observer {
    pub(super) async fn run(self, done: CancellationToken) {
        loop {
            match tokio::time::timeout(AWAY_AFTER, self.look()).await {
                Ok(Ok(())) => self.telemetry.database_answered(),
                Ok(Err(error)) => self.telemetry.database_away(&error),
                Err(_) => self.telemetry.database_away(&StoreError::Timeout),
            }
            let (idle, used, max) = self.store.pool_state();
            self.telemetry.pool(idle, used, max);
            tokio::select! {
                () = done.cancelled() => return,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        if !self.telemetry.migrations_current() {
            let connection = self.store.connection().await?;
            let versions = migrate::versions(&connection).await?;
            self.telemetry.migrations(versions.current());
            if !versions.current() {
                return Ok(());
            }
        }
        let outbox = self.store.outbox_state().await?;
        self.telemetry.outbox(outbox.pending, outbox.oldest);
        // A receiver that is gone has no use for the news.
        let _ = self.gate.send_replace(outbox.pending < self.outbox_limit);
        let tally = self.store.tally().await?;
        self.telemetry.tally(&tally);
        Ok(())
    }
}
