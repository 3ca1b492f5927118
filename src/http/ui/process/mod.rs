//! The page of one process: what it is, where it stands, its history, its items.

mod about;
mod csv;
mod delivery;
pub(super) mod errors;
mod history;
mod items;
mod pending;
mod request;
pub(super) mod resend;
pub(super) mod show;
mod stages;
