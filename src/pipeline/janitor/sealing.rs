//! Seals processes that are due, and expires pushes that have waited too long.

use std::collections::HashMap;

use super::Janitor;
use super::turns::{Done, Slice};
use crate::domain::ProcessKey;
use crate::pipeline::batch::decide::Decision;
use crate::pipeline::batch::decide::changes;
use crate::pipeline::batch::load_orders::load_orders;
use crate::pipeline::batch::merging::Merged;
use crate::pipeline::batch::orders::Catalog;
use crate::pipeline::batch::{batch_metrics, effects};
use crate::store::admin::quarantine::QuarantinedFor;
use crate::store::admin::retention::{LateParked, ParkedExpiry};
use crate::store::write::batch;
use crate::store::write::outbox::OutboxRow;
use crate::store::{Connection, StoreError, Unreadable};
use crate::wire::{Problem, Reason};

/// Records that this version can't read.
type UnreadableRecords = HashMap<ProcessKey, Unreadable>;

impl Janitor {
    /// Turns pushes that have waited too long into dead letters.
    pub(super) async fn expire_parked(&self, slice: &Slice) -> Result<Done, StoreError> {
        let late = LateParked::take(&self.store, self.kept.parked, &slice.cut).await?;
        slice.claims.set(&late.claimed());
        let reason = Reason::StageNotReached;
        let detail = "it waited for its stage as long as a push may; see the current stages of \
                      the order";
        let expiry = ParkedExpiry {
            after: self.kept.parked,
            reason: reason.name(),
            problem: serde_json::json!(Problem::new(reason, detail.to_owned())).to_string(),
            shard: self.shard,
        };
        Ok(Done::of(late.expire(&expiry).await?, slice.cut.limit))
    }

    /// Seals processes that are due.
    pub(super) async fn seal_due(&self, slice: &Slice) -> Result<Done, StoreError> {
        let connection = self.store.connection().await?;
        let claimed = batch::begin_due(&connection, &slice.cut).await?;
        slice.claims.set(&claimed);
        if claimed.is_empty() {
            connection.roll_back().await?;
            return Ok(Done::of(0, slice.cut.limit));
        }
        let loaded = batch::load_due(&connection, &claimed).await?;
        let (decision, outbox, unreadable) = self.transaction(&connection, loaded).await?;
        batch_metrics::processes(&self.telemetry, &decision);
        batch_metrics::due(&self.telemetry, &decision);
        self.mailbox.offer(outbox);
        for (key, why) in &unreadable {
            self.store
                .set_aside(*key, QuarantinedFor::Seal, &why.detail())
                .await?;
            self.telemetry
                .quarantined(QuarantinedFor::Seal.name(), &key.0, why);
        }
        let count = u64::try_from(claimed.len()).unwrap_or(u64::MAX);
        Ok(Done {
            progressed: claimed.len() > unreadable.len(),
            ..Done::of(count, slice.cut.limit)
        })
    }

    async fn transaction(
        &self,
        connection: &Connection,
        mut loaded: batch::Loaded,
    ) -> Result<(Decision, Vec<OutboxRow>, UnreadableRecords), StoreError> {
        let mut catalog = Catalog::new();
        let limits = self.rules.orders;
        let orders = load_orders(connection, &mut loaded, &[], &mut catalog, limits).await?;
        let unreadable = std::mem::take(&mut loaded.unreadable);
        let merged = Merged::due(loaded, orders);
        let answers =
            batch::write_items(connection, &merged.corrections, &[], &merged.questions()).await?;
        let decision = merged.decide(&answers.sequenced, self.rules.settle);
        let mut outbox = effects::completions(&decision, answers.items, answers.place);
        outbox.extend(effects::stages(&decision.entered.stops));
        let changes = changes(&decision, outbox, Vec::new());
        batch::commit(connection, &changes, self.rules.sweep_after, self.shard).await?;
        let outbox = changes.outbox;
        Ok((decision, outbox, unreadable))
    }
}
