//! Takes up what nobody published from memory.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::super::writer::reason;
use super::{Mailbox, Post, Relay};

/// Rows that a sweep takes at once.
const SWEEP_ROWS: i64 = 500;
/// How often the sweeper looks.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

impl Relay {
    /// Hands what is due to the publisher, until told to stop.
    pub async fn sweep(self, mailbox: Mailbox, stop: CancellationToken) {
        loop {
            let claimed = match self.store.claim_outbox(SWEEP_ROWS, self.sweep_after).await {
                Ok(rows) => rows,
                Err(error) => {
                    self.telemetry.retried(reason(&error), &error);
                    Vec::new()
                }
            };
            let full = claimed.len() as i64 == SWEEP_ROWS;
            if !claimed.is_empty() {
                let post = Post {
                    rows: claimed,
                    committed: None,
                };
                tokio::select! {
                    () = stop.cancelled() => return,
                    sent = mailbox.posts.send(post) => if sent.is_err() { return },
                }
            }
            if full {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
        }
    }
}
