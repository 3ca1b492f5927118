//! Durations and sizes with units: `250ms`, `10m`, `64KiB`.

use std::time::Duration;

const DURATION_UNITS: &[(&str, u64)] = &[
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
const SIZE_UNITS: &[(&str, u64)] = &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];

/// Parses a whole number with a unit of time; `None` if it is anything else.
pub(crate) fn parse_duration(text: &str) -> Option<Duration> {
    let (number, unit) = split(text)?;
    let (_, millis) = DURATION_UNITS.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*millis).map(Duration::from_millis)
}

/// Parses a whole number of bytes, plain or with a binary unit; `None` if it is anything else.
pub(crate) fn parse_bytes(text: &str) -> Option<u64> {
    let (number, unit) = split(text)?;
    if unit.is_empty() {
        return Some(number);
    }
    let (_, bytes) = SIZE_UNITS.iter().find(|(name, _)| *name == unit)?;
    number.checked_mul(*bytes)
}

/// Formats a duration with the largest exact unit.
pub(crate) fn show_duration(duration: Duration) -> String {
    let millis = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    show(millis, DURATION_UNITS).unwrap_or_else(|| "0s".to_owned())
}

/// Formats a size with the largest exact unit.
pub(crate) fn show_bytes(bytes: u64) -> String {
    show(bytes, SIZE_UNITS).unwrap_or_else(|| bytes.to_string())
}

fn show(number: u64, units: &[(&str, u64)]) -> Option<String> {
    units
        .iter()
        .find(|(_, factor)| number > 0 && number.is_multiple_of(*factor))
        .map(|(name, factor)| format!("{}{name}", number / factor))
}

fn split(text: &str) -> Option<(u64, &str)> {
    let text = text.trim();
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, unit.trim_start()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_carry_a_unit() {
        assert_eq!(parse_duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(
            parse_duration("30d"),
            Some(Duration::from_secs(30 * 86_400))
        );
        for wrong in ["", "10", "s", "-1s", "1.5s", "10x", "1s2", "1M"] {
            assert_eq!(parse_duration(wrong), None, "{wrong}");
        }
        assert_eq!(parse_duration("18446744073709551615d"), None);
    }

    #[test]
    fn sizes_may_be_plain_bytes() {
        assert_eq!(parse_bytes("2MiB"), Some(2 << 20));
        assert_eq!(parse_bytes("64 KiB"), Some(64 << 10));
        assert_eq!(parse_bytes("17"), Some(17));
        for wrong in ["", "2MB", "2mib", "MiB", "1e3"] {
            assert_eq!(parse_bytes(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn shown_values_read_back_the_same() {
        for text in ["250ms", "90s", "10m", "12h", "30d"] {
            assert_eq!(parse_duration(text).map(show_duration).unwrap(), text);
        }
        for text in ["2MiB", "64KiB", "1000"] {
            assert_eq!(parse_bytes(text).map(show_bytes).unwrap(), text);
        }
    }
}
