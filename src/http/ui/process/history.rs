//! The steps of a process as a timeline, and its late events.

use jiff::{SignedDuration, Timestamp};
use maud::{Markup, html};

use crate::http::ui::format;
use crate::view::record::{FoundProcess, StepView, View};

/// The steps in the order of their stamps, each with its time since the opening.
pub(super) fn timeline(found: &FoundProcess, view: &View<'_>) -> Markup {
    let steps = view.history.as_deref().unwrap_or_default();
    let seen = u64::try_from(found.record.events.len()).unwrap_or(u64::MAX);
    let logged = view.counts.unwrap_or_default().events;
    html! {
        section {
            h2 { "Timeline" }
            @if steps.is_empty() { p.empty { "No steps." } }
            @else {
                ol.timeline {
                    @for step in steps { (line(step, view.opened_at)) }
                }
            }
            @if seen < logged {
                p.hint { "These are the steps among the first " (seen) " of its " (logged) " events." }
            }
        }
    }
}

/// The late events.
pub(super) fn late(view: &View<'_>) -> Markup {
    let count = view.counts.unwrap_or_default().late;
    let late = view.late.as_deref().unwrap_or_default();
    let listed = u64::try_from(late.len()).unwrap_or(u64::MAX);
    html! {
        @if count > 0 {
            section {
                h2 { "Late events" }
                p { "They arrived after the process had ended: they are logged and have changed nothing." }
                ol.timeline {
                    @for event in late {
                        li {
                            (format::moment(event.time))
                            span { code { bdi { (event.type_name) } } " of " bdi { (event.source) } ", id " code { bdi { (event.id) } } }
                        }
                    }
                }
                @if listed < count { p.hint { "These are " (listed) " of " (count) "." } }
            }
        }
    }
}

fn line(step: &StepView, opened: Option<Timestamp>) -> Markup {
    let state = step.state.as_deref();
    html! {
        li data-state=[state] {
            (format::moment(step.time))
            @if let Some(opened) = opened { span.offset { (offset(step.time.duration_since(opened))) } }
            span {
                @if let Some(state) = state { span.mark { bdi { (state) } } " " }
                @if let Some(name) = &step.name { b { bdi { (name) } } }
                @if step.name.is_some() && step.message.is_some() { ": " }
                @if let Some(message) = &step.message { bdi { (message) } }
                @if step.late { " " span.mark { "late" } }
            }
        }
    }
}

/// The time since the opening; it can be negative, since producers' clocks differ.
fn offset(after: SignedDuration) -> String {
    match after.is_negative() {
        true => format!("−{}", format::length(after.abs())),
        false => format!("+{}", format::length(after)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_after_the_opening_or_before_it() {
        assert_eq!(offset(SignedDuration::from_secs(61)), "+1 min 1 s");
        assert_eq!(offset(SignedDuration::from_millis(-1_500)), "−1.5 s");
        assert_eq!(offset(SignedDuration::ZERO), "+0.0 s");
    }
}
