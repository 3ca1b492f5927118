//! Replays of dead letters: starting and stopping them, and their progress.

pub(super) mod actions;
pub(super) mod form;
pub(super) mod replay;
mod request;
pub(super) mod table;
