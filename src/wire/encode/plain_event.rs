//! Plain events written by our own tools: the CLI, the demo, the tests.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use crate::wire::decode::decode;
use crate::wire::decode::message::{Accepted, Limits, Message};
use crate::wire::problem::Rejection;

/// A plain event. [`PlainEvent::check`] validates it; the type does not.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlainEvent {
    /// Its id, unique in its source.
    pub id: String,
    /// The event type.
    #[serde(rename = "type")]
    pub type_: String,
    /// The process; an opening event may leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// When it happened.
    pub time: Timestamp,
    /// Who produced it.
    pub source: String,
    /// Who owns the process; `default` if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The producer's count, from 0 per token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u64>,
    /// The data that its type requires; an object.
    pub data: Value,
}

impl PlainEvent {
    /// An event of a process, with a unique id and without optional fields.
    #[must_use]
    pub fn new(source: &str, type_: &str, token: &str, time: Timestamp, data: Value) -> Self {
        Self {
            id: Uuid::new_v4().to_string(),
            type_: type_.to_owned(),
            token: Some(token.to_owned()),
            time,
            source: source.to_owned(),
            tenant: None,
            sequence: None,
            data,
        }
    }

    /// One line of JSON, the body of a message of type `application/json`.
    #[must_use]
    pub fn to_line(&self) -> String {
        serde_json::to_string(self).unwrap_or_else(|error| {
            debug_assert!(false, "texts, numbers and values always serialise: {error}");
            String::new()
        })
    }

    /// Whether a worker with these limits would accept it.
    ///
    /// # Errors
    ///
    /// Returns why not.
    pub fn check(&self, limits: &Limits) -> Result<Accepted, Box<Rejection>> {
        check_line(&self.to_line(), limits, self.time)
    }
}

/// Whether a worker with these limits would accept a line as the body of a plain event; `now` is
/// its time if it has none.
///
/// # Errors
///
/// Returns why not.
pub fn check_line(line: &str, limits: &Limits, now: Timestamp) -> Result<Accepted, Box<Rejection>> {
    let message = Message {
        body: line.as_bytes(),
        content_type: Some("application/json"),
        ..Message::default()
    };
    decode(&message, limits, now)
}
