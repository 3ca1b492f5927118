//! Attacks of one tenant, or of an outsider, on another: each test is named for what is tried.

mod anonymous;
mod backlog;
mod dead_letters;
mod fair_shares;
mod files;
mod limits;
mod memory;
mod other_sites;
mod publishing;
mod replay_reports;
mod sessions;
mod wrong_keys;
