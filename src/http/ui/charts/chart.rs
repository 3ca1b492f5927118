//! A chart: series as a picture, as a table, and in a sentence.

mod marks;
mod numbers;

use std::iter;

use jiff::Timestamp;
use maud::{Markup, html};

use self::marks::Frame;
use super::scale::{self, Scale};
use super::unit::Unit;

/// Series of one value per minute, with a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    /// Its id on the page.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// What it shows, in a sentence.
    pub(super) about: &'static str,
    pub(super) unit: Unit,
    pub(super) form: ChartStyle,
    /// When its first minute begins.
    pub(super) start: Timestamp,
    pub(super) lines: Vec<ChartLine>,
}

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChartStyle {
    Lines,
    /// As stacked bars.
    Stacked,
}

/// One value per minute; `None` where it is not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ChartLine {
    pub(super) name: &'static str,
    /// Its style: one of four.
    pub(super) mark: usize,
    pub(super) values: Vec<Option<f64>>,
}

impl ChartLine {
    /// The highest value, or zero.
    pub(super) fn highest(&self) -> f64 {
        self.values.iter().flatten().copied().fold(0.0, f64::max)
    }

    fn is_unknown(&self) -> bool {
        self.values.iter().all(Option::is_none)
    }

    fn latest(&self) -> Option<f64> {
        self.values.last().copied().flatten()
    }
}

impl Chart {
    /// The chart with its legend, picture and table.
    pub(super) fn draw(&self) -> Markup {
        html! {
            section.chart id=(format!("chart-{}", self.id)) {
                h2 { (self.name) }
                p.hint { (self.about) }
                @if self.lines.iter().all(ChartLine::is_unknown) {
                    p.empty { "No samples yet for this chart." }
                } @else {
                    (self.legend())
                    (self.picture())
                    (numbers::table(self))
                }
            }
        }
    }

    /// The name of each line with its latest value.
    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for line in &self.lines {
                    li {
                        svg.key viewBox="0 0 26 10" aria-hidden="true" { (marks::key(self.form, line.mark)) }
                        (line.name) " "
                        span.count { (self.text(line.latest())) }
                    }
                }
            }
        }
    }

    fn picture(&self) -> Markup {
        let scale = Scale::new(self.highest(), self.unit == Unit::Count);
        let frame = Frame {
            top: scale.top,
            minutes: self.minutes(),
        };
        html! {
            svg role="img" aria-label=(self.sentence()) viewBox=(Frame::VIEW_BOX) {
                @for tick in &scale.ticks {
                    @let y = marks::place(frame.y(*tick));
                    line.grid x1=(Frame::LEFT) x2=(Frame::RIGHT) y1=(y) y2=(y) {}
                    text.tick x=(Frame::LEFT - 5.0) y=(y) dy="4" text-anchor="end" { (self.unit.short(*tick)) }
                }
                @for (minute, text) in scale::quarters(self.start, frame.minutes) {
                    @let x = marks::place(frame.x(scale::real(minute)));
                    line.grid x1=(x) x2=(x) y1=(Frame::TOP) y2=(Frame::BOTTOM + 4.0) {}
                    text.tick x=(x) y=(Frame::BOTTOM + 18.0) text-anchor="middle" { (text) }
                }
                @match self.form {
                    ChartStyle::Lines => @for line in &self.lines { (marks::line(&frame, line)) },
                    ChartStyle::Stacked => (marks::stack(&frame, &self.lines)),
                }
            }
        }
    }

    /// The highest value in the picture.
    fn highest(&self) -> f64 {
        match self.form {
            ChartStyle::Lines => self
                .lines
                .iter()
                .map(ChartLine::highest)
                .fold(0.0, f64::max),
            ChartStyle::Stacked => {
                let sum = |minute| {
                    let values = self
                        .lines
                        .iter()
                        .filter_map(|line| *line.values.get(minute)?);
                    values.sum()
                };
                (0..self.minutes()).map(sum).fold(0.0, f64::max)
            }
        }
    }

    pub(super) fn minutes(&self) -> usize {
        self.lines
            .iter()
            .map(|line| line.values.len())
            .max()
            .unwrap_or(0)
    }

    /// The picture in words.
    fn sentence(&self) -> String {
        let lines = self.lines.iter().map(|line| {
            let latest = self.text(line.latest());
            format!(
                "{}: latest {latest}, highest {}",
                line.name,
                self.unit.short(line.highest())
            )
        });
        let title = format!("{} in the last hour", self.name);
        iter::once(title)
            .chain(lines)
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn text(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "not known".to_owned(), |value| self.unit.short(value))
    }
}
