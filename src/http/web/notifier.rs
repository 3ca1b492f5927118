//! Notifies waiting requests of new events of their tenants: one poll of the database for all of them.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

use crate::lock::lock;
use crate::store::Store;
use crate::store::read::feed_cursor::FeedCursor;

/// Poll interval while there are waiting requests.
const POLL_EVERY: Duration = Duration::from_millis(100);

/// The requests that wait for events.
#[derive(Clone, Default)]
pub(in crate::http) struct Notifier(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    /// The events up to this place were scanned; `None` while no request waits.
    scanned: Option<FeedCursor>,
    waiting: Vec<Waiting>,
}

struct Waiting {
    tenant: String,
    place: FeedCursor,
    wake: oneshot::Sender<FeedCursor>,
}

impl Notifier {
    /// Waits until there are events of a tenant after `place`; returns where to read on: between the two
    /// there are only events of others.
    pub(in crate::http) async fn after(&self, tenant: &str, place: FeedCursor) -> FeedCursor {
        let (wake, woken) = oneshot::channel();
        let waiting = Waiting {
            tenant: tenant.to_owned(),
            place,
            wake,
        };
        lock(&self.0).waiting.push(waiting);
        match woken.await {
            Ok(place) => place,
            // Polling has stopped, and so has the listener.
            Err(_) => std::future::pending().await,
        }
    }

    /// Polls the database until stopped.
    pub(in crate::http) async fn poll(self, store: Store, stop: CancellationToken) {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(POLL_EVERY) => {}
            }
            if lock(&self.0).is_new() {
                // After a failure the next poll tries again.
                let end = store.feed_end().await.ok();
                lock(&self.0).scanned = end;
            }
            let mut place = lock(&self.0).begin();
            while let Some(from) = place {
                // After a failure the next poll tries again.
                let Ok(scan) = store.scan_feed(from).await else {
                    break;
                };
                lock(&self.0).wake(from, &scan.tenants, scan.end);
                place = scan.end.filter(|_| scan.more);
            }
        }
    }
}

impl State {
    /// Whether requests wait and it is not known where to scan from: not at the place of one, which its
    /// client may have invented.
    fn is_new(&self) -> bool {
        self.scanned.is_none() && !self.waiting.is_empty()
    }

    /// The place to scan from, if a request still waits.
    fn begin(&mut self) -> Option<FeedCursor> {
        self.waiting.retain(|waiting| !waiting.wake.is_closed());
        self.scanned.take_if(|_| self.waiting.is_empty());
        self.scanned
    }

    /// The events after `from` were scanned: wakes those that wait for one of these tenants, and those
    /// that began to wait at a place before.
    fn wake(&mut self, from: FeedCursor, tenants: &HashSet<String>, end: Option<FeedCursor>) {
        self.scanned = end.or(self.scanned);
        let is_due =
            |waiting: &mut Waiting| waiting.place < from || tenants.contains(&waiting.tenant);
        for waiting in self.waiting.extract_if(.., is_due) {
            // The client may have gone.
            let _ = waiting.wake.send(waiting.place);
        }
        // The others have missed nothing up to here.
        for waiting in &mut self.waiting {
            waiting.place = waiting.place.max(end.unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(tx: u64) -> FeedCursor {
        FeedCursor {
            epoch: 1,
            tx,
            pos: 1,
        }
    }

    fn waits(state: &mut State, tenant: &str, tx: u64) -> oneshot::Receiver<FeedCursor> {
        let (wake, woken) = oneshot::channel();
        state.waiting.push(Waiting {
            tenant: tenant.to_owned(),
            place: place(tx),
            wake,
        });
        woken
    }

    #[test]
    fn a_reader_is_woken_by_its_own_tenant_and_skips_what_was_of_others() {
        let mut state = State::default();
        assert!(!state.is_new());
        state.scanned = Some(place(5));
        let mut acme = waits(&mut state, "acme", 5);
        let mut beta = waits(&mut state, "beta", 5);
        assert_eq!(state.begin(), Some(place(5)));
        state.wake(
            place(5),
            &HashSet::from(["acme".to_owned()]),
            Some(place(9)),
        );
        assert_eq!(acme.try_recv().unwrap(), place(5));
        assert!(beta.try_recv().is_err());
        assert_eq!(state.begin(), Some(place(9)));
        state.wake(
            place(9),
            &HashSet::from(["beta".to_owned()]),
            Some(place(12)),
        );
        assert_eq!(beta.try_recv().unwrap(), place(9));
        assert_eq!(state.begin(), None);
    }

    #[test]
    fn one_that_begins_to_wait_behind_the_scan_reads_again() {
        let mut state = State::default();
        let _first = waits(&mut state, "acme", 5);
        assert!(state.is_new());
        state.scanned = Some(place(5));
        state.wake(place(5), &HashSet::new(), Some(place(9)));
        let mut behind = waits(&mut state, "beta", 7);
        let mut ahead = waits(&mut state, "beta", 20);
        state.wake(place(9), &HashSet::new(), None);
        assert_eq!(behind.try_recv().unwrap(), place(7));
        state.wake(
            place(9),
            &HashSet::from(["beta".to_owned()]),
            Some(place(21)),
        );
        assert_eq!(ahead.try_recv().unwrap(), place(20));
    }
}
