//! Replays of dead letters: started and stopped here, and how far each has come.

pub(super) mod actions;
pub(super) mod form;
pub(super) mod replay;
pub(super) mod request;
pub(super) mod table;
