//! Rests after work, so that there is time for that of others.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

/// After something was done, nothing begins for this many times as long as it took.
const REST: u32 = 4;
/// The longest rest.
const REST_MAX: Duration = Duration::from_secs(1);

/// Of what is done in turn with these, one thing is under way at a time, and each is followed by a rest.
#[derive(Debug, Clone)]
pub(crate) struct Rests {
    /// The end of the last rest; locked while something is done.
    until: Arc<Mutex<Instant>>,
}

/// Work under way; the rest begins when this is dropped.
#[derive(Debug)]
pub(crate) struct Rested {
    until: OwnedMutexGuard<Instant>,
    began: Instant,
    /// The shortest rest.
    at_least: Duration,
}

impl Rests {
    /// Waits until the last rest is over.
    pub(crate) async fn wait(&self) -> Rested {
        let until = Arc::clone(&self.until).lock_owned().await;
        // A timer takes a millisecond even if its moment has passed.
        if *until > Instant::now() {
            tokio::time::sleep_until(*until).await;
        }
        Rested {
            until,
            began: Instant::now(),
            at_least: Duration::ZERO,
        }
    }

    /// Whether nothing is under way or waits, and the last rest is over.
    pub(crate) fn is_idle(&self) -> bool {
        let until = self.until.try_lock();
        until.is_ok_and(|until| Arc::strong_count(&self.until) == 1 && *until <= Instant::now())
    }
}

impl Default for Rests {
    fn default() -> Self {
        Self {
            until: Arc::new(Mutex::new(Instant::now())),
        }
    }
}

impl Rested {
    /// Begins the work: what was waited for since is not part of it.
    pub(crate) fn begin(&mut self) {
        self.began = Instant::now();
    }

    /// From now on, the longest rest follows if this is dropped.
    pub(crate) fn may_be_abandoned(&mut self) {
        self.at_least = REST_MAX;
    }

    /// It is done: the rest depends on how long it took.
    pub(crate) fn finish(mut self) {
        self.at_least = Duration::ZERO;
    }
}

impl Drop for Rested {
    fn drop(&mut self) {
        let rest = (self.began.elapsed() * REST).max(self.at_least);
        let rest = rest.min(REST_MAX);
        *self.until = Instant::now() + rest;
    }
}
