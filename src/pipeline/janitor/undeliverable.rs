//! Turns messages that could not be delivered while their process was kept into dead letters.

use serde_json::json;
use uuid::Uuid;

use super::Janitor;
use crate::broker::Outgoing;
use crate::pipeline::properties;
use crate::pipeline::relay::{self, bodies};
use crate::store::StoreError;
use crate::store::admin::undeliverable::Undeliverable;
use crate::store::write::dead_letter::DeadLetter;
use crate::store::write::outbox::{OutboxRow, Slow};
use crate::wire::encode::completion::SOURCE;
use crate::wire::{Problem, Reason};

/// How many processes one slice claims.
const PROCESSES_MAX: i64 = 100;

impl Janitor {
    /// Turns undeliverable messages of processes past their retention into dead letters.
    pub(super) async fn dead_letter_undeliverable(&self) -> Result<(), StoreError> {
        let claimed = Undeliverable::take(&self.store, self.kept.ended, PROCESSES_MAX).await?;
        if claimed.rows().is_empty() {
            // Nothing is locked: the connection can be returned.
            return claimed.finish(&[], self.shard).await;
        }
        let rows = claimed.rows().iter().map(|(row, _)| row.clone()).collect();
        let (whole, failed) = bodies::rebuild(&self.store, rows).await?;
        let failed = failed.into_iter().map(|(row, why)| (row, Some(why)));
        let rows = whole.into_iter().map(|row| (row, None)).chain(failed);
        let dead_letters = rows.map(|(row, why)| {
            let slow = row.slow.map_or("", Slow::name);
            let mut stored = claimed.rows().iter();
            let stored = stored.find(|(other, _)| (other.id, other.what) == (row.id, row.what));
            let stored = stored.and_then(|(_, detail)| detail.as_deref());
            let detail = match why.or(stored) {
                Some(why) => format!("not delivered: {slow}, {why}"),
                None => format!("not delivered: {slow}"),
            };
            dead_letter(&row, relay::outgoing(&row), detail)
        });
        let dead_letters: Vec<DeadLetter> = dead_letters.collect();
        claimed.finish(&dead_letters, self.shard).await?;
        self.telemetry.dead_lettered(
            Reason::Undeliverable.name(),
            u64::try_from(dead_letters.len()).unwrap_or(u64::MAX),
        );
        Ok(())
    }
}

/// The dead letter of a message of Waybill's own.
fn dead_letter(row: &OutboxRow, message: Outgoing, detail: String) -> DeadLetter {
    let reason = Reason::Undeliverable;
    let name = [row.what.name(), &row.exchange, &row.routing_key].join("\n");
    DeadLetter {
        id: Uuid::new_v5(&row.id, name.as_bytes()),
        reason: reason.name().to_owned(),
        problem: json!(Problem::new(reason, detail)).to_string(),
        tenant: row.headers.get("tenant").cloned(),
        token: Some(row.token.clone()),
        source: Some(SOURCE.to_owned()),
        event_id: Some(row.id.to_string()),
        type_name: Some(row.type_name.clone()),
        exchange: row.exchange.clone(),
        routing_key: row.routing_key.clone(),
        queue: String::new(),
        properties: properties::to_json(&message.properties),
        headers: properties::headers_to_json(&message.properties.headers),
        body: message.body,
    }
}
