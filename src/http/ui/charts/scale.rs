//! How high a chart is, and where it has lines to read it by.

use jiff::{RoundMode, SignedDuration, Timestamp, TimestampRound, Unit};

/// About so many lines.
const LINES: f64 = 4.0;
/// A time is written at every quarter of an hour.
const QUARTER: i64 = 15 * 60;

/// From zero to a round number that nothing exceeds.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scale {
    pub(super) top: f64,
    pub(super) ticks: Vec<f64>,
}

impl Scale {
    /// One that holds all up to `most`, in whole numbers if need be.
    pub(super) fn new(most: f64, whole: bool) -> Self {
        if !most.is_finite() || most <= 0.0 {
            return Self {
                top: 1.0,
                ticks: vec![0.0, 1.0],
            };
        }
        let step = round_up(most / LINES);
        let step = if whole { step.max(1.0) } else { step };
        let mut ticks = vec![0.0];
        let mut top = 0.0;
        while top < most && ticks.len() < 10 {
            top = real(ticks.len()) * step;
            ticks.push(top);
        }
        Self { top, ticks }
    }
}

/// The next of 1, 2, 5, 10, 20, 50 …
fn round_up(value: f64) -> f64 {
    let power = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|digit| digit * power);
    let found = steps.into_iter().find(|step| *step >= value);
    found.unwrap_or(power * 10.0)
}

/// The quarters of an hour among so many minutes, each by its place and as it is written.
pub(super) fn quarters(start: Timestamp, minutes: usize) -> Vec<(usize, String)> {
    let quarter = |minute| {
        let at = minute_at(start, minute);
        (at.as_second() % QUARTER == 0).then(|| (minute, hh_mm(at)))
    };
    (0..minutes).filter_map(quarter).collect()
}

/// So many minutes later.
pub(super) fn minute_at(start: Timestamp, minute: usize) -> Timestamp {
    let later = SignedDuration::from_mins(i64::try_from(minute).unwrap_or(0));
    start.saturating_add(later).unwrap_or(start)
}

/// A time of the day, UTC.
pub(super) fn hh_mm(at: Timestamp) -> String {
    let minutes = at.as_second().rem_euclid(86_400) / 60;
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

/// The minute that a time lies in.
pub(super) fn minute_of(at: Timestamp) -> Timestamp {
    let cut = TimestampRound::new()
        .smallest(Unit::Minute)
        .mode(RoundMode::Floor);
    at.round(cut).unwrap_or(at)
}

/// A place, to reckon with.
pub(super) fn real(place: usize) -> f64 {
    f64::from(u32::try_from(place).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_few_and_round_and_hold_everything() {
        for (most, whole, ticks) in [
            (0.0, false, &[0.0, 1.0][..]),
            (f64::NAN, false, &[0.0, 1.0]),
            (1.0, true, &[0.0, 1.0]),
            (3.0, true, &[0.0, 1.0, 2.0, 3.0]),
            (3.0, false, &[0.0, 1.0, 2.0, 3.0]),
            (7.0, false, &[0.0, 2.0, 4.0, 6.0, 8.0]),
            (100.0, true, &[0.0, 50.0, 100.0]),
            (0.25, false, &[0.0, 0.1, 0.2, 0.3]),
        ] {
            let scale = Scale::new(most, whole);
            let close = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-9;
            let same = scale.ticks.len() == ticks.len() && scale.ticks.iter().zip(ticks).all(close);
            assert!(same, "{most}: {:?}", scale.ticks);
        }
        for power in -6..19 {
            for digit in 1..100 {
                let most = f64::from(digit) / 10.0 * 10_f64.powi(power);
                let scale = Scale::new(most, false);
                assert!(
                    scale.top >= most && scale.top < most * 2.01,
                    "{most}: {scale:?}"
                );
                assert!((2..=6).contains(&scale.ticks.len()), "{most}: {scale:?}");
            }
        }
    }

    #[test]
    fn an_hour_has_its_quarters_written() {
        let start = "2026-11-22T23:22:00Z".parse().unwrap();
        let quarters = quarters(start, 60);
        let expected = [(8, "23:30"), (23, "23:45"), (38, "00:00"), (53, "00:15")];
        assert_eq!(quarters, expected.map(|(at, said)| (at, said.to_owned())));
        let within = "2026-11-22T23:22:59.9Z".parse().unwrap();
        assert_eq!(minute_of(within), start);
        assert_eq!(minute_of(start), start);
    }
}
