//! The command line as people use it, on real servers: one pair for all tests, and in it a database
//! and a virtual host for each.

#![expect(
    clippy::unwrap_used,
    reason = "what these tests stand on may panic as they may"
)]

mod broker;
mod dead;
mod ground;
mod keys;
mod orders;
mod policies;
mod pooler;
mod records;
mod remote;
mod settings;
mod workflow;
