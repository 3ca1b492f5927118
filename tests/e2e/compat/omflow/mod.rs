//! Clients of OMFLOW.

pub(super) mod orders;
pub(super) mod refusals;
pub(super) mod security_code;
