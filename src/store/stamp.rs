//! A stamp as one text column: its bytes sort as the stamp does, and people can read it.

use jiff::Timestamp;

use super::Unreadable;
use crate::domain::Stamp;

/// Between the parts; no part may contain a control character.
const SEPARATOR: char = '\t';
/// In place of a sequence; sorts before every digit.
const NO_SEQUENCE: &str = "-";

/// `2026-11-21T20:44:16.000000Z`, a sequence of 19 digits, source and id.
#[must_use]
pub fn encode(stamp: &Stamp) -> String {
    let Stamp {
        time, source, id, ..
    } = stamp;
    let sequence = stamp
        .sequence
        .map_or_else(|| NO_SEQUENCE.to_owned(), |n| format!("{n:019}"));
    format!("{time:.6}{SEPARATOR}{sequence}{SEPARATOR}{source}{SEPARATOR}{id}")
}

/// Reads what [`encode`] wrote into a column.
pub(super) fn decode(column: &'static str, text: &str) -> Result<Stamp, Unreadable> {
    parse(text).ok_or_else(|| Unreadable::value(column, text))
}

fn parse(text: &str) -> Option<Stamp> {
    let mut parts = text.splitn(4, SEPARATOR);
    let time: Timestamp = parts.next()?.parse().ok()?;
    let sequence = match parts.next()? {
        NO_SEQUENCE => None,
        digits => Some(digits.parse().ok()?),
    };
    Some(Stamp {
        time,
        sequence,
        source: parts.next()?.to_owned(),
        id: parts.next()?.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(time: &str, sequence: Option<u64>, id: &str) -> Stamp {
        Stamp {
            time: time.parse().unwrap(),
            sequence,
            source: "shop".into(),
            id: id.into(),
        }
    }

    #[test]
    fn a_stamp_survives_the_round_trip_and_its_text_sorts_as_it_does() {
        let ascending = [
            stamp("0001-01-01T00:00:00Z", None, "a"),
            stamp("2026-01-01T00:00:00Z", None, "b"),
            stamp("2026-01-01T00:00:00Z", Some(2), "b"),
            stamp("2026-01-01T00:00:00Z", Some(10), "a"),
            stamp("2026-01-01T00:00:00.000001Z", None, "a"),
            stamp("9999-12-30T21:59:59Z", Some(u64::MAX / 2), "c"),
        ];
        let texts: Vec<_> = ascending.iter().map(encode).collect();
        assert!(texts.is_sorted());
        for (stamp, text) in ascending.iter().zip(&texts) {
            assert_eq!(decode("stamp", text).unwrap(), *stamp);
        }
    }
}
