//! Clients of Ahgora.

pub(super) mod records;
pub(super) mod refusals;
pub(super) mod unique;
