//! Times: RFC 3339 with a zone, and the seconds of AMQP, both cut to what the database keeps.

use jiff::Timestamp;

use crate::clock;

/// 0001-01-01T00:00:00Z. Before it PostgreSQL and most languages write years differently.
const FIRST_SECOND: i64 = -62_135_596_800;
/// The last second a [`Timestamp`] holds, at the end of 9999.
const LAST_SECOND: u64 = 253_402_207_200;
/// Digits of a fraction that are read; the rest is cut like anything below a microsecond.
const FRACTION_DIGITS_MAX: usize = 9;

/// What a text must be.
pub(super) const DEMAND: &str =
    "must be an RFC 3339 time with its zone, like 2026-01-31T12:00:00Z, of the years 1 to 9999";

/// Parses an RFC 3339 time.
pub(super) fn parse(text: &str) -> Option<Timestamp> {
    let (seconds, rest) = text.split_at_checked("0000-00-00T00:00:00".len())?;
    let shape = "0000-00-00T00:00:00".bytes();
    if !seconds
        .bytes()
        .zip(shape)
        .all(|(byte, form)| fits(byte, form))
    {
        return None;
    }
    let (fraction, zone) = split_fraction(rest)?;
    let zone_fits = match zone.len() {
        1 => zone.eq_ignore_ascii_case("z"),
        6 => is_offset(zone),
        _ => false,
    };
    if !zone_fits {
        return None;
    }
    let time: Timestamp = if fraction.len() <= FRACTION_DIGITS_MAX {
        text.parse().ok()?
    } else {
        let fraction = fraction.get(..FRACTION_DIGITS_MAX)?;
        format!("{seconds}.{fraction}{zone}").parse().ok()?
    };
    (time.as_second() >= FIRST_SECOND).then(|| clock::to_micros(time))
}

/// Parses an RFC 3339 time; the error says what it must be.
pub fn time(text: &str) -> Result<Timestamp, &'static str> {
    parse(text).ok_or(DEMAND)
}

/// The time of the AMQP property, which counts seconds.
pub(super) fn from_seconds(seconds: u64) -> Result<Timestamp, &'static str> {
    if seconds > LAST_SECOND {
        return Err("looks like milliseconds; give seconds");
    }
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_second(seconds).map_err(|_| "is out of range; give seconds since 1970")
}

fn fits(byte: u8, form: u8) -> bool {
    match form {
        b'0' => byte.is_ascii_digit(),
        separator => byte.eq_ignore_ascii_case(&separator),
    }
}

/// The digits after the point, if there is one, and what follows.
fn split_fraction(rest: &str) -> Option<(&str, &str)> {
    let Some(digits) = rest.strip_prefix('.') else {
        return Some(("", rest));
    };
    let length = digits.bytes().take_while(u8::is_ascii_digit).count();
    (length > 0)
        .then(|| digits.split_at_checked(length))
        .flatten()
}

fn is_offset(zone: &str) -> bool {
    let digits = zone.bytes().zip("+00:00".bytes());
    digits.enumerate().all(|(index, (byte, form))| match index {
        0 => matches!(byte, b'+' | b'-'),
        _ => fits(byte, form),
    })
}
