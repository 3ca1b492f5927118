//! Clients of other systems.

pub(crate) mod ahgora;
pub(crate) mod diadoc;
pub(crate) mod omflow;
pub(crate) mod open_capture;
