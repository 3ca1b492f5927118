//! Workflows: the list, one of them, and the picture, which the page of an order uses too.

pub(super) mod list;
pub(super) mod picture;
pub(super) mod show;
mod stages;
