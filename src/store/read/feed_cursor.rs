//! A place in the event log as text, which readers of the feed keep and send back.

use std::fmt;
use std::str::FromStr;

use tokio_postgres::Row;

use crate::store::StoreError;

/// The version of the text's format.
const VERSION: &str = "c1";
/// Digits of epoch, transaction and position, in base 16.
const DIGITS: [usize; 3] = [4, 16, 8];

/// A place in the log: after the event of that position in that transaction. The default is the
/// place before all events. None of the parts is negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct FeedCursor {
    /// The epoch: each cluster and time line that the tables have lived on begins the next.
    pub epoch: i16,
    /// The transaction that logged the event.
    pub tx: u64,
    /// The position of the event in its transaction.
    pub pos: i32,
}

/// A text that is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor that this server returned")]
pub struct CursorError;

impl FeedCursor {
    /// Whether it is the place of an event: not the one before all events, and not the end of a
    /// transaction, which earlier versions returned.
    pub(super) fn is_of_event(self) -> bool {
        self != Self::default() && self.pos != i32::MAX
    }
}

impl fmt::Display for FeedCursor {
    /// A fixed number of ASCII letters and digits: fits into a URL or a header unescaped.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { epoch, tx, pos } = self;
        write!(f, "{VERSION}{epoch:04x}{tx:016x}{pos:08x}")
    }
}

impl FromStr for FeedCursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        parse(text).ok_or(CursorError)
    }
}

fn parse(text: &str) -> Option<FeedCursor> {
    let [epoch, tx, pos] = DIGITS;
    let (epoch, rest) = number(text.strip_prefix(VERSION)?, epoch)?;
    let (tx, rest) = number(rest, tx)?;
    let (pos, rest) = number(rest, pos)?;
    rest.is_empty().then_some(FeedCursor {
        epoch: i16::try_from(epoch).ok()?,
        tx,
        pos: i32::try_from(pos).ok()?,
    })
}

/// Parses the first N hexadecimal digits. Each number has one text: no sign, no upper case.
pub(super) fn number(text: &str, digits: usize) -> Option<(u64, &str)> {
    let (digits, rest) = text.split_at_checked(digits)?;
    let plain = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    let number = u64::from_str_radix(digits, 16).ok()?;
    digits.bytes().all(plain).then_some((number, rest))
}

/// Reads three columns, the transaction as text.
pub(super) fn from_row(row: &Row, first: usize) -> Result<FeedCursor, StoreError> {
    let found = from_optional(row, first)?;
    found.ok_or(StoreError::Corrupt("place in the log"))
}

/// Reads three columns, which may all be null.
pub(super) fn from_optional(row: &Row, first: usize) -> Result<Option<FeedCursor>, StoreError> {
    let Some(epoch) = row.get(first) else {
        return Ok(None);
    };
    Ok(Some(FeedCursor {
        epoch,
        tx: transaction(row, first + 1)?,
        pos: row.get(first + 2),
    }))
}

/// Reads one column: the three numbers as a list, which may be null.
pub(super) fn from_array(numbers: Option<Vec<i64>>) -> Result<Option<FeedCursor>, StoreError> {
    let Some(numbers) = numbers else {
        return Ok(None);
    };
    let read = |numbers: &[i64]| match *numbers {
        [epoch, tx, pos] => Some(FeedCursor {
            epoch: i16::try_from(epoch).ok()?,
            tx: u64::try_from(tx).ok()?,
            pos: i32::try_from(pos).ok()?,
        }),
        _ => None,
    };
    let cursor = read(&numbers).ok_or(StoreError::Corrupt("place in the log"))?;
    Ok(Some(cursor))
}

/// Reads a transaction's number, which came as text.
fn transaction(row: &Row, column: usize) -> Result<u64, StoreError> {
    let number = row.get::<_, &str>(column).parse();
    number.map_err(|_| StoreError::Corrupt("number of a transaction"))
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cursors() -> impl Strategy<Value = FeedCursor> {
        (0..=i16::MAX, any::<u64>(), 0..=i32::MAX).prop_map(|(epoch, tx, pos)| FeedCursor {
            epoch,
            tx,
            pos,
        })
    }

    /// A text with another character is no cursor, or that of another one.
    pub(in crate::store::read) fn survives_damage<C: FromStr + fmt::Display>(
        cursor: C,
        at: usize,
        with: char,
    ) {
        let text = cursor.to_string();
        let damage = |(place, right)| if place == at { with } else { right };
        let damaged: String = text.chars().enumerate().map(damage).collect();
        if let Ok(read) = damaged.parse::<C>() {
            assert_eq!(read.to_string(), damaged);
        }
    }

    proptest! {
        #[test]
        fn a_cursor_survives_the_round_trip_and_its_text_sorts_as_it_does(
            one in cursors(),
            other in cursors(),
        ) {
            let text = one.to_string();
            prop_assert_eq!(text.parse(), Ok(one));
            prop_assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            prop_assert_eq!(one.cmp(&other), text.cmp(&other.to_string()));
        }

        #[test]
        fn a_text_that_is_no_cursor_is_refused(text in any::<String>()) {
            prop_assert_eq!(text.parse::<FeedCursor>(), Err(CursorError));
        }

        #[test]
        fn a_damaged_cursor_is_refused_or_is_another_one(
            cursor in cursors(),
            at in 0_usize..30,
            with in any::<char>(),
        ) {
            survives_damage(cursor, at, with);
        }
    }

    #[test]
    fn what_looks_like_a_cursor_is_none() {
        let right = FeedCursor::default().to_string();
        assert_eq!(right, format!("c1{}", "0".repeat(28)));
        for wrong in [
            right.replace("c1", "c2"),
            right.replacen("c10", "c1+", 1),
            right.replacen("c10", "c1f", 1),
            right.replacen("c10000000", "c10000A00", 1),
            right.replacen("c10000000", "c10000€", 1),
            right.replace("c1", ""),
            right.replacen('0', "", 1),
            right + "0",
        ] {
            assert_eq!(wrong.parse::<FeedCursor>(), Err(CursorError), "{wrong}");
        }
    }
}
