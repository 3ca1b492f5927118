//! PostgreSQL: every statement of the project, one per file in `queries`, and nothing of AMQP.
//!
//! Three modules: [`mod@write`] is what workers write, [`write::batch`] the transaction of a batch
//! in two halves with the pure merge between them; [`read`] is what clients and operators read;
//! [`admin`] is what operators and the janitor do. Each file covers one table or concern, and
//! `queries` has the same folders.

pub mod actor;
pub mod admin;
pub mod connection;
mod dial;
pub mod error;
mod fitness;
mod pooler;
pub mod read;
pub mod stamp;
pub mod unreadable;
pub mod write;

pub use self::connection::{Connection, Store};
pub use self::error::{Blame, Retry, StoreError};
pub use self::unreadable::Unreadable;

/// One column of a batch of rows, as an array for `unnest`.
fn column<'a, T, V>(rows: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

/// A count as PostgreSQL stores it; input validation keeps counts far below the maximum.
fn to_bigint(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count that a `CHECK` keeps from being negative.
fn from_bigint(count: i64) -> u64 {
    u64::try_from(count).unwrap_or(0)
}
