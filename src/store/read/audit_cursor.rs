//! A place in the list of acts as text, which clients keep and send back.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use super::feed_cursor::{CursorError, number};

/// The version of the text's format.
const VERSION: &str = "a1";
/// Digits of a number of 64 bits, in base 16.
const DIGITS: usize = 16;

/// A place in the list: that of an act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditCursor {
    /// When it was done, in whole microseconds after 1970.
    pub at: Timestamp,
    /// Its number, which orders equal times.
    pub id: i64,
}

impl fmt::Display for AuditCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_microsecond();
        write!(f, "{VERSION}{at:016x}{:016x}", self.id)
    }
}

impl FromStr for AuditCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        parse(text).ok_or(CursorError)
    }
}

fn parse(text: &str) -> Option<AuditCursor> {
    let (at, rest) = number(text.strip_prefix(VERSION)?, DIGITS)?;
    let (id, rest) = number(rest, DIGITS)?;
    rest.is_empty().then_some(AuditCursor {
        at: Timestamp::from_microsecond(i64::try_from(at).ok()?).ok()?,
        id: i64::try_from(id).ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_the_round_trip_and_other_texts_are_refused() {
        let cursor = AuditCursor {
            at: "2026-11-30T18:02:11.123456Z".parse().unwrap(),
            id: 7,
        };
        let text = cursor.to_string();
        assert_eq!(text.parse(), Ok(cursor));
        for other in [
            String::new(),
            text.replace("a1", "p1"),
            text.replacen('0', "", 1),
            format!("{text}0"),
            format!("a1{}", "f".repeat(32)),
            text.to_uppercase(),
        ] {
            assert_eq!(other.parse::<AuditCursor>(), Err(CursorError), "{other}");
        }
    }
}
