//! Waiting for processes to end: however many wait, the database gets one question at a time.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::core::ProcessKey;
use crate::store::Store;

/// How often the database is asked while somebody waits.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Processes that one question names.
const KEYS_AT_ONCE: usize = 5_000;

/// Those who wait.
#[derive(Clone, Default)]
pub(super) struct Waiting {
    waiting: Arc<Mutex<HashMap<ProcessKey, Vec<oneshot::Sender<()>>>>>,
}

impl Waiting {
    /// Waits until a process has ended.
    pub(super) async fn ended(&self, key: ProcessKey) {
        let (sender, ended) = oneshot::channel();
        self.locked().entry(key).or_default().push(sender);
        // Whoever looks for us has stopped: there is nothing more to wait for.
        let _ = ended.await;
    }

    /// Looks for everybody, until told to stop.
    pub(super) async fn look(self, store: Store, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            for keys in self.keys().chunks(KEYS_AT_ONCE) {
                // The next look asks again.
                let ended = store.ended(keys).await.unwrap_or_default();
                let mut waiting = self.locked();
                for sender in ended.iter().filter_map(|key| waiting.remove(key)).flatten() {
                    // Nobody minds if it has gone.
                    let _ = sender.send(());
                }
            }
        }
        self.locked().clear();
    }

    /// The processes that somebody still waits for.
    fn keys(&self) -> Vec<ProcessKey> {
        let mut waiting = self.locked();
        waiting.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        waiting.keys().copied().collect()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<ProcessKey, Vec<oneshot::Sender<()>>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
