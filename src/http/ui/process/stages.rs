//! The stages of an order: the picture of its workflow with the current ones highlighted, and the
//! same in words.

use std::collections::BTreeMap;

use maud::{Markup, html};
use serde_json::Value;

use super::about;
use crate::domain::order::Stop;
use crate::domain::workflow::Workflow;
use crate::http::ui::format;
use crate::http::ui::workflows::picture::{self, Note, Notes, StageState};
use crate::view::order::json::parsed;
use crate::view::order::{OrderDetails, outcomes};
use crate::view::record::FoundProcess;

const HEADINGS: [&str; 6] = ["Stage", "Entered", "Left", "Outcome", "Deadline", "Stop"];
const UNOPENED: &str = "Its stages are known once its opening event has arrived.";
const UNREADABLE: &str = "Its workflow was applied by another version of the program, and this one \
                          can't draw it.";

/// The section of an order; empty for an upload.
pub(super) fn section(found: &FoundProcess) -> Markup {
    let Some(order) = &found.order else {
        return html! {};
    };
    let is_open = found.record.process.opening.is_some();
    html! {
        section {
            h2 { "Stages" }
            @match &order.workflow {
                Some(workflow) => {
                    p { (summary(order)) }
                    (picture::svg(workflow, &notes(workflow, order), &summary(order)))
                }
                None if is_open => p.hint { (UNREADABLE) },
                None => p.hint { (UNOPENED) },
            }
            (waits(order))
            (stops(order))
        }
        @if !order.status.form.is_empty() {
            section { h2 { "Form" } (form(&order.status.form)) }
        }
        @if let Some(attachments) = &order.status.attachments {
            section { h2 { "Attachments" } pre { (about::shown(&pretty(attachments))) } }
        }
    }
}

/// The current stages in a sentence.
fn summary(order: &OrderDetails) -> String {
    let names: Vec<_> = order.active().map(|stop| stop.stage.as_str()).collect();
    match (names.is_empty(), order.status.stops_count) {
        (false, _) => format!("Waiting at {}.", names.join(" and ")),
        (true, 0) => "It has not entered any stage.".to_owned(),
        (true, 1) => "Finished after one stage.".to_owned(),
        (true, count) => format!("Finished after {count} stages."),
    }
}

fn notes<'a>(workflow: &'a Workflow, order: &OrderDetails) -> Notes<'a> {
    let mut stops: BTreeMap<&str, (usize, bool)> = BTreeMap::new();
    for stop in &order.status.stops {
        let (count, is_here) = stops.entry(&stop.stage).or_default();
        *count += 1;
        *is_here |= stop.left.is_none();
    }
    let names = workflow.stages.keys();
    let noted = names.map(|name| (name.as_str(), note(stops.get(name.as_str()).copied())));
    noted.collect()
}

fn note(stops: Option<(usize, bool)>) -> Note {
    let times = |words: &str, count| match count {
        1 => words.to_owned(),
        count => format!("{words} ({count}×)"),
    };
    let (state, words) = match stops {
        None => (StageState::Ahead, "not entered".to_owned()),
        Some((count, true)) => (StageState::Here, times("current", count)),
        Some((count, false)) => (StageState::Passed, times("passed", count)),
    };
    Note { state, words }
}

/// The joins that wait, and the parked pushes.
fn waits(order: &OrderDetails) -> Markup {
    let parked = order.status.parked_count;
    html! {
        @for join in order.joins() {
            p { bdi { (join.stage) } " is waiting for " bdi { (join.missing.join(", ")) } "; " bdi { (join.arrived.join(", ")) } " is done." }
        }
        @if parked > 0 {
            p {
                (parked) @if parked == 1 { " early push is parked:" } @else { " early pushes are parked:" }
                @for (stage, count) in order.parked_for() {
                    " " @if stage.is_empty() { "by data_id" } @else { bdi { (stage) } } " (" (count) ")"
                }
                "."
            }
        }
    }
}

fn stops(order: &OrderDetails) -> Markup {
    let stops = &order.status.stops;
    let listed = u64::try_from(stops.len()).unwrap_or(u64::MAX);
    html! {
        @if !stops.is_empty() {
            div.wide tabindex="0" role="region" aria-label="Stops" {
                table.stops {
                    (format::heads(&HEADINGS))
                    tbody { @for stop in stops { (row(order, stop)) } }
                }
            }
        }
        @if listed < order.status.stops_count {
            p.hint { "These are " (listed) " of " (order.status.stops_count) " stops." }
        }
    }
}

fn row(order: &OrderDetails, stop: &Stop) -> Markup {
    let stage = order.stage(&stop.stage);
    let outcomes_of_stage = stage.map(outcomes).unwrap_or_default();
    let deadline = stage.and_then(|stage| stage.deadline.as_ref());
    let outcome = stop.left.as_ref().and_then(|left| left.outcome.as_ref());
    html! {
        tr.here[stop.left.is_none()] {
            th scope="row" { bdi { (stop.stage) } @if stop.number > 1 { " (" (stop.number) ")" } }
            td { (format::moment(stop.entered_at)) }
            td { @match &stop.left { Some(left) => (format::moment(left.at)), None => b { "current" } } }
            td {
                @if let Some(outcome) = outcome { bdi { (outcome) } }
                @else if stop.left.is_none() && !outcomes_of_stage.is_empty() { span.hint { "to be " bdi { (outcomes_of_stage.join(" or ")) } } }
            }
            td {
                @if let Some(due) = stop.due_at {
                    (format::moment(due))
                    @if stop.left.is_none() {
                        small {
                            @match deadline.and_then(|deadline| deadline.outcome.as_ref()) {
                                Some(outcome) => { "then " bdi { (outcome) } }
                                None => "then it ends with an error",
                            }
                        }
                    }
                }
            }
            td { code { (stop.data_id) } }
        }
    }
}

/// The value of a field: a string without its quotes, anything else as JSON.
fn filled_in(json: &str) -> String {
    match parsed(json) {
        Value::String(text) => text,
        _ => json.to_owned(),
    }
}

fn pretty(json: &str) -> String {
    serde_json::to_string_pretty(&parsed(json)).unwrap_or_default()
}

fn form(fields: &BTreeMap<String, String>) -> Markup {
    html! {
        dl.about {
            @for (id, json) in fields {
                div { dt { bdi { (id) } } dd { (about::shown(&filled_in(json))) } }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_in_a_form_is_shown_without_its_escapes() {
        assert_eq!(filled_in("\"M\\u00fcller\""), "Müller");
        assert_eq!(filled_in("12.50"), "12.50");
        assert_eq!(filled_in("[\"a\"]"), "[\"a\"]");
    }

    #[test]
    fn a_stage_shows_how_often_it_was_entered() {
        let words = |stops| note(stops).words;
        assert_eq!(words(None), "not entered");
        assert_eq!(words(Some((1, true))), "current");
        assert_eq!(words(Some((3, false))), "passed (3×)");
    }
}
