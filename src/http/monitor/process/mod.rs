//! The page of one process: what it is, where it stands, its history, its items.

mod about;
mod asked;
mod delivery;
mod history;
mod items;
pub(super) mod show;
