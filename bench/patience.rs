//! Waits for progress: fails after a minute without any.

use std::time::{Duration, Instant};

/// The maximum time without progress.
const STILL_MAX: Duration = Duration::from_secs(60);
/// How often a count is polled.
const POLL_EVERY: Duration = Duration::from_millis(20);

/// Watches a count that must make progress.
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

    /// Fails once the count has not changed for too long; `what` names it.
    pub(crate) fn with(&mut self, seen: u64, expected: u64, what: &str) -> anyhow::Result<()> {
        if self.seen != Some(seen) {
            self.seen = Some(seen);
            self.since = Instant::now();
        }
        let still = self.since.elapsed();
        anyhow::ensure!(
            still < STILL_MAX,
            "{what}: {seen} of {expected}, and no more for {} s",
            still.as_secs()
        );
        Ok(())
    }
}

/// Polls until the count is what is expected; `what` names it.
pub(crate) async fn until(
    what: &str,
    expected: u64,
    count: impl AsyncFn() -> anyhow::Result<u64>,
) -> anyhow::Result<()> {
    let mut patience = Patience::new();
    loop {
        let seen = count().await?;
        if seen == expected {
            return Ok(());
        }
        patience.with(seen, expected, what)?;
        tokio::time::sleep(POLL_EVERY).await;
    }
}

/// Waits for a future without visible progress.
pub(crate) async fn once<T>(what: &str, waiting: impl Future<Output = T>) -> anyhow::Result<T> {
    let ended = tokio::time::timeout(STILL_MAX, waiting).await;
    ended.map_err(|_| anyhow::anyhow!("{what}: not within {} s", STILL_MAX.as_secs()))
}
