//! Clients of Open-Capture.

pub(super) mod list;
pub(super) mod processes;
pub(super) mod uploads;
