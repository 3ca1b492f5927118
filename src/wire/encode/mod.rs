//! Events, completions and stages to bytes.

pub mod completion;
pub mod plain_event;
pub(super) mod stage;
