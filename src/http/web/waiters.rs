//! Requests that wait for a change in the database: one poll for all of them.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::lock::lock;

/// Poll interval.
pub(super) const POLL_EVERY: Duration = Duration::from_millis(100);
/// Keys per query.
const KEYS_AT_ONCE: usize = 5_000;

/// The waiting requests, by the key that they wait for.
#[derive(Clone)]
pub(in crate::http) struct Waiters<K, V> {
    pending: Arc<Mutex<HashMap<K, Vec<oneshot::Sender<V>>>>>,
}

impl<K: Clone + Eq + Hash, V: Clone> Waiters<K, V> {
    /// Waits for the value of a key; `None` if polling has stopped.
    pub(in crate::http) async fn wait_for(&self, key: K) -> Option<V> {
        let (sender, value) = oneshot::channel();
        self.locked().entry(key).or_default().push(sender);
        value.await.ok()
    }

    /// Polls with `query`, until stopped; it returns the values of the keys that have one.
    pub(in crate::http) async fn poll(
        self,
        query: impl AsyncFn(&[K]) -> Vec<(K, V)>,
        stop: CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(POLL_EVERY) => {}
            }
            for keys in self.keys().chunks(KEYS_AT_ONCE) {
                for (key, value) in query(keys).await {
                    for sender in self.locked().remove(&key).into_iter().flatten() {
                        // The request may have been cancelled.
                        let _ = sender.send(value.clone());
                    }
                }
            }
        }
        self.locked().clear();
    }

    /// The keys that requests still wait for.
    fn keys(&self) -> Vec<K> {
        let mut pending = self.locked();
        pending.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        pending.keys().cloned().collect()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<K, Vec<oneshot::Sender<V>>>> {
        lock(&self.pending)
    }
}

impl<K, V> Default for Waiters<K, V> {
    fn default() -> Self {
        let pending = Arc::default();
        Self { pending }
    }
}
