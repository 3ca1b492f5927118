//! Publishes the outbox rows that were not published from memory.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::{Relay, RelaySender};
use crate::pipeline::retry_reason::reason;
use crate::store::StoreError;
use crate::store::write::outbox::OutboxRow;

/// Messages that a sweep claims at once.
const SWEEP_ROWS: i64 = 500;
/// Bytes that a sweep claims at once; one message may be longer.
const SWEEP_BYTES: i64 = 8 * 1024 * 1024;
/// How often the sweeper polls, unless it is notified that something is due.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

impl Relay {
    /// Sends due rows to the publisher, until stopped.
    pub async fn sweep(self, mailbox: RelaySender, stop: CancellationToken) {
        loop {
            let claimed = self.claim().await.unwrap_or_else(|error| {
                self.telemetry.retried(reason(&error), &error);
                Vec::new()
            });
            let was_empty = claimed.is_empty();
            if !was_empty {
                tokio::select! {
                    () = stop.cancelled() => return,
                    sent = mailbox.send(claimed) => if !sent { return },
                }
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.returned.notified() => {}
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
        }
    }

    async fn claim(&self) -> Result<Vec<OutboxRow>, StoreError> {
        let claimed = self
            .store
            .claim_outbox(SWEEP_ROWS, SWEEP_BYTES, self.sweep_after);
        self.with_bodies(claimed.await?).await
    }
}
