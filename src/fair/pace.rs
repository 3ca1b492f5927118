//! How fast heavy work of one party may follow on another: work that keeps a processor, or the servers
//! behind, busy for long compared with the requests of others.
//!
//! While other parties are active, a party does one such thing at a time and rests after it, so that it
//! gets a fifth of the time of one processor. Without others there are no rests.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::timeout;

use super::{Activity, Rested, Rests};
use crate::lock::lock;

/// The rests of all parties after one kind of work.
#[derive(Debug, Clone)]
pub(crate) struct Pace {
    activity: Activity<String>,
    rests: Arc<Mutex<HashMap<String, Rests>>>,
}

/// Heavy work of a party, until it is finished or dropped; its rest follows. If it is only dropped, as by a
/// client that has gone, the work may go on elsewhere, and the longest rest follows.
#[derive(Debug)]
#[must_use]
pub(crate) struct Paced(Option<Rested>);

impl Pace {
    /// For parties whose activity is noted there.
    pub(crate) fn new(activity: Activity<String>) -> Self {
        Self {
            activity,
            rests: Arc::default(),
        }
    }

    /// Waits until the party may begin, for as long as `patience`; then it is `None`.
    pub(crate) async fn next(&self, party: &str, patience: Duration) -> Option<Paced> {
        if !self.activity.is_beside(party) {
            return Some(Paced(None));
        }
        let rests = self.rests(party);
        let mut rested = timeout(patience, rests.wait()).await.ok()?;
        rested.may_be_abandoned();
        Some(Paced(Some(rested)))
    }

    fn rests(&self, party: &str) -> Rests {
        let mut rests = lock(&self.rests);
        if let Some(own) = rests.get(party) {
            return own.clone();
        }
        rests.retain(|_, rests| !rests.is_idle());
        rests.entry(party.to_owned()).or_default().clone()
    }
}

impl Paced {
    /// The work begins now: what was waited for since is not part of it.
    pub(crate) fn begin(&mut self) {
        if let Some(rested) = &mut self.0 {
            rested.begin();
        }
    }

    /// The work is done.
    pub(crate) fn finish(self) {
        if let Some(rested) = self.0 {
            rested.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use tokio::time::{Instant, sleep};

    use super::*;

    const LONG: Duration = Duration::from_secs(60);
    const WORK: Duration = Duration::from_millis(20);

    fn pace(active: &[&str]) -> Pace {
        let activity = Activity::default();
        for party in active {
            activity.note(*party);
        }
        Pace::new(activity)
    }

    /// Returns how long it waited.
    async fn work(pace: &Pace, party: &str) -> Duration {
        let began = Instant::now();
        let paced = pace.next(party, LONG).await.unwrap();
        let waited = began.elapsed();
        sleep(WORK).await;
        paced.finish();
        waited
    }

    #[tokio::test]
    async fn alone_a_party_does_much_at_a_time_and_never_rests() {
        let pace = pace(&["acme"]);
        work(&pace, "acme").await;
        let next = || pace.next("acme", LONG).now_or_never().flatten();
        let both = [next(), next()];
        assert!(both.iter().all(Option::is_some));
    }

    #[tokio::test]
    async fn beside_others_a_party_rests_for_four_times_as_long_as_its_work_took() {
        let pace = pace(&["acme", "other"]);
        work(&pace, "acme").await;
        let _other = pace.next("other", LONG).now_or_never().flatten().unwrap();
        assert!(work(&pace, "acme").await >= WORK * 3);
        assert!(
            pace.next("other", WORK).await.is_none(),
            "one thing at a time"
        );
    }

    #[tokio::test]
    async fn what_was_waited_for_before_the_work_began_adds_nothing_to_the_rest() {
        let pace = pace(&["acme", "other"]);
        let mut paced = pace.next("acme", LONG).await.unwrap();
        sleep(WORK).await;
        paced.begin();
        paced.finish();
        assert!(pace.next("acme", WORK).await.is_some());
    }

    #[tokio::test]
    async fn work_that_is_abandoned_is_followed_by_the_longest_rest() {
        let pace = pace(&["acme", "other"]);
        drop(pace.next("acme", LONG).await);
        assert!(pace.next("acme", WORK).await.is_none());
        assert!(work(&pace, "acme").await >= Duration::from_millis(900));
    }

    #[tokio::test]
    async fn what_is_kept_of_a_party_goes_when_its_rest_is_over() {
        let pace = pace(&["acme", "other"]);
        pace.next("acme", LONG).await.unwrap().finish();
        sleep(WORK).await;
        work(&pace, "other").await;
        assert_eq!(lock(&pace.rests).keys().collect::<Vec<_>>(), ["other"]);
    }
}
