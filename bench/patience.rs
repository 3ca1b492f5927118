//! How long anything is waited for: as long as it goes on, and a minute more.

use std::time::{Duration, Instant};

/// Nothing that works is still for so long.
const STILL_MAX: Duration = Duration::from_secs(60);

/// Watches a count that must go on.
pub(crate) struct Patience {
    seen: Option<u64>,
    since: Instant,
}

impl Patience {
    pub(crate) fn new() -> Self {
        Self {
            seen: None,
            since: Instant::now(),
        }
    }

    /// Fails once the count was the same for too long; `what` is waited for.
    pub(crate) fn with(&mut self, seen: u64, wanted: u64, what: &str) -> anyhow::Result<()> {
        if self.seen != Some(seen) {
            self.seen = Some(seen);
            self.since = Instant::now();
        }
        let still = self.since.elapsed();
        anyhow::ensure!(
            still < STILL_MAX,
            "{what}: {seen} of {wanted}, and no more for {} s",
            still.as_secs()
        );
        Ok(())
    }
}

/// Waits for one thing that shows no progress until it is there.
pub(crate) async fn once<T>(what: &str, waiting: impl Future<Output = T>) -> anyhow::Result<T> {
    let ended = tokio::time::timeout(STILL_MAX, waiting).await;
    ended.map_err(|_| anyhow::anyhow!("{what}: not within {} s", STILL_MAX.as_secs()))
}
