//! A chart: a series as a picture, the same as a table, and the same in a sentence.

mod marks;
mod numbers;

use std::iter;

use jiff::Timestamp;
use maud::{Markup, html};

use self::marks::Frame;
use super::scale::{self, Scale};
use super::unit::Unit;

/// Values by minute under a name.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chart {
    /// What tells it apart on its page.
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// What it shows, in a sentence.
    pub(super) about: &'static str,
    pub(super) unit: Unit,
    pub(super) form: Form,
    /// When its first minute begins.
    pub(super) start: Timestamp,
    pub(super) lines: Vec<Line>,
}

/// How values are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Lines,
    /// As bars, one upon the other.
    Stacked,
}

/// One value a minute; nothing where it is not known.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) name: &'static str,
    /// What it looks like: one of four.
    pub(super) mark: usize,
    pub(super) values: Vec<Option<f64>>,
}

impl Line {
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
    /// The chart with all that belongs to it.
    pub(super) fn draw(&self) -> Markup {
        html! {
            section.chart id=(format!("chart-{}", self.id)) {
                h2 { (self.name) }
                p.hint { (self.about) }
                @if self.lines.iter().all(Line::is_unknown) {
                    p.empty { "No samples yet that tell anything of this." }
                } @else {
                    (self.legend())
                    (self.picture())
                    (numbers::table(self))
                }
            }
        }
    }

    /// What each line means, and where it stands now.
    fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for line in &self.lines {
                    li {
                        svg.key viewBox="0 0 26 10" aria-hidden="true" { (marks::key(self.form, line.mark)) }
                        (line.name) " "
                        span.count { (self.said(line.latest())) }
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
                    text.tick x=(Frame::LEFT - 5.0) y=(y) dy="4" text-anchor="end" { (self.unit.say(*tick)) }
                }
                @for (minute, said) in scale::quarters(self.start, frame.minutes) {
                    @let x = marks::place(frame.x(scale::real(minute)));
                    line.grid x1=(x) x2=(x) y1=(Frame::TOP) y2=(Frame::BOTTOM + 4.0) {}
                    text.tick x=(x) y=(Frame::BOTTOM + 18.0) text-anchor="middle" { (said) }
                }
                @match self.form {
                    Form::Lines => @for line in &self.lines { (marks::line(&frame, line)) },
                    Form::Stacked => (marks::stack(&frame, &self.lines)),
                }
            }
        }
    }

    /// How much the picture must hold.
    fn highest(&self) -> f64 {
        match self.form {
            Form::Lines => self.lines.iter().map(Line::highest).fold(0.0, f64::max),
            Form::Stacked => {
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
            let latest = self.said(line.latest());
            format!(
                "{}: latest {latest}, highest {}",
                line.name,
                self.unit.say(line.highest())
            )
        });
        let title = format!("{} in the last hour", self.name);
        iter::once(title)
            .chain(lines)
            .collect::<Vec<_>>()
            .join("; ")
    }

    fn said(&self, value: Option<f64>) -> String {
        value.map_or_else(|| "not known".to_owned(), |value| self.unit.say(value))
    }
}
