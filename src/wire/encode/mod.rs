//! Encodes events, completions and stages.

pub mod completion;
pub mod plain_event;
pub(super) mod stage;
