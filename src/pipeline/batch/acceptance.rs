//! Whether the database accepts what the writers of this process write: distinguishes a message
//! that can't be written from a database that refuses everything.

use std::fmt::Display;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::telemetry::{Condition, Health, Telemetry};

/// After this many refusals with no commit between them, the cause is the database: a whole batch,
/// and the halves of two.
const REFUSALS_MAX: u32 = 5;

/// Shared by all writers of a worker.
#[derive(Clone)]
pub(in crate::pipeline) struct Acceptance {
    commits: Arc<AtomicU64>,
    refusals: Arc<AtomicU32>,
    health: Health,
    telemetry: Telemetry,
}

impl Acceptance {
    pub(in crate::pipeline) fn new(health: Health, telemetry: Telemetry) -> Self {
        health.set(Condition::DatabaseAccepting, true);
        Self {
            commits: Arc::default(),
            refusals: Arc::default(),
            health,
            telemetry,
        }
    }

    /// How many transactions have applied events so far.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// A transaction has applied events.
    pub(super) fn applied(&self) {
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.forget();
    }

    /// The server has refused a transaction for the same reason as before.
    pub(super) fn refused(&self, cause: &dyn Display) {
        let refusals = self.refusals.fetch_add(1, Ordering::Relaxed) + 1;
        if refusals >= REFUSALS_MAX {
            self.health.set(Condition::DatabaseAccepting, false);
            self.telemetry.writes_refused(cause);
        }
    }

    /// Whether nothing can be written now.
    pub(super) fn is_missing(&self) -> bool {
        self.refusals.load(Ordering::Relaxed) >= REFUSALS_MAX
    }

    /// Resets the count: the refused deliveries are no longer this process's to write.
    pub(in crate::pipeline) fn forget(&self) {
        if self.refusals.swap(0, Ordering::Relaxed) >= REFUSALS_MAX {
            self.health.set(Condition::DatabaseAccepting, true);
            self.telemetry.writes_accepted();
        }
    }
}
