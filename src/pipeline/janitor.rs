//! Ends what is due (settle time, deadline) and forgets what is past its retention, in bounded
//! batches. Several may run: each locks what it takes and skips what another holds.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::decide::{Decision, Merged};
use super::orders::Catalog;
use super::relay::Mailbox;
use super::transaction::{changes, load_orders};
use super::writer::{Rules, reason};
use super::{effects, report};
use crate::files::{FilePath, Files};
use crate::store::batch;
use crate::store::outbox::OutboxRow;
use crate::store::retention::ParkedExpiry;
use crate::store::{Connection, Store, StoreError};
use crate::telemetry::{Health, Telemetry};
use crate::wire::{Problem, Reason};

/// How long samples are kept: an hour for the charts, and some.
const SAMPLES_KEPT: Duration = Duration::from_mins(65);

/// Looks after what no event will move any more.
pub struct Janitor {
    /// Where the processes are.
    pub store: Store,
    /// How long they may stay open.
    pub rules: Rules,
    /// How long ended ones are kept.
    pub retention: Duration,
    /// How long it is remembered that there was one.
    pub tombstones: Duration,
    /// How long a push may wait for its stop.
    pub parked_for: Duration,
    /// How often it looks.
    pub interval: Duration,
    /// How many processes one transaction takes.
    pub batch: i64,
    /// Where it is counted.
    pub telemetry: Telemetry,
    /// Where it shows that it is alive.
    pub health: Health,
    /// Where completions go.
    pub mailbox: Mailbox,
    /// Which shard of the counts it moves.
    pub shard: i16,
    /// Where the contents of files are.
    pub files: Files,
}

impl Janitor {
    /// Looks again and again until told to stop.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            if let Err(error) = self.round(&stop).await {
                self.telemetry.retried(reason(&error), &error);
            }
            self.health.beat("janitor");
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(self.interval) => {}
            }
        }
    }

    async fn round(&self, stop: &CancellationToken) -> Result<(), StoreError> {
        while !stop.is_cancelled() && self.seal_due().await? >= self.batch {}
        self.expire_parked().await?;
        while !stop.is_cancelled() && self.delete_expired().await? >= self.batch.unsigned_abs() {}
        self.remove_files().await?;
        while !stop.is_cancelled() && self.delete_tombstones().await? >= self.batch.unsigned_abs() {
        }
        while !stop.is_cancelled() && self.delete_samples().await? >= self.batch.unsigned_abs() {}
        Ok(())
    }

    /// Forgets one batch of what is past its retention; says how many processes that were.
    async fn delete_expired(&self) -> Result<u64, StoreError> {
        let deleted = self.store.delete_expired(self.retention, self.batch);
        let deleted = deleted.await?;
        self.telemetry.retention_deleted(deleted);
        Ok(deleted)
    }

    /// Forgets one batch of what was forgotten long ago for good.
    async fn delete_tombstones(&self) -> Result<u64, StoreError> {
        let kept_for = self.tombstones;
        self.store.delete_tombstones(kept_for, self.batch).await
    }

    /// Forgets one batch of what is older than the charts.
    async fn delete_samples(&self) -> Result<u64, StoreError> {
        self.store.delete_samples(SAMPLES_KEPT, self.batch).await
    }

    /// Removes the contents of files that belong to nobody; what fails is tried in the next round.
    async fn remove_files(&self) -> Result<(), StoreError> {
        let mut gone = Vec::new();
        for (process, id) in self.store.due_files(self.batch).await? {
            match self.files.remove(FilePath { process, id }).await {
                Ok(()) => gone.push((process, id)),
                Err(error) => tracing::warn!(%error, "a file could not be removed"),
            }
        }
        self.store.delete_files(&gone).await
    }

    /// Pushes that have waited in vain; what one round leaves, the next one takes.
    async fn expire_parked(&self) -> Result<(), StoreError> {
        let reason = Reason::StageNotReached;
        let detail = "it waited as long as a push may; look where the order stands";
        let expiry = ParkedExpiry {
            after: self.parked_for,
            reason: reason.name(),
            problem: serde_json::json!(Problem::new(reason, detail.to_owned())).to_string(),
            shard: self.shard,
        };
        self.store.expire_parked(&expiry, self.batch).await
    }

    /// Seals one batch of what is due; says how many processes that were.
    async fn seal_due(&self) -> Result<i64, StoreError> {
        let connection = self.store.connection().await?;
        match self.transaction(&connection).await {
            Ok((decision, outbox)) => {
                let count = decision.changed.len();
                report::processes(&self.telemetry, &decision);
                report::due(&self.telemetry, &decision);
                self.mailbox.offer(outbox);
                Ok(i64::try_from(count).unwrap_or(i64::MAX))
            }
            Err(error) => {
                connection.discard();
                Err(error)
            }
        }
    }

    async fn transaction(
        &self,
        connection: &Connection,
    ) -> Result<(Decision, Vec<OutboxRow>), StoreError> {
        let loaded = batch::begin_due(connection, self.batch).await?;
        let mut catalog = Catalog::new();
        let names = BTreeSet::new();
        let form = self.rules.form_bytes_max;
        let orders = load_orders(connection, &loaded, names, &mut catalog, form).await?;
        let merged = Merged::due(loaded, orders);
        let answers =
            batch::write_items(connection, &merged.corrections, &[], &merged.questions()).await?;
        let decision = merged.decide(&answers.sequenced, self.rules.settle);
        let mut outbox = effects::completions(&decision, answers.items, answers.place);
        outbox.extend(effects::stages(&decision.entered.stops));
        let changes = changes(&decision, outbox, Vec::new());
        batch::commit(connection, &changes, self.rules.sweep_after, self.shard).await?;
        let outbox = changes.outbox;
        Ok((decision, outbox))
    }
}
