//! The numbers of a chart, for screen readers and for copying.

use maud::{Markup, html};

use super::Chart;
use crate::http::ui::charts::scale::{hh_mm, minute_at};

/// A table of all minutes, the newest first.
pub(super) fn table(chart: &Chart) -> Markup {
    html! {
        details {
            summary { "Numbers" }
            div.scrolled tabindex="0" role="region" aria-label=(format!("Numbers of {}", chart.name)) {
                table.numbers {
                    caption { (chart.name) (chart.unit.suffix()) }
                    thead {
                        tr {
                            th scope="col" { "UTC" }
                            @for line in &chart.lines { th scope="col" { (line.name) } }
                        }
                    }
                    tbody {
                        @for minute in (0..chart.minutes()).rev() { (row(chart, minute)) }
                    }
                }
            }
        }
    }
}

fn row(chart: &Chart, minute: usize) -> Markup {
    let at = minute_at(chart.start, minute);
    html! {
        tr {
            th scope="row" { time datetime=(at) { (hh_mm(at)) } }
            @for line in &chart.lines {
                td.count {
                    @match line.values.get(minute).copied().flatten() {
                        Some(value) => (chart.unit.plain(value)),
                        None => span.hint title="not known" { "–" },
                    }
                }
            }
        }
    }
}
