//! Named points at which a worker can crash on purpose, so that tests know the instant of a crash.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

named! {
    /// Where a worker can crash on purpose.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum CrashPoint {
        /// A batch is decoded.
        Decoded = "decoded",
        /// Its transaction has begun.
        Begun = "begun",
        /// Its events are in the log.
        EventsWritten = "events_written",
        /// All is ready to be written and committed.
        BeforeCommit = "before_commit",
        /// The commit is sent, its answer has not come.
        CommitSent = "commit_sent",
        /// It is committed, not acknowledged.
        CommittedBeforeAck = "committed_before_ack",
        /// It is acknowledged.
        Acked = "acked",
        /// Its completions are published, not confirmed.
        PublishedBeforeConfirm = "published_before_confirm",
        /// They are confirmed, still in the outbox.
        ConfirmedBeforeDelete = "confirmed_before_delete",
    }
}

/// The configured crash, if any.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    crash: Option<Arc<Crash>>,
}

#[derive(Debug)]
struct Crash {
    point: CrashPoint,
    passes_left: AtomicU64,
}

impl Faults {
    /// Parses `point` or `point:n`, which aborts when the point is reached for the n-th time.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (name, count) = text.split_once(':').unwrap_or((text, "1"));
        let point = CrashPoint::from_name(name)?;
        let passes_left = AtomicU64::new(count.parse().ok()?);
        Some(Self {
            crash: Some(Arc::new(Crash { point, passes_left })),
        })
    }

    /// Aborts here if configured: at once, like a kill, with nothing cleaned up.
    pub fn pass(&self, point: CrashPoint) {
        if let Some(crash) = &self.crash
            && crash.point == point
            && crash.passes_left.fetch_sub(1, Ordering::Relaxed) == 1
        {
            std::process::abort();
        }
    }

    /// Whether a crash at that point is still to come.
    #[must_use]
    pub fn waits_at(&self, point: CrashPoint) -> bool {
        self.crash.as_ref().is_some_and(|crash| {
            crash.point == point && crash.passes_left.load(Ordering::Relaxed) > 0
        })
    }
}
