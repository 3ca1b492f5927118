//! How the transactions of tenants' own queues take turns, so that a backlog of one tenant costs the
//! others little.
//!
//! As long as other queues have single events, a backlog is written in small batches, one backlog
//! after the other, each followed by a rest. A lane without a backlog never waits for these rests.
//! Without such others a backlog is written at full speed.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedMutexGuard, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use crate::lock::lock;

/// A batch with this many events comes from a backlog; it has no more while others are active.
pub(in crate::pipeline) const SMALL_BATCH: usize = 100;
/// After a transaction of a backlog, none begins for this many times as long as it took.
const REST: u32 = 4;
/// The longest rest.
const REST_MAX: Duration = Duration::from_secs(1);
/// A queue is active for this long after its last small batch.
const ACTIVE: Duration = Duration::from_secs(60);

/// What the writers of all lanes share.
#[derive(Debug, Clone)]
pub struct Turns {
    /// Transactions of tenants' own queues at a time: so many connections of the pool.
    transactions: Arc<Semaphore>,
    /// When the next transaction of a backlog may begin; locked while one is under way.
    backlog: Arc<tokio::sync::Mutex<Instant>>,
    /// When each queue last had a small batch.
    active: Arc<Mutex<HashMap<String, Instant>>>,
}

/// A turn, until it is dropped.
pub(super) struct Turn {
    _transaction: OwnedSemaphorePermit,
    _rest: Option<Rest>,
}

/// Sets the rest after a transaction.
struct Rest {
    until: OwnedMutexGuard<Instant>,
    began: Instant,
}

impl Turns {
    /// With so many transactions of tenants' own queues at a time.
    #[must_use]
    pub fn new(transactions: usize) -> Self {
        Self {
            transactions: Arc::new(Semaphore::new(transactions)),
            backlog: Arc::new(tokio::sync::Mutex::new(Instant::now())),
            active: Arc::default(),
        }
    }

    /// Whether another queue had a small batch lately.
    pub(in crate::pipeline) fn are_shared(&self, queue: &str) -> bool {
        let active = lock(&self.active);
        let mut others = active.iter().filter(|(other, _)| *other != queue);
        others.any(|(_, last)| last.elapsed() < ACTIVE)
    }

    /// Notes a batch of a queue.
    pub(super) fn note(&self, queue: &str, events: usize) {
        if events < SMALL_BATCH {
            let mut active = lock(&self.active);
            active.insert(queue.to_owned(), Instant::now());
        }
    }

    /// Waits for the turn of a tenant's own queue.
    pub(super) async fn wait(&self, queue: &str, events: usize) -> Option<Turn> {
        let backlog = match events >= SMALL_BATCH && self.are_shared(queue) {
            true => Some(self.rested().await),
            false => None,
        };
        // An error means that it is closed, which it never is.
        let transaction = Arc::clone(&self.transactions).acquire_owned().await.ok()?;
        Some(Turn {
            _transaction: transaction,
            _rest: backlog,
        })
    }

    async fn rested(&self) -> Rest {
        let until = Arc::clone(&self.backlog).lock_owned().await;
        tokio::time::sleep_until(*until).await;
        Rest {
            until,
            began: Instant::now(),
        }
    }
}

impl Drop for Rest {
    fn drop(&mut self) {
        let rest = (self.began.elapsed() * REST).min(REST_MAX);
        *self.until = Instant::now() + rest;
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
