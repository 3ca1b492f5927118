//! What uploads may bring, and how many may be under way at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::content::Allowed;
use crate::http::web::problem::{HttpProblem, ProblemKind};

/// Uploads that may be under way at once: each holds a few parts of its file.
const UPLOADS_AT_ONCE: usize = 32;

const BUSY: &str = "too many uploads are under way; try again in a moment";

/// What uploads may bring.
#[derive(Debug, Clone)]
pub struct UploadLimits {
    /// Bytes of a file.
    pub file_bytes: u64,
    /// Bytes of a request.
    pub request_bytes: u64,
    /// What a file may be.
    pub types: Allowed,
    places: Arc<Semaphore>,
}

impl UploadLimits {
    /// These limits.
    #[must_use]
    pub fn new(file_bytes: u64, request_bytes: u64, types: Allowed) -> Self {
        Self {
            file_bytes,
            request_bytes,
            types,
            places: Arc::new(Semaphore::new(UPLOADS_AT_ONCE)),
        }
    }

    /// A place for one upload, until it is dropped.
    pub(in crate::http) fn place(&self) -> Result<OwnedSemaphorePermit, HttpProblem> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        place.map_err(|_| HttpProblem::new(ProblemKind::Unavailable, BUSY))
    }
}
