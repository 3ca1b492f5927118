//! Notifies waiting requests of new events: one poll of the database for all of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::store::Store;
use crate::store::read::feed_cursor::FeedCursor;

/// Poll interval while there are waiting requests.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// The newest position of the event log.
#[derive(Clone, Default)]
pub(in crate::http) struct Notifier {
    newest: watch::Sender<Option<FeedCursor>>,
    waiting: Arc<AtomicUsize>,
}

/// Counts a waiting request until dropped.
struct Waiting(Arc<AtomicUsize>);

impl Notifier {
    /// Waits until there are events after `place`.
    pub(in crate::http) async fn after(&self, place: FeedCursor) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(Arc::clone(&self.waiting));
        // The sender is `self`, so the channel can't close.
        let _ = self
            .newest
            .subscribe()
            .wait_for(|newest| *newest > Some(place))
            .await;
    }

    /// Polls the database until stopped.
    pub(in crate::http) async fn poll(self, store: Store, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(POLL_EVERY) => {}
            }
            if self.waiting.load(Ordering::Relaxed) == 0 {
                continue;
            }
            // After a failure the next poll tries again.
            if let Ok(newest) = store.feed_newest().await {
                self.newest.send_if_modified(|seen| {
                    let is_new = newest > *seen;
                    *seen = newest.max(*seen);
                    is_new
                });
            }
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
