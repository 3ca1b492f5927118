//! The command line on real servers, with a database and a virtual host for each test.

mod audit;
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
