//! Bytes to events and completions to bytes; no tokio, no AMQP client, no SQL.
//!
//! Reading order: [`message`] (what came in, the limits, what comes out), `encoding` and
//! `envelope` (three encodings become one), `types` and `data` (what each event type says),
//! [`mod@decode`] (the way through all of it), [`reason`] and [`problem`] (why a message is refused),
//! [`mod@completion`] (what goes out), [`schema`] (all of that as documents for others), [`plain`]
//! (events written by our own tools), [`workflow`] (files that describe the graph of an order's
//! stages).
//!
//! The hot path borrows from the body and allocates only what an event keeps. Everything that
//! explains a refusal (`diagnose`, `seen`) runs after the fast path has failed.

pub mod completion;
pub mod decode;
pub mod message;
pub mod plain;
pub mod problem;
pub mod reason;
pub mod schema;
pub mod workflow;

mod body;
mod check;
mod cut_body;
mod data;
mod diagnose;
mod encoding;
mod envelope;
mod fault;
mod headers;
mod items;
mod logged;
mod object;
mod orders;
mod same;
mod scan;
mod seen;
mod stage;
mod time;
mod trace;
mod types;

#[cfg(test)]
mod tests;

pub use completion::{Outbound, completion, refusal, token_reply};
pub use cut_body::CutBody;
pub use decode::decode;
pub use logged::{logged, push};
pub use message::{Accepted, HeaderValue, Limits, Message};
pub use plain::{PlainEvent, check_line};
pub use problem::{FieldFault, Problem, Rejection};
pub use reason::Reason;
pub use same::same_json;
pub use stage::{StageEntered, stage_entered};
pub use time::time;
pub use types::{kind_of, type_label, type_names};
