//! Rebuilds the bodies of completions from their records.

use std::collections::HashMap;

use super::Relay;
use super::settle::RETRY_REFUSED;
use crate::domain::ProcessKey;
use crate::store::write::outbox::{MessageKind, OutboxRow, Slow};
use crate::store::write::slow_outbox::{Failed, RetryPlan};
use crate::store::{Store, StoreError};
use crate::view::completion;

/// Rebuilds missing bodies of completions; returns the complete rows, and the others with the
/// reason.
pub(in super::super) async fn rebuild(
    store: &Store,
    rows: Vec<OutboxRow>,
) -> Result<(Vec<OutboxRow>, Vec<(OutboxRow, &'static str)>), StoreError> {
    let missing = rows.iter().filter(|row| row.payload.is_none());
    let keys: Vec<ProcessKey> = missing.map(|row| row.process).collect();
    if keys.is_empty() {
        return Ok((rows, Vec::new()));
    }
    let kept = store.completions(&keys).await?;
    let (mut whole, mut failed) = (Vec::with_capacity(rows.len()), Vec::new());
    for mut row in rows {
        if row.payload.is_none() {
            match body(&row, &kept) {
                Ok(body) => row.payload = Some(body),
                Err(why) => {
                    failed.push((row, why));
                    continue;
                }
            }
        }
        whole.push(row);
    }
    Ok((whole, failed))
}

impl Relay {
    /// Rebuilds missing bodies of completions; one whose record no longer yields the same bytes
    /// stays on the slow lane, with the reason.
    pub(super) async fn with_bodies(
        &self,
        rows: Vec<OutboxRow>,
    ) -> Result<Vec<OutboxRow>, StoreError> {
        let (whole, failed) = rebuild(&self.store, rows).await?;
        let failed = failed.into_iter().map(|(row, detail)| Failed {
            row,
            slow: Slow::Refused,
            detail: Some(detail.to_owned()),
            retry_after: RETRY_REFUSED,
        });
        let failed: Vec<Failed> = failed.collect();
        self.store.fail_outbox(&failed).await?;
        Ok(whole)
    }
}

fn body(row: &OutboxRow, kept: &HashMap<ProcessKey, RetryPlan>) -> Result<String, &'static str> {
    let kept = kept
        .get(&row.process)
        .filter(|_| row.what == MessageKind::Completion);
    let kept = kept.ok_or("its process has no readable record to rebuild it from")?;
    Ok(completion::again(kept)?.body)
}
