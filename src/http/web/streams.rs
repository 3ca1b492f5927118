//! How many streams of events are open: they stay for long, so they have a budget of their own, of
//! which each tenant has its share.

use super::problem::{HttpProblem, ProblemKind};
use crate::fair::{FairBudget, Permit};

/// The most streams at once. Each has up to 1 MiB in memory: a page of events, as read and as written,
/// and the buffers of its connection.
const STREAMS_MAX: usize = 256;

const FULL: &str =
    "too many streams are open; close some, or read GET /v1/events with Prefer: wait";

/// The budget of streams.
#[derive(Debug, Clone)]
pub(in crate::http) struct Streams(FairBudget<String>);

/// An open stream.
pub(in crate::http) type StreamPermit = Permit<String>;

impl Default for Streams {
    fn default() -> Self {
        Self(FairBudget::new(STREAMS_MAX))
    }
}

impl Streams {
    /// How many streams a tenant has open.
    pub(in crate::http) fn open(&self, tenant: &str) -> usize {
        self.0.used(tenant)
    }

    /// A place for a stream of a tenant.
    pub(in crate::http) fn place(&self, tenant: &str) -> Result<StreamPermit, HttpProblem> {
        let place = self.0.place(tenant.to_owned(), 1);
        place.ok_or_else(|| HttpProblem::new(ProblemKind::Unavailable, FULL))
    }
}
