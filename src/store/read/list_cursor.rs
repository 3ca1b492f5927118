//! A place in a list of processes as text, which clients keep and send back.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use uuid::Uuid;

use super::feed_cursor::{CursorError, number};
use crate::domain::ProcessKey;

/// The version of the text's format.
const VERSION: &str = "p1";
/// Digits of a number of 64 bits, in base 16.
const DIGITS: usize = 16;
/// 0001-01-01T00:00:00Z: no earlier time is accepted.
const FIRST_MICROSECOND: i64 = -62_135_596_800_000_000;

named! {
    /// What a list is sorted by, the newest first. A cursor, which has its name, is valid only for
    /// its own sort.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum Sort {
        /// When their first event was stored, which never changes.
        Created = "c",
        /// When they were opened; only those that were.
        Opened = "o",
        /// When they ended; only those that have.
        Ended = "e",
        /// When their first event was stored, within one group.
        Group = "g",
    }
}

/// A place in a list: that of a scanned process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListCursor {
    /// The list's sort.
    pub sort: Sort,
    /// The time that it sorts by, in whole microseconds.
    pub at: Timestamp,
    /// The key of the process, which orders equal times.
    pub key: ProcessKey,
}

impl fmt::Display for ListCursor {
    /// A fixed number of ASCII letters and digits: fits into a URL unescaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.at.as_microsecond().saturating_sub(FIRST_MICROSECOND);
        let (sort, key) = (self.sort.name(), self.key.0.simple());
        write!(f, "{VERSION}{sort}{at:016x}{key:x}")
    }
}

impl FromStr for ListCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        parse(text).ok_or(CursorError)
    }
}

fn parse(text: &str) -> Option<ListCursor> {
    let (sort, rest) = text.strip_prefix(VERSION)?.split_at_checked(1)?;
    let sort = Sort::from_name(sort)?;
    let (at, rest) = number(rest, DIGITS)?;
    let (high, rest) = number(rest, DIGITS)?;
    let (low, rest) = number(rest, DIGITS)?;
    let at = FIRST_MICROSECOND.checked_add_unsigned(at)?;
    rest.is_empty().then_some(ListCursor {
        sort,
        at: Timestamp::from_microsecond(at).ok()?,
        key: ProcessKey(Uuid::from_u64_pair(high, low)),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::store::read::feed_cursor::tests::survives_damage;

    /// The last microsecond of a [`Timestamp`].
    const LAST_MICROSECOND: i64 = 253_402_207_200_999_999;

    fn places() -> impl Strategy<Value = ListCursor> {
        let at = FIRST_MICROSECOND..=LAST_MICROSECOND;
        (0..4_usize, at, any::<(u64, u64)>()).prop_map(|(sort, at, (high, low))| ListCursor {
            sort: Sort::ALL[sort],
            at: Timestamp::from_microsecond(at).unwrap(),
            key: ProcessKey(Uuid::from_u64_pair(high, low)),
        })
    }

    proptest! {
        #[test]
        fn a_place_survives_the_round_trip(place in places()) {
            let text = place.to_string();
            prop_assert_eq!(text.parse(), Ok(place));
            prop_assert!(text.len() == 51 && text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }

        #[test]
        fn a_text_that_is_no_place_is_refused(text in any::<String>()) {
            prop_assert_eq!(text.parse::<ListCursor>(), Err(CursorError));
        }

        #[test]
        fn a_damaged_place_is_refused_or_is_another_one(
            place in places(),
            at in 0_usize..51,
            with in any::<char>(),
        ) {
            survives_damage(place, at, with);
        }
    }

    #[test]
    fn what_looks_like_a_place_is_none() {
        let right = format!("p1c{}", "0".repeat(48));
        let first = right.parse::<ListCursor>().unwrap();
        assert_eq!(first.at.to_string(), "0001-01-01T00:00:00Z");
        let late = format!("p1c{:016x}{}", u64::MAX, "0".repeat(32));
        let after_all = LAST_MICROSECOND - FIRST_MICROSECOND + 1;
        let too_late = format!("p1c{after_all:016x}{}", "0".repeat(32));
        for wrong in [
            right.replace("p1", "c1"),
            right.replace("p1c", "p1x"),
            right.replace("p1c", "p1C"),
            right.replacen("p1c0", "p1c+", 1),
            right.replacen("p1c0", "p1cA", 1),
            right.replacen("p1c00", "p1cé", 1),
            right.replacen('0', "", 1),
            right + "0",
            late,
            too_late,
        ] {
            assert_eq!(wrong.parse::<ListCursor>(), Err(CursorError), "{wrong}");
        }
    }
}
