//! Workflows: all of them, one of them, and the picture that shows where an order stands too.

pub(super) mod list;
pub(super) mod picture;
pub(super) mod show;
mod stages;
