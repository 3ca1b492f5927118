//! A memory limit for all request bodies and responses together: each is kept in memory until it
//! was processed or sent.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{HttpProblem, ProblemKind};

/// Limit in bytes.
const BYTES_MAX: usize = 256 << 20;
/// Smaller responses are not counted: the number of connections is limited too.
const SMALL: usize = 16 << 10;

const FULL: &str = "too many large requests and responses are in progress; try again in a moment";
const BROKEN: &str = "the body ended too early, or is not as its headers say";

/// Memory for request bodies and responses.
#[derive(Clone)]
pub(in crate::http) struct MemoryBudget(Arc<Semaphore>);

/// A body with the permit for its memory.
pub(in crate::http) struct Received {
    pub(in crate::http) bytes: Vec<u8>,
    permit: Option<MemoryPermit>,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::of(BYTES_MAX)
    }
}

/// Bytes with the permit for their memory.
struct Counted(
    Vec<u8>,
    #[expect(dead_code, reason = "released on drop")] MemoryPermit,
);

/// A share of the memory, released on drop.
pub(in crate::http) type MemoryPermit = OwnedSemaphorePermit;

impl MemoryBudget {
    /// A budget of this many bytes.
    pub(in crate::http) fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// Acquires memory, or fails if there is not enough left.
    pub(in crate::http) fn take(&self, bytes: usize) -> Result<MemoryPermit, HttpProblem> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.0).try_acquire_many_owned(bytes);
        permit.map_err(|_| HttpProblem::new(ProblemKind::Unavailable, FULL))
    }

    /// A response body that counts until it was sent.
    pub(in crate::http) fn answer(&self, body: Vec<u8>) -> Result<Bytes, HttpProblem> {
        if body.len() < SMALL {
            return Ok(body.into());
        }
        let permit = self.take(body.len())?;
        Ok(Bytes::from_owner(Counted(body, permit)))
    }

    /// A JSON response that must not be cached; its body counts until it was sent.
    pub(in crate::http) fn json(&self, body: &impl Serialize) -> Result<Response, HttpProblem> {
        let body = self.answer(serde_json::to_vec(body).unwrap_or_default())?;
        Ok((super::uncached("application/json"), body).into_response())
    }

    /// Reads a body of at most `max` bytes. Memory is acquired as the bytes arrive, so a slow
    /// client uses only what it has sent.
    pub(in crate::http) async fn receive(
        &self,
        body: Body,
        max: usize,
    ) -> Result<Received, HttpProblem> {
        let mut body = body.into_data_stream();
        let mut bytes = Vec::new();
        let mut permit: Option<MemoryPermit> = None;
        while let Some(part) = body.next().await {
            let part = part.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN))?;
            if bytes.len() + part.len() > max {
                let detail = format!("the body is over {max} bytes");
                return Err(HttpProblem::new(ProblemKind::TooLarge, &detail));
            }
            let more = self.take(part.len())?;
            match &mut permit {
                Some(permit) => permit.merge(more),
                None => permit = Some(more),
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Received { bytes, permit })
    }
}

impl Received {
    /// Drops the bytes and keeps the permit, for what was parsed out of them.
    pub(in crate::http) fn into_permit(self) -> Option<MemoryPermit> {
        self.permit
    }

    /// A body without a permit.
    #[cfg(test)]
    pub(in crate::http) fn of(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            permit: None,
        }
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
