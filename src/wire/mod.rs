//! Bytes to events and completions to bytes; no tokio, no AMQP client, no SQL.
//!
//! Reading order: [`self::decode::message`] (what came in, the limits, what comes out), `encoding` and
//! `envelope` (three encodings become one), `types` and `data` (what each event type says),
//! [`mod@decode`] (the way through all of it), [`self::decode::reason`] and [`problem`] (why a message is refused),
//! [`encode::completion`] (what goes out), [`schema`] (all of that as documents for others), [`self::encode::plain_event`]
//! (events written by our own tools), [`workflow_file`] (files that describe the graph of an order's
//! stages).
//!
//! The hot path borrows from the body and allocates only what an event keeps. Everything that
//! explains a refusal (`diagnose`, `seen`) runs after the fast path has failed.

pub mod decode;
pub mod encode;
pub mod problem;
pub mod schema;
#[cfg(test)]
mod tests;
mod time;
pub mod workflow_file;

pub use self::decode::cut_body::CutBody;
pub use self::decode::decode;
pub use self::decode::event_types::{kind_of, type_label, type_names};
pub use self::decode::json_equality::same_json;
pub use self::decode::logged::{logged, push};
pub use self::decode::message::{Accepted, HeaderValue, Limits, Message};
pub use self::decode::reason::Reason;
pub use self::encode::completion::{Outbound, completion, refusal, token_reply};
pub use self::encode::plain_event::{PlainEvent, check_line};
pub use self::encode::stage::{StageEntered, stage_entered};
pub use self::problem::{FieldFault, Problem, Rejection};
pub use self::time::time;
