//! The last hour as series of sixty minutes; minutes without samples are left open.

use jiff::{SignedDuration, Timestamp};

use super::chart::{Chart, ChartLine, ChartStyle};
use super::quantile::{quantile, real};
use super::scale::minute_of;
use super::unit::Unit;
use crate::store::admin::samples::{Levels, Minute, SETTLED_AFTER};
use crate::telemetry::names::SECONDS;

const MINUTES: usize = 60;
const STATUSES: [&str; 4] = ["done", "warning", "error", "cancelled"];

/// The last sixty whole minutes that are settled.
#[derive(Debug)]
pub(super) struct Hour {
    pub(super) start: Timestamp,
    minutes: Vec<Option<Minute>>,
}

impl Hour {
    /// Puts the known minutes in their places.
    pub(super) fn new(known: Vec<Minute>, now: Timestamp) -> Self {
        let hour = SignedDuration::from_hours(1);
        let end = minute_of(now.saturating_sub(SETTLED_AFTER).unwrap_or(now));
        let start = end.saturating_sub(hour).unwrap_or(end);
        let mut minutes = vec![None; MINUTES];
        for minute in known {
            let place = minute.start.duration_since(start).as_mins();
            let place = usize::try_from(place).ok();
            if let Some(cell) = place.and_then(|place| minutes.get_mut(place)) {
                *cell = Some(minute);
            }
        }
        Self { start, minutes }
    }

    /// Whether there are no samples of it.
    pub(super) fn is_empty(&self) -> bool {
        self.minutes.iter().all(Option::is_none)
    }

    /// All charts.
    pub(super) fn charts(&self) -> Vec<Chart> {
        vec![
            self.throughput(),
            self.latency(),
            self.outcomes(),
            self.depth(),
            self.open(),
            self.unapplied(),
        ]
    }

    fn throughput(&self) -> Chart {
        let about = "Events per second, by outcome; an outcome that did not occur has no line.";
        let per_second = |name, mark, count: fn(&Minute) -> u64| {
            self.line(name, mark, |minute| Some(real(count(minute)) / 60.0))
        };
        let mut lines = vec![
            per_second("applied", 0, |minute| minute.counts.applied),
            per_second("duplicate", 3, |minute| minute.counts.duplicate),
            per_second("late", 1, |minute| minute.counts.late),
            per_second("dead", 2, |minute| minute.counts.dead),
        ];
        lines.retain(|line| line.name == "applied" || line.highest() > 0.0);
        self.chart(("throughput", "Throughput", about), Unit::PerSecond, lines)
    }

    fn latency(&self) -> Chart {
        let about = "From an event's own time to the commit of its effect; 10 s includes everything longer.";
        let lines = [("p50", 0, 0.5), ("p95", 1, 0.95), ("p99", 2, 0.99)];
        let line =
            |(name, mark, q)| self.line(name, mark, |minute| quantile(q, SECONDS, &minute.latency));
        let lines = lines.map(line).into();
        self.chart(("latency", "Latency", about), Unit::Seconds, lines)
    }

    fn outcomes(&self) -> Chart {
        let about = "Uploads and orders that ended per minute, by status.";
        let line = |(at, status)| {
            self.line(status, at, |minute| {
                minute.counts.ended.get(at).copied().map(real)
            })
        };
        let lines = STATUSES.into_iter().enumerate().map(line).collect();
        Chart {
            form: ChartStyle::Stacked,
            ..self.chart(("outcomes", "Outcomes", about), Unit::Count, lines)
        }
    }

    fn depth(&self) -> Chart {
        let about = "Events that wait for a worker, and messages that wait to be published; the maximum of each minute.";
        let lines = vec![
            self.level("in the queue", 0, |levels| levels.queue_ready),
            self.level("in the outbox", 1, |levels| levels.outbox),
        ];
        self.chart(("depth", "Waiting", about), Unit::Count, lines)
    }

