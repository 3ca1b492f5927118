//! The change feed on a real server: no reader skips or repeats an event, whatever writers do; and
//! the records and logs of many processes at once.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that can't go on should stop where it is"
)]

mod cursors;
mod epochs;
mod ground;
mod horizons;
mod interleaving;
mod lag;
mod plan;
mod reader;
mod records;
mod recoveries;
mod replica;
