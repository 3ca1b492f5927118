//! The command line as people use it, on real servers: one pair for all tests, and in it a database
//! and a virtual host for each.

mod broker;
mod dead;
mod keys;
mod orders;
mod policies;
mod pooler;
mod records;
mod remote;
mod settings;
mod workflow;
