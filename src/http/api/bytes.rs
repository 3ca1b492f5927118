//! Bodies of requests, as they come in: held whole, but all of them together only up to a limit.

use std::sync::Arc;

use axum::body::Body;
use futures_util::StreamExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::problem::{HttpProblem, Trouble};

/// Bytes that the bodies of all requests may take together.
const BYTES_MAX: usize = 128 << 20;

const FULL: &str = "too many large requests are under way; try again in a moment";
const BROKEN: &str = "the body ended too early, or is not as its headers say";

/// Room for bodies.
#[derive(Clone)]
pub(super) struct Room(Arc<Semaphore>);

/// A body, and the room it takes until it is dropped.
pub(super) struct Received {
    pub(super) bytes: Vec<u8>,
    _room: Option<OwnedSemaphorePermit>,
}

impl Default for Room {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(BYTES_MAX)))
    }
}

impl Room {
    /// Takes a body of at most so many bytes. Room is taken as the bytes come: whoever is slow
    /// holds only what was sent.
    pub(super) async fn receive(&self, body: Body, max: usize) -> Result<Received, HttpProblem> {
        let mut body = body.into_data_stream();
        let mut bytes = Vec::new();
        let mut room: Option<OwnedSemaphorePermit> = None;
        while let Some(part) = body.next().await {
            let part = part.map_err(|_| HttpProblem::new(Trouble::InvalidBody, BROKEN))?;
            if bytes.len() + part.len() > max {
                let detail = format!("the body is over {max} bytes");
                return Err(HttpProblem::new(Trouble::TooLarge, &detail));
            }
            let more = u32::try_from(part.len()).unwrap_or(u32::MAX);
            let more = Arc::clone(&self.0).try_acquire_many_owned(more);
            let more = more.map_err(|_| HttpProblem::new(Trouble::Unavailable, FULL))?;
            match &mut room {
                Some(room) => room.merge(more),
                None => room = Some(more),
            }
            bytes.extend_from_slice(&part);
        }
        Ok(Received { bytes, _room: room })
    }
}
