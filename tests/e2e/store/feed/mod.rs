//! The change feed on a real server: no reader skips or repeats an event, whatever writers do; and
//! the records and logs of many processes at once.

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