    fn open(&self) -> Chart {
        let about = "Uploads and orders that have not ended; the maximum of each minute.";
        let lines = vec![
            self.level("uploads", 0, |levels| levels.uploads_open),
            self.level("orders", 1, |levels| levels.orders_open),
        ];
        self.chart(("open", "Open", about), Unit::Count, lines)
    }

    fn unapplied(&self) -> Chart {
        let about = "Dead letters, which need an operator, and pushes that wait for their stage.";
        let lines = vec![
            self.level("dead letters", 2, |levels| levels.dead_letters),
            self.level("parked pushes", 1, |levels| levels.parked),
        ];
        self.chart(("unapplied", "Not applied", about), Unit::Count, lines)
    }

    /// A chart with its id, its name, and what it shows.
    fn chart(
        &self,
        (id, name, about): (&'static str, &'static str, &'static str),
        unit: Unit,
        lines: Vec<ChartLine>,
    ) -> Chart {
        Chart {
            id,
            name,
            about,
            unit,
            form: ChartStyle::Lines,
            start: self.start,
            lines,
        }
    }

    fn level(
        &self,
        name: &'static str,
        mark: usize,
        level: fn(&Levels) -> Option<u64>,
    ) -> ChartLine {
        self.line(name, mark, move |minute| level(&minute.levels).map(real))
    }

    fn line(
        &self,
        name: &'static str,
        mark: usize,
        value: impl Fn(&Minute) -> Option<f64>,
    ) -> ChartLine {
        let values = self.minutes.iter();
        let values = values.map(|minute| value(minute.as_ref()?));
        ChartLine {
            name,
            mark,
            values: values.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::admin::samples::SampleCounts;

    fn minute(start: &str, applied: u64) -> Minute {
        let mut latency = vec![0; SECONDS.len() + 1];
        latency[0] = applied;
        Minute {
            start: start.parse().unwrap(),
            counts: SampleCounts {
                applied,
                ended: [applied, 0, 1, 0],
                ..SampleCounts::default()
            },
            latency,
            levels: Levels {
                outbox: Some(3),
                ..Levels::default()
            },
        }
    }

    fn known(line: &ChartLine) -> Vec<(usize, f64)> {
        let values = line.values.iter().enumerate();
        values
            .filter_map(|(at, value)| Some((at, (*value)?)))
            .collect()
    }

    #[test]
    fn minutes_are_put_in_their_places_and_the_rest_is_open() {
        let now = "2026-11-22T13:00:42Z".parse().unwrap();
        let minutes = vec![
            minute("2026-11-22T11:59:00Z", 9),
            minute("2026-11-22T12:00:00Z", 60),
            minute("2026-11-22T12:59:00Z", 0),
            minute("2026-11-22T13:00:00Z", 9),
        ];
        let hour = Hour::new(minutes, now);
        assert!(!hour.is_empty());
        let charts = hour.charts();
        let [throughput, latency, outcomes, depth, ..] = charts.as_slice() else {
            panic!("some charts");
        };
        assert_eq!(throughput.lines.len(), 1, "the others did not occur");
        assert_eq!(known(&throughput.lines[0]), [(0, 1.0), (59, 0.0)]);
        // Where nothing was applied there is no latency, not one of zero.
        assert_eq!(known(&latency.lines[0]), [(0, 0.0005)]);
        assert_eq!(known(&outcomes.lines[2]), [(0, 1.0), (59, 1.0)]);
        assert_eq!(known(&depth.lines[0]), []);
        assert_eq!(known(&depth.lines[1]), [(0, 3.0), (59, 3.0)]);
        assert!(Hour::new(Vec::new(), now).is_empty());
        // The last samples of a minute are written after its end.
        let (early, settled) = ("2026-11-22T13:00:09Z", "2026-11-22T13:00:10Z");
        for (now, start) in [
            (early, "2026-11-22T11:59:00Z"),
            (settled, "2026-11-22T12:00:00Z"),
        ] {
            let hour = Hour::new(Vec::new(), now.parse().unwrap());
            assert_eq!(hour.start, start.parse().unwrap());
        }
    }
}
