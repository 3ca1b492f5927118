//! The end-to-end tests: real workers against real servers, with events under way while something
//! fails.
//!
//! The folders: [`workers`] and the janitor while nothing fails, [`faults`] of one part, [`http`]
//! the native API, [`compat`] the clients of other systems, [`ui`] the pages, [`ops`] what
//! operators rely on, [`cli`] the commands, [`dev`] the private servers, and beneath them the
//! edges: [`broker`] and [`store`]. [`support`] is what all of them share; it begins with `ground`
//! (servers, a database and a virtual host for each test), `worker` (the program as a child
//! process), `story` (what is published), `producer` and `recorder` (an independent producer and
//! consumer) and `checker` (the invariants).

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that reaches for what is not there has failed"
)]

mod attacks;
mod broker;
mod cli;
mod compat;
mod dev;
mod faults;
mod http;
mod ops;
mod store;
mod support;
mod ui;
mod workers;
