//! Decodes events and encodes completions; no tokio, no AMQP client, no SQL.
//!
//! [`mod@decode`] reads messages: the input and its limits ([`decode::message`]), three encodings
//! (`encoding`, `envelope`), the data of each event type (`event_types`, `data`), and the reasons
//! of refusals ([`decode::reason`], [`problem`]). [`encode`] writes completions, stages, and events
//! of our own tools. [`schema`] describes all of that for others; [`workflow_file`] reads a file
//! that describes the stages of an order.
//!
//! The hot path borrows from the body and allocates only what an event keeps. Everything that
//! explains a refusal (`parse_error`, `salvage`) runs after the fast path has failed.

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
pub use self::decode::event_types::{kind_of, opens, type_label, type_names};
pub use self::decode::json_equality::same_json;
pub use self::decode::logged::{logged, push};
pub use self::decode::message::{Accepted, HeaderValue, Limits, Message};
pub use self::decode::reason::Reason;
pub use self::encode::completion::{Outbound, completion, refusal, token_reply};
pub use self::encode::plain_event::{PlainEvent, check_line};
pub use self::encode::stage::{StageEntered, stage_entered};
pub use self::problem::{FieldFault, Problem, Rejection};
pub use self::time::time;
