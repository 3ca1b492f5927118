//! What an event does to a process: pure rules, no tokio, no SQL, no JSON, no clock.
//!
//! Reading order: [`event`] (what may happen), [`process`] (the record), [`merge`] (what an event
//! changes), [`completion_rules`] (when a process ends and how), [`completion`] (what is published
//! then), [`workflow`] (the graph that an order walks), [`replay_history`] (earlier states of a
//! process). [`ids`] has keys and stamps; [`access`] is what a key allows, [`tenancy`] who may
//! publish, [`quota`] how much.
//! Every rule commutes and is idempotent over the *set* of events, so the order and the
//! repetition of deliveries do not matter; time is always an argument.

pub mod access;
pub mod completion;
pub mod completion_rules;
pub mod event;
pub mod form;
pub mod ids;
pub mod merge;
pub mod order;
pub mod process;
pub mod quota;
pub mod replay_history;
pub mod tenancy;
#[cfg(test)]
mod tests;
pub mod workflow;

pub use self::access::DEFAULT_TENANT;
pub use self::completion::Completion;
pub use self::event::{Event, Happening, Item, Opening};
pub use self::ids::{Kind, ProcessKey, Stamp};
pub use self::process::{Ended, Ending, EndingKind, Fit, ItemCounts, Process, Status};
