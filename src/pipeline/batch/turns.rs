//! How the transactions of tenants' own queues take turns, so that a backlog of one tenant costs the
//! others little.
//!
//! As long as other queues have single events, a backlog is written in small batches, one backlog
//! after the other, each followed by a rest. A lane without a backlog never waits for these rests.
//! Without such others a backlog is written at full speed.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fair::{Activity, Rested, Rests};

/// A batch with this many events comes from a backlog; it has no more while others are active.
pub(in crate::pipeline) const SMALL_BATCH: usize = 100;

/// What the writers of all lanes share.
#[derive(Debug, Clone)]
pub struct Turns {
    /// Transactions of tenants' own queues at a time: so many connections of the pool.
    transactions: Arc<Semaphore>,
    /// Transactions of backlogs.
    backlogs: Rests,
    /// The queues with small batches.
    activity: Activity<String>,
}

/// A turn, until it is dropped.
pub(super) struct Turn {
    _transaction: OwnedSemaphorePermit,
    _backlog: Option<Rested>,
}

impl Turns {
    /// With so many transactions of tenants' own queues at a time.
    #[must_use]
    pub fn new(transactions: usize) -> Self {
        Self {
            transactions: Arc::new(Semaphore::new(transactions)),
            backlogs: Rests::default(),
            activity: Activity::default(),
        }
    }

    /// Whether another queue had a small batch lately.
    pub(in crate::pipeline) fn are_shared(&self, queue: &str) -> bool {
        self.activity.is_beside(queue)
    }

    /// Notes a batch of a queue.
    pub(super) fn note(&self, queue: &str, events: usize) {
        if events < SMALL_BATCH {
            self.activity.note(queue);
        }
    }

    /// Waits for the turn of a tenant's own queue.
    pub(super) async fn wait(&self, queue: &str, events: usize) -> Option<Turn> {
        let backlog = match events >= SMALL_BATCH && self.are_shared(queue) {
            true => Some(self.backlogs.wait().await),
            false => None,
        };
        // An error means that it is closed, which it never is.
        let transaction = Arc::clone(&self.transactions).acquire_owned().await.ok()?;
        Some(Turn {
            _transaction: transaction,
            _backlog: backlog,
        })
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;

    use super::*;

    #[test]
    fn a_queue_shares_with_others_that_have_small_batches() {
        let turns = Turns::new(1);
        turns.note("own", 1);
        turns.note("flooded", 1_000);
        assert!(!turns.are_shared("own"));
        assert!(turns.are_shared("flooded"));
    }

    #[tokio::test]
    async fn a_queue_without_a_backlog_does_not_wait_for_the_rest_of_one() {
        let turns = Turns::new(2);
        turns.note("other", 1);
        let backlog = turns.wait("flooded", SMALL_BATCH).await;
        assert!(turns.wait("own", 1).await.is_some());
        // Nor does a backlog beside another one begin before the rest of that.
        let next = turns.wait("flooded too", SMALL_BATCH);
        tokio::pin!(next);
        assert!(next.as_mut().now_or_never().is_none());
        drop(backlog);
        assert!(next.await.is_some());
    }
}
