//! Memory that clients take up: bodies as they come in and answers until they were taken are held
//! whole, but all of them together only up to a limit.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{HttpProblem, ProblemKind};

/// Bytes that all of them may take together.
const BYTES_MAX: usize = 256 << 20;
/// What is smaller than that is not counted: the number of connections is limited too.
const SMALL: usize = 16 << 10;

const FULL: &str = "too many large requests and answers are under way; try again in a moment";
const BROKEN: &str = "the body ended too early, or is not as its headers say";

/// Memory for what clients take up.
#[derive(Clone)]
pub(in crate::http) struct MemoryBudget(Arc<Semaphore>);

/// A body, and the room it takes until it is dropped.
pub(in crate::http) struct Received {
    pub(in crate::http) bytes: Vec<u8>,
    room: Option<MemoryPermit>,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self::of(BYTES_MAX)
    }
}

/// Bytes that take room until they are dropped.
struct Held(
    Vec<u8>,
    #[expect(dead_code, reason = "it is only held")] MemoryPermit,
);

/// Memory that was taken, given back when dropped.
pub(in crate::http) type MemoryPermit = OwnedSemaphorePermit;

impl MemoryBudget {
    /// Memory for so many bytes.
    pub(in crate::http) fn of(bytes: usize) -> Self {
        Self(Arc::new(Semaphore::new(bytes)))
    }

    /// Takes room.
    pub(in crate::http) fn take(&self, bytes: usize) -> Result<MemoryPermit, HttpProblem> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.0).try_acquire_many_owned(bytes);
        taken.map_err(|_| HttpProblem::new(ProblemKind::Unavailable, FULL))
    }

    /// An answer that takes room until its client has it.
    pub(in crate::http) fn answer(&self, body: Vec<u8>) -> Result<Bytes, HttpProblem> {
        if body.len() < SMALL {
            return Ok(body.into());
        }
        let taken = self.take(body.len())?;
        Ok(Bytes::from_owner(Held(body, taken)))
    }

    /// Takes a body of at most so many bytes. Memory is taken as the bytes come: whoever is slow
    /// holds only what was sent.
    pub(in crate::http) async fn receive(
        &self,
        body: Body,
        max: usize,
    ) -> Result<Received, HttpProblem> {
        let mut body = body.into_data_stream();
        let mut bytes = Vec::new();
        let mut room: Option<MemoryPermit> = None;
        while let Some(part) = body.next().await {
            let part = part.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN))?;
            if bytes.len() + part.len() > max {
                let detail = format!("the body is over {max} bytes");
                return Err(HttpProblem::new(ProblemKind::TooLarge, &detail));
            }
            let more = self.take(part.len())?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Received { bytes, room })
    }
}

impl Received {
    /// Gives up the bytes; what was made of them takes their room.
    pub(in crate::http) fn into_room(self) -> Option<MemoryPermit> {
        self.room
    }

    /// A body that takes no room.
    #[cfg(test)]
    pub(in crate::http) fn of(bytes: Vec<u8>) -> Self {
        Self { bytes, room: None }
    }
}

impl AsRef<[u8]> for Held {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}
