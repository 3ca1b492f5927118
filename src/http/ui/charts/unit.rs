//! Numbers, formatted for reading and for copying.

/// The unit of a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Count,
    PerSecond,
    Seconds,
}

const SUFFIXES: [&str; 7] = ["", " k", " M", " G", " T", " P", " E"];

impl Unit {
    /// About three digits, with the unit.
    pub(super) fn short(self, value: f64) -> String {
        match self {
            Self::Count => compact(value),
            Self::PerSecond => format!("{}/s", compact(value)),
            Self::Seconds if value > 0.0 && value < 1.0 => {
                format!("{} ms", three_digits(value * 1e3))
            }
            Self::Seconds => format!("{} s", compact(value)),
        }
    }

    /// For copying, without the unit.
    pub(super) fn plain(self, value: f64) -> String {
        match self {
            Self::Count => format!("{value:.0}"),
            Self::PerSecond => trimmed(format!("{value:.3}")),
            Self::Seconds => trimmed(format!("{value:.5}")),
        }
    }

    /// The unit for a heading above plain numbers.
    pub(super) fn suffix(self) -> &'static str {
        match self {
            Self::Count => "",
            Self::PerSecond => " per second",
            Self::Seconds => " in seconds",
        }
    }
}

/// Values from ten thousand in thousands, millions and so on.
fn compact(value: f64) -> String {
    let (mut value, mut step) = (value, 0);
    while value >= if step == 0 { 1e4 } else { 1e3 } && step + 1 < SUFFIXES.len() {
        value /= 1e3;
        step += 1;
    }
    let suffix = SUFFIXES.get(step).copied().unwrap_or_default();
    format!("{}{suffix}", three_digits(value))
}

fn three_digits(value: f64) -> String {
    let decimals = match value {
        100.0.. => 0,
        10.0.. => 1,
        1.0.. => 2,
        0.1.. => 3,
        0.01.. => 4,
        _ => 5,
    };
    trimmed(format!("{value:.decimals$}"))
}

/// Without trailing zeros of a fraction.
fn trimmed(text: String) -> String {
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_have_their_unit() {
        for (unit, value, text) in [
            (Unit::Count, 0.0, "0"),
            (Unit::Count, 9_999.0, "9999"),
            (Unit::Count, 10_000.0, "10 k"),
            (Unit::Count, 1_234_567.0, "1.23 M"),
            (Unit::Count, 3e18, "3 E"),
            (Unit::PerSecond, 0.016_67, "0.0167/s"),
            (Unit::PerSecond, 123.456, "123/s"),
            (Unit::Seconds, 0.0, "0 s"),
            (Unit::Seconds, 0.000_5, "0.5 ms"),
            (Unit::Seconds, 0.25, "250 ms"),
            (Unit::Seconds, 2.5, "2.5 s"),
        ] {
            assert_eq!(unit.short(value), text);
        }
        assert_eq!(Unit::Seconds.plain(0.012_34), "0.01234");
        assert_eq!(Unit::PerSecond.plain(120.0), "120");
        assert_eq!(Unit::Count.plain(1_234_567.0), "1234567");
    }
}
