//! Limits of uploads, and how many may be in progress at once.

use super::content::Allowed;
use crate::fair::{FairBudget, Permit};
use crate::http::web::{HttpProblem, ProblemKind};

/// Most concurrent uploads: each has a few chunks of its file in memory.
const UPLOADS_AT_ONCE: usize = 32;

const BUSY: &str = "too many uploads are in progress; try again in a moment";

/// An upload in progress.
pub(in crate::http) type UploadPermit = Permit<String>;

/// Limits of uploads.
#[derive(Debug, Clone)]
pub struct UploadLimits {
    /// Most bytes of a file.
    pub file_bytes: u64,
    /// Most bytes of a request.
    pub request_bytes: u64,
    /// Allowed media types of uploads.
    pub types: Allowed,
    /// Allowed media types of files that are attached to orders.
    pub attachment_types: Allowed,
    places: FairBudget<String>,
}

impl UploadLimits {
    /// Creates limits.
    #[must_use]
    pub fn new(
        file_bytes: u64,
        request_bytes: u64,
        types: Allowed,
        attachment_types: Allowed,
    ) -> Self {
        Self {
            file_bytes,
            request_bytes,
            types,
            attachment_types,
            places: FairBudget::new(UPLOADS_AT_ONCE),
        }
    }

    /// A permit for one upload of a tenant, released on drop.
    pub(in crate::http) fn place(&self, tenant: &str) -> Result<UploadPermit, HttpProblem> {
        let place = self.places.place(tenant.to_owned(), 1);
        place.ok_or_else(|| HttpProblem::new(ProblemKind::Unavailable, BUSY))
    }
}
