//! Lines and bars, distinguished by pattern as well as by colour.

use std::fmt::Write;

use maud::{Markup, html};

use super::{ChartLine, ChartStyle};
use crate::http::ui::charts::scale::real;

/// The coordinates of values in a picture.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// The value at the upper edge.
    pub(super) top: f64,
    pub(super) minutes: usize,
}

impl Frame {
    pub(super) const VIEW_BOX: &str = "0 0 400 190";
    pub(super) const LEFT: f64 = 52.0;
    pub(super) const RIGHT: f64 = 382.0;
    pub(super) const TOP: f64 = 10.0;
    pub(super) const BOTTOM: f64 = 165.0;

    /// The x coordinate after that number of minutes.
    pub(super) fn x(&self, minutes: f64) -> f64 {
        Self::LEFT + (Self::RIGHT - Self::LEFT) * minutes / real(self.minutes.max(1))
    }

    /// The y coordinate of a value.
    pub(super) fn y(&self, value: f64) -> f64 {
        let part = (value / self.top).clamp(0.0, 1.0);
        Self::BOTTOM - (Self::BOTTOM - Self::TOP) * part
    }
}

/// A coordinate as text.
pub(super) fn place(value: f64) -> String {
    format!("{value:.1}")
}

/// A line that is broken where values are not known; a single value becomes a dot.
pub(super) fn line(frame: &Frame, line: &ChartLine) -> Markup {
    let mut path = String::new();
    let mut dots = Vec::new();
    let values = line.values.iter().copied().enumerate();
    let points: Vec<_> = values.map(|(at, value)| Some((at, value?))).collect();
    for run in points.split(Option::is_none) {
        let points = run.iter().flatten();
        let points: Vec<_> = points
            .map(|(at, value)| (frame.x(real(*at) + 0.5), frame.y(*value)))
            .collect();
        match points.as_slice() {
            [] => {}
            [single] => dots.push(*single),
            several => {
                for (at, (x, y)) in several.iter().enumerate() {
                    let step = if at == 0 { 'M' } else { 'L' };
                    let _ = write!(path, "{step}{x:.1} {y:.1}");
                }
            }
        }
    }
    html! {
        @if !path.is_empty() { path class=(class("line", line.mark)) d=(path) {} }
        @for (x, y) in dots { circle class=(class("dot", line.mark)) cx=(format!("{x:.1}")) cy=(format!("{y:.1}")) r="2.5" {} }
    }
}

/// Stacked bars.
pub(super) fn stack(frame: &Frame, lines: &[ChartLine]) -> Markup {
    let mut below = vec![0.0; frame.minutes];
    let width = (frame.x(1.0) - frame.x(0.0) - 0.8).max(0.5);
    let paths = lines.iter().map(|line| {
        let mut path = String::new();
        for ((at, value), below) in line.values.iter().enumerate().zip(&mut below) {
            let Some(value) = value.filter(|value| *value > 0.0) else {
                continue;
            };
            let (x, foot) = (frame.x(real(at)) + 0.4, frame.y(*below));
            *below += value;
            let height = foot - frame.y(*below);
            let _ = write!(
                path,
                "M{x:.1} {foot:.1}v-{height:.1}h{width:.1}v{height:.1}z"
            );
        }
        (line.mark, path)
    });
    let paths: Vec<_> = paths.collect();
    html! {
        defs { @for (mark, _) in &paths { (pattern(*mark)) } }
        @for (mark, path) in &paths {
            @if !path.is_empty() { path class=(class("bar", *mark)) fill=(fill(*mark)) d=(path) {} }
        }
    }
}

/// The symbol of a line in the legend.
pub(super) fn key(form: ChartStyle, mark: usize) -> Markup {
    match form {
        ChartStyle::Lines => html! { path class=(class("line", mark)) d="M0 5H26" {} },
        ChartStyle::Stacked => {
            html! { path class=(class("bar", mark)) fill=(fill(mark)) d="M1 1h24v8h-24z" {} }
        }
    }
}

fn class(what: &str, mark: usize) -> String {
    format!("{what} n{mark}")
}

fn fill(mark: usize) -> String {
    format!("url(#fill-{mark})")
}

/// The fill of a mark: solid, diagonal, crossed, vertical.
fn pattern(mark: usize) -> Markup {
    let id = format!("fill-{mark}");
    let class = class("ink", mark);
    html! {
        pattern id=(id) width="4" height="4" patternUnits="userSpaceOnUse" {
            @match mark {
                0 => path class=(class) d="M0 0h4v4h-4z" {},
                1 => path class=(class) d="M-1 1l2-2M0 4l4-4M3 5l2-2" {},
                2 => path class=(class) d="M0 0l4 4M4 0l-4 4M0 2h4" {},
                _ => path class=(class) d="M2 0v4" {},
            }
        }
    }
}
