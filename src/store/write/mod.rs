//! What workers write: the transaction of a batch, table by table, and the outbox.

pub mod batch;
pub mod counters;
pub mod dead_letter;
pub mod event;
pub mod file;
pub mod item;
pub(super) mod loaded;
pub mod outbox;
pub mod parked;
pub mod process;
pub mod slow_outbox;
pub mod stage;
