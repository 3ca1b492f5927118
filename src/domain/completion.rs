//! The completion of an ended process, built from its record and its items.

use jiff::Timestamp;
use uuid::Uuid;

use super::event::Opening;
use super::ids::Kind;
use super::process::{Process, Status};

/// The version of the format of a completion's body: its members and how they are cut. The body of
/// a completion can be rebuilt as long as its format is known.
pub const FORMAT: i16 = 1;
/// The most bytes of one message that a completion carries.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;
/// The most bytes of failed items that it lists; their count is always whole.
pub const ERRORS_BYTES_MAX: usize = 512 * 1024;
/// How many failed items a completion lists; their count is always whole.
pub const ERRORS_MAX: usize = 100;
/// How many document ids a completion lists; their count is always whole.
pub const DOCUMENTS_MAX: usize = 1_000;
/// How many messages of one failed item it lists.
pub const MESSAGES_MAX: usize = 10;

/// The contents of one completion.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion {
    /// The same for every copy: the UUIDv5 of tenant and token, which is the process key; from the
    /// second attempt on of tenant, token and attempt.
    pub id: Uuid,
    /// The public name of the process.
    pub token: String,
    /// Who owns it.
    pub tenant: String,
    /// What it tracked.
    pub kind: Kind,
    /// How often the token was opened, this time included.
    pub attempt: u32,
    /// How it ended.
    pub status: Status,
    /// The failure's code.
    pub code: Option<String>,
    /// The failure's message.
    pub message: Option<String>,
    /// The opening, if there was one.
    pub opening: Option<Opening>,
    /// How much was done.
    pub done: u64,
    /// How much there was, if an event said so.
    pub total: Option<u64>,
    /// How many items failed.
    pub failed: u64,
    /// The first failed items by identifier.
    pub errors: Vec<ItemError>,
    /// The first document ids, in the order of their items' identifiers.
    pub document_ids: Vec<String>,
    /// How many items have a document id.
    pub document_count: u64,
    /// When it was opened, by the producer's clock.
    pub opened_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Timestamp,
    /// Its number among the messages about this process, from 1, after the stage messages.
    pub number: u64,
}

/// A failed item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemError {
    /// Its name.
    pub identifier: String,
    /// Messages for people.
    pub messages: Vec<String>,
}

/// What the items of a process add to its completion, already cut to the limits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ItemSummary {
    /// The first failed items by identifier.
    pub errors: Vec<ItemError>,
    /// The first document ids.
    pub document_ids: Vec<String>,
    /// How many items have one.
    pub document_count: u64,
}

impl Completion {
    /// The completion of a sealed process; `None` while it is open.
    #[must_use]
    pub fn of(process: &Process, items: ItemSummary) -> Option<Self> {
        let ended = process.ended.as_ref()?;
        Some(Self {
            id: process.attempt_id().0,
            attempt: process.attempt,
            token: process.token.clone(),
            tenant: process.tenant.clone(),
            kind: process.kind,
            status: ended.status,
            code: ended.code.clone(),
            message: ended.message.clone(),
            opening: process.opening.as_ref().map(|(_, opening)| opening.clone()),
            done: process.done(),
            total: process.total(),
            failed: process.items.failed,
            errors: items.errors,
            document_ids: items.document_ids,
            document_count: items.document_count,
            opened_at: process.opening.as_ref().map(|(stamp, _)| stamp.time),
            ended_at: ended.at,
            number: process.stops + 1,
        })
    }

    /// From its opening to its end; never negative, whatever the producers' clocks say.
    #[must_use]
    pub fn elapsed_seconds(&self) -> f64 {
        let opened_at = self.opened_at.unwrap_or(self.ended_at);
        self.ended_at
            .duration_since(opened_at)
            .as_secs_f64()
            .max(0.0)
    }
}
