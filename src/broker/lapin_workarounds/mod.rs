//! Workarounds for what the client library can't parse or does not expose.

pub(super) mod frame;
pub mod greeting;
pub(super) mod runtime;
pub(super) mod screen;
