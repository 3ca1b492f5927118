//! The receipt of an erasure.

use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::clock;
use crate::domain::ProcessKey;
use crate::store::Store;
use crate::store::admin::erasure::{Erased, Erasure, ErasureScope};

/// What an erasure in the database can't reach.
const REMAINS: [&str; 4] = [
    "messages in the broker's queues and streams: events of an erased token that come from there are refused",
    "what consumers, webhooks and clients have received",
    "backups, replicas that lag, and the write-ahead log of the database; dead rows until the next vacuum",
    "the object store's own versions and backups of files, and logs and the audit of earlier acts",
];

/// What was erased, when, by whom, and what may still hold it.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErasureReceipt<'a> {
    tenant: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<&'a str>,
    /// The process's key, which the audit and the tombstone name.
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<Uuid>,
    #[schema(value_type = String, format = DateTime)]
    erased_at: Timestamp,
    /// The actor, as in the audit.
    erased_by: String,
    /// Rows and files that there were.
    erased: ErasedCounts,
    /// Whether every row is deleted already; otherwise the janitor deletes the rest.
    complete: bool,
    /// Places that an erasure does not reach.
    may_remain: [&'static str; 4],
}

/// Rows of each table, and files with their bytes.
#[derive(Debug, Serialize, ToSchema)]
struct ErasedCounts {
    process: u64,
    event: u64,
    item: u64,
    stage: u64,
    parked: u64,
    outbox: u64,
    dead_letter: u64,
    tombstone: u64,
    file: u64,
    file_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    access: Option<AccessCounts>,
}

/// What gave access to a tenant.
#[derive(Debug, Serialize, ToSchema)]
struct AccessCounts {
    keys_revoked: u64,
    sessions: u64,
    producer_rules: u64,
}

impl<'a> ErasureReceipt<'a> {
    /// The receipt of what the actor of a store has erased.
    #[must_use]
    pub fn new(erasure: &'a Erasure, erased: &Erased, store: &Store) -> Self {
        let (token, group) = match &erasure.scope {
            ErasureScope::Token(token) => (Some(token.as_str()), None),
            ErasureScope::Group(group) => (None, Some(group.as_str())),
            ErasureScope::Everything => (None, None),
        };
        let is_all = erasure.scope == ErasureScope::Everything;
        Self {
            tenant: &erasure.tenant,
            token,
            group,
            process: token.map(|token| ProcessKey::of(&erasure.tenant, token).0),
            erased_at: clock::now(),
            erased_by: store.actor().to_string(),
            erased: ErasedCounts {
                process: erased.processes,
                event: erased.events,
                item: erased.items,
                stage: erased.stages,
                parked: erased.parked,
                outbox: erased.outbox,
                dead_letter: erased.dead_letters,
                tombstone: erased.tombstones,
                file: erased.files,
                file_bytes: erased.file_bytes,
                access: is_all.then_some(AccessCounts {
                    keys_revoked: erased.keys,
                    sessions: erased.sessions,
                    producer_rules: erased.rules,
                }),
            },
            complete: erased.unfinished == 0,
            may_remain: REMAINS,
        }
    }
}
