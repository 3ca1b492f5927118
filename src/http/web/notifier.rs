//! Whether the log goes on after a place: asked once for all who wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::store::Store;
use crate::store::read::feed_cursor::Cursor;

/// How often the database is asked while somebody waits.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The newest place of the log that was seen.
#[derive(Clone, Default)]
pub(in crate::http) struct Notifier {
    newest: watch::Sender<Option<Cursor>>,
    waiting: Arc<AtomicUsize>,
}

/// Somebody who waits.
struct PolledPlace(Arc<AtomicUsize>);

impl Notifier {
    /// Waits until there is something after that place.
    pub(in crate::http) async fn after(&self, place: Cursor) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let _place = PolledPlace(Arc::clone(&self.waiting));
        // It can't close: this holds it.
        let _ = self
            .newest
            .subscribe()
            .wait_for(|newest| *newest > Some(place))
            .await;
    }

    /// Looks for everybody, until told to stop.
    pub(in crate::http) async fn look(self, store: Store, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            if self.waiting.load(Ordering::Relaxed) == 0 {
                continue;
            }
            // After a failure the next look asks again.
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

impl Drop for PolledPlace {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
