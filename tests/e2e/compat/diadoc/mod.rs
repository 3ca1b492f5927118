//! Clients of Diadoc.

pub(super) mod answers;
pub(super) mod documents;
