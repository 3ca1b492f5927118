//! The one place that reads the machine's clock; everyone else is handed a time.

use jiff::{Timestamp, TimestampRound, Unit};

/// The current time, cut to the microseconds that PostgreSQL keeps.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the clock"
)]
#[must_use]
pub fn now() -> Timestamp {
    to_micros(Timestamp::now())
}

/// A time cut to whole microseconds, so that what is compared in memory equals what is stored.
#[must_use]
pub fn to_micros(time: Timestamp) -> Timestamp {
    let cut = TimestampRound::new()
        .smallest(Unit::Microsecond)
        .mode(jiff::RoundMode::Trunc);
    time.round(cut).unwrap_or(time)
}
