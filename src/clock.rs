//! The only place that reads the machine's clock; everything else receives a time.

use jiff::{Timestamp, TimestampRound, Unit};

/// The current time, truncated to microseconds like PostgreSQL's timestamps.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
#[must_use]
pub fn now() -> Timestamp {
    to_micros(Timestamp::now())
}

/// A time truncated to microseconds, so that it equals its stored value.
#[must_use]
pub fn to_micros(time: Timestamp) -> Timestamp {
    let cut = TimestampRound::new()
        .smallest(Unit::Microsecond)
        .mode(jiff::RoundMode::Trunc);
    time.round(cut).unwrap_or(time)
}
