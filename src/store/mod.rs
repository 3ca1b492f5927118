//! PostgreSQL: every statement of the project, one per file in `queries`, and nothing of AMQP.
//!
//! [`batch`] is the transaction that a batch of events needs, in two halves with the pure merge
//! between them. The other files hold one table or concern each.

pub mod api_key;
pub mod batch;
pub mod connection;
pub mod cursor;
pub mod dead_letter;
pub mod deletion;
mod dial;
pub mod epoch;
pub mod error;
pub mod event;
pub mod failed_item;
pub mod fate;
pub mod feed;
pub mod feed_lag;
pub mod file;
pub mod find;
pub mod fitness;
pub mod foresee;
pub mod inspect;
pub mod item;
mod key_text;
pub mod latest;
pub mod letters;
mod list_statement;
pub mod listing;
pub mod log;
pub mod migrate;
pub mod number;
pub mod order;
pub mod outbox;
pub mod parked;
pub mod pending;
pub mod place;
pub mod process;
pub mod quarantine;
pub mod record;
pub mod replay;
pub mod replay_claim;
pub mod resend;
pub mod retention;
pub mod sample;
pub mod selection;
pub mod session;
pub mod slow_outbox;
pub mod stamp;
pub mod standing;
pub mod stop;
pub mod tally;
pub mod undeliverable;
pub mod walk;
pub mod watch;
pub mod workflow;

pub use connection::{Connection, Store};
pub use error::{Blame, Retry, StoreError};

/// One column of a batch of rows, as the array that `unnest` takes.
fn column<'a, T, V>(rows: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

/// A count as PostgreSQL keeps it; counts are bounded far below at the door.
fn to_bigint(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count that a `CHECK` keeps from being negative.
fn from_bigint(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
