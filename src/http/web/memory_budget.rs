//! A memory limit for all request bodies and responses together, shared by the tenants: each is kept
//! in memory until it was processed or sent.

use axum::body::{Body, BodyDataStream, Bytes};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use serde::Serialize;

use super::problem::{HttpProblem, ProblemKind};
use crate::fair::{FairBudget, Permit, Share};

/// Limit in bytes.
const BYTES_MAX: usize = 256 << 20;
/// What a byte of a body costs: it is kept as it was received, as it was decoded, and as the message
/// that is published.
const COST: usize = 4;
/// So much of a body is read without counting it.
pub(in crate::http) const EARLY_BYTES_MAX: usize = 4 << 10;
/// Limit in bytes for all clients that are not authenticated yet.
const EARLY_MAX: usize = 32 << 20;
/// Smaller responses are not counted: the number of connections is limited too.
const SMALL: usize = 16 << 10;

const FULL: &str = "too many large requests and responses are in progress; try again in a moment";
const BROKEN: &str = "the body ended too early, or is not as its headers say";

/// Memory for request bodies and responses.
#[derive(Clone)]
pub(in crate::http) struct MemoryBudget {
    bytes: FairBudget<String>,
    /// Whose share is used: of a tenant, or of an address.
    tenant: String,
}

/// A body of which only the beginning has arrived.
pub(in crate::http) struct BegunBody {
    bytes: Vec<u8>,
    rest: BodyDataStream,
    has_ended: bool,
}

/// A body with the permit for its memory.
pub(in crate::http) struct Received {
    pub(in crate::http) bytes: Vec<u8>,
    permit: Option<MemoryPermit>,
}

impl Default for MemoryBudget {
    fn default() -> Self {
        Self {
            bytes: FairBudget::new(BYTES_MAX),
            tenant: String::new(),
        }
    }
}

/// Bytes with the permit for their memory.
struct Counted(
    Vec<u8>,
    #[expect(dead_code, reason = "released on drop")] MemoryPermit,
);

/// A share of the memory, released on drop.
pub(in crate::http) type MemoryPermit = Permit<String>;

impl MemoryBudget {
    /// A budget for clients that are not authenticated yet, by their addresses.
    pub(in crate::http) fn early() -> Self {
        Self {
            bytes: FairBudget::with_share(EARLY_MAX, Share::OneQuarter),
            tenant: String::new(),
        }
    }

    /// The same memory, for a tenant or an address.
    pub(in crate::http) fn of(&self, tenant: &str) -> Self {
        Self {
            bytes: self.bytes.clone(),
            tenant: tenant.to_owned(),
        }
    }

    /// Acquires memory, or fails if there is not enough left of the tenant's share.
    pub(in crate::http) fn take(&self, bytes: usize) -> Result<MemoryPermit, HttpProblem> {
        let permit = self.bytes.place(self.tenant.clone(), bytes);
        permit.ok_or_else(|| HttpProblem::new(ProblemKind::Unavailable, FULL))
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

    /// Reads a body of at most `max` bytes.
    pub(in crate::http) async fn receive(
        &self,
        body: Body,
        max: usize,
    ) -> Result<Received, HttpProblem> {
        self.finish(BegunBody::of(body).await?, max).await
    }

    /// Reads the rest of a body, at most `max` bytes in all. Memory is acquired as the bytes arrive, so
    /// a slow client uses only what it has sent.
    pub(in crate::http) async fn finish(
        &self,
        begun: BegunBody,
        max: usize,
    ) -> Result<Received, HttpProblem> {
        let BegunBody {
            bytes,
            mut rest,
            has_ended,
        } = begun;
        let mut bytes = within(bytes, max)?;
        if has_ended {
            let permit = None;
            return Ok(Received { bytes, permit });
        }
        let mut permit = self.take(bytes.len() * COST)?;
        while let Some(part) = rest.next().await {
            let part = part.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN))?;
            permit.merge(self.take(part.len() * COST)?);
            bytes.extend_from_slice(&part);
            bytes = within(bytes, max)?;
        }
        Ok(Received {
            bytes,
            permit: Some(permit),
        })
    }
}

impl BegunBody {
    /// Reads the first few kilobytes of a body: more only if they arrived at once.
    pub(in crate::http) async fn of(body: Body) -> Result<Self, HttpProblem> {
        let mut rest = body.into_data_stream();
        let mut bytes = Vec::new();
        while bytes.len() <= EARLY_BYTES_MAX {
            let Some(part) = rest.next().await else {
                let has_ended = true;
                return Ok(Self {
                    bytes,
                    rest,
                    has_ended,
                });
            };
            let part = part.map_err(|_| HttpProblem::new(ProblemKind::InvalidBody, BROKEN))?;
            bytes.extend_from_slice(&part);
        }
        let has_ended = false;
        Ok(Self {
            bytes,
            rest,
            has_ended,
        })
    }

    /// What has arrived.
    pub(in crate::http) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether that is all of it.
    pub(in crate::http) fn has_ended(&self) -> bool {
        self.has_ended
    }

    /// All of it, if it is short enough for a client that is not authenticated.
    pub(in crate::http) fn whole(self) -> Result<Vec<u8>, HttpProblem> {
        within(self.bytes, EARLY_BYTES_MAX)
    }
}

fn within(bytes: Vec<u8>, max: usize) -> Result<Vec<u8>, HttpProblem> {
    if bytes.len() <= max {
        return Ok(bytes);
    }
    let detail = format!("the body is over {max} bytes");
    Err(HttpProblem::new(ProblemKind::TooLarge, &detail))
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
