//! Which parties were active lately.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use crate::lock::lock;

/// A party is active for this long after it was noted.
const ACTIVE: Duration = Duration::from_secs(60);

/// When each party was active last.
#[derive(Debug, Clone)]
pub(crate) struct Activity<K>(Arc<Mutex<HashMap<K, Instant>>>);

impl<K: Eq + Hash> Activity<K> {
    /// Notes that a party is active.
    pub(crate) fn note<Q>(&self, party: &Q)
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ToOwned<Owned = K> + ?Sized,
    {
        let now = Instant::now();
        let mut active = lock(&self.0);
        match active.get_mut(party) {
            Some(last) => *last = now,
            None => {
                active.retain(|_, last| last.elapsed() < ACTIVE);
                active.insert(party.to_owned(), now);
            }
        }
    }

    /// Whether another party was active lately.
    pub(crate) fn is_beside<Q>(&self, party: &Q) -> bool
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        let active = lock(&self.0);
        let mut others = active
            .iter()
            .filter(|(other, _)| (*other).borrow() != party);
        others.any(|(_, last)| last.elapsed() < ACTIVE)
    }
}

impl<K> Default for Activity<K> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_party_is_beside_others_that_were_active_within_a_minute() {
        let activity = Activity::<String>::default();
        activity.note("acme");
        assert!(!activity.is_beside("acme"));
        assert!(activity.is_beside("beta"));
        let long_ago = Instant::now().checked_sub(ACTIVE).unwrap();
        lock(&activity.0).insert("acme".to_owned(), long_ago);
        assert!(!activity.is_beside("beta"));
        activity.note("gamma");
        assert_eq!(lock(&activity.0).len(), 1, "old ones are removed");
    }
}
