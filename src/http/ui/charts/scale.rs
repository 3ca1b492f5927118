//! The vertical scale of a chart, and its times.

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

/// The approximate number of grid lines.
const LINES: f64 = 4.0;
/// A time is written at every quarter of an hour.
const QUARTER: i64 = 15 * 60;

/// From zero to a round number that no value exceeds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub(super) top: f64,
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    /// The scale for values up to `highest`, in whole numbers if requested.
    pub(super) fn new(highest: f64, whole: bool) -> Self {
        if !highest.is_finite() || highest <= 0.0 {
            return Self {
                top: 1.0,
                ticks: vec![0.0, 1.0],
            };
        }
        let step = round_up(highest / LINES);
        let step = if whole { step.max(1.0) } else { step };
        let mut ticks = vec![0.0];
        let mut top = 0.0;
        while top < highest && ticks.len() < 10 {
            top = real(ticks.len()) * step;
            ticks.push(top);
        }
        Self { top, ticks }
    }
}

/// The value rounded up to one of 1, 2, 5, 10, 20, 50 …
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|digit| digit * power);
    let found = steps.into_iter().find(|step| *step >= value);
    found.unwrap_or(power * 10.0)
}

/// The quarter hours among that number of minutes, each with its index and label.
pub(super) fn quarters(start: Timestamp, minutes: usize) -> Vec<(usize, String)> {
    let quarter = |minute| {
        let at = minute_at(start, minute);
        (at.as_second() % QUARTER == 0).then(|| (minute, hh_mm(at)))
    };
    (0..minutes).filter_map(quarter).collect()
}

/// The time of a minute by its index.
pub(super) fn minute_at(start: Timestamp, minute: usize) -> Timestamp {
    let later = SignedDuration::from_mins(i64::try_from(minute).unwrap_or(0));
    start.saturating_add(later).unwrap_or(start)
}

/// The time of day, UTC.
pub(super) fn hh_mm(at: Timestamp) -> String {
    let minutes = at.as_second().rem_euclid(86_400) / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The start of the minute that a time lies in.
pub(super) fn minute_of(at: Timestamp) -> Timestamp {
    let cut = TimestampRound::new()
        .smallest(Unit::Minute)
        .mode(RoundMode::Floor);
    at.round(cut).unwrap_or(at)
}

/// An index as a float.
pub(super) fn real(place: usize) -> f64 {
    f64::from(u32::try_from(place).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_round_and_cover_every_value() {
        for (highest, whole, ticks) in [
            (0.0, false, &[0.0, 1.0][..]),
            (f64::NAN, false, &[0.0, 1.0]),
            (1.0, true, &[0.0, 1.0]),
            (3.0, true, &[0.0, 1.0, 2.0, 3.0]),
            (3.0, false, &[0.0, 1.0, 2.0, 3.0]),
            (7.0, false, &[0.0, 2.0, 4.0, 6.0, 8.0]),
            (100.0, true, &[0.0, 50.0, 100.0]),
            (0.25, false, &[0.0, 0.1, 0.2, 0.3]),
        ] {
            let scale = Scale::new(highest, whole);
            let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
            let same = scale.ticks.len() == ticks.len() && scale.ticks.iter().zip(ticks).all(close);
            assert!(same, "{highest}: {:?}", scale.ticks);
        }
        for power in -6..19 {
            for digit in 1..100 {
                let highest = f64::from(digit) / 10.0 * 10_f64.powi(power);
                let scale = Scale::new(highest, false);
                assert!(
                    scale.top >= highest && scale.top < highest * 2.01,
                    "{highest}: {scale:?}"
                );
                assert!((2..=6).contains(&scale.ticks.len()), "{highest}: {scale:?}");
            }
        }
    }

    #[test]
    fn an_hour_has_labels_at_its_quarters() {
        let start = "2026-11-22T23:22:00Z".parse().unwrap();
        let quarters = quarters(start, 60);
        let expected = [(8, "23:30"), (23, "23:45"), (38, "00:00"), (53, "00:15")];
        assert_eq!(quarters, expected.map(|(at, text)| (at, text.to_owned())));
        let within = "2026-11-22T23:22:59.9Z".parse().unwrap();
        assert_eq!(minute_of(within), start);
        assert_eq!(minute_of(start), start);
    }
}
