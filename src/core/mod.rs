//! What an event does to a process: pure rules, no tokio, no SQL, no JSON, no clock.
//!
//! Reading order: [`event`] (what may happen), [`process`] (the record), [`merge`] (what an event
//! changes), [`seal`] (when a process ends and how), [`completion`] (what is said then),
//! [`workflow`] (the graph that an order walks), [`past`] (what a process was). [`access`] is what a key allows.
//! Every rule commutes and is idempotent over the *set* of events, so the order and the
//! repetition of deliveries do not matter; time is always an argument.

pub mod access;
pub mod completion;
pub mod event;
pub mod form;
pub mod merge;
pub mod order;
pub mod past;
pub mod process;
pub mod seal;
#[cfg(test)]
mod tests;
pub mod workflow;

pub use access::DEFAULT_TENANT;
pub use completion::Completion;
pub use event::{Event, Happening, Item, Kind, Opening, ProcessKey, Stamp};
pub use process::{Ended, Ending, EndingKind, Fit, ItemCounts, Process, Status};
