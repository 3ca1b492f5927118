//! Kinds and keys of processes, and stamps, which order events.

use jiff::Timestamp;
use uuid::Uuid;

named! {
    /// What a process tracks. Closed: it is a metric label, a routing key and a column.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Kind {
        /// Files on their way through a chain of services.
        Upload = "upload",
        /// An order walking the stages of a workflow.
        Order = "order",
    }
}

/// The key of a process in every table: computed from its tenant and token, never looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessKey(pub Uuid);

impl ProcessKey {
    /// The UUIDv5 of `urn:waybill:process` in the URL namespace.
    const NAMESPACE: Uuid = Uuid::from_u128(0x119f_bddd_46d5_528d_b7da_d90b_3cc6_b286);

    /// The key of a token. Neither part may contain control characters (`wire` checks that), so the
    /// line feed between them makes every pair unique.
    #[must_use]
    pub fn of(tenant: &str, token: &str) -> Self {
        let name = [tenant, token].join("\n");
        Self(Uuid::new_v5(&Self::NAMESPACE, name.as_bytes()))
    }

    /// The id of an attempt in messages: the key for the first one. No token contains the line feed
    /// before the number.
    #[must_use]
    pub fn of_attempt(tenant: &str, token: &str, attempt: u32) -> Self {
        match attempt {
            ..=1 => Self::of(tenant, token),
            _ => Self::of(tenant, &format!("{token}\n{attempt}")),
        }
    }

    /// The token of an opening event that has none: the same at every redelivery.
    #[must_use]
    pub fn derived_token(source: &str, id: &str) -> String {
        let name = [source, id].join("\n");
        Uuid::new_v5(&Self::NAMESPACE, name.as_bytes()).to_string()
    }
}

/// The position of an event in its process: by time, then sequence, then identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// When it happened, by the producer's clock.
    pub time: Timestamp,
    /// The producer's count, from 0 per token.
    pub sequence: Option<u64>,
    /// Who produced it.
    pub source: String,
    /// Its id, unique in its source.
    pub id: String,
}
