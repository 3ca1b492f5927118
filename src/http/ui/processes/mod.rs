//! The list of processes, live, with its filters.

mod filter;
pub(super) mod list;
mod table;
