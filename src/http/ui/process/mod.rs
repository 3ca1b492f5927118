//! The page of one process: facts, status, history, items.

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
