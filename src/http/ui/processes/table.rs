//! Processes as the rows of a table.

use std::collections::HashMap;

use jiff::Timestamp;
use maud::{Markup, html};

use crate::domain::{Kind, ProcessKey};
use crate::http::ui::{format, paths};
use crate::store::read::last_step::{CurrentPosition, LastStep};
use crate::store::read::list::Listed;
use crate::view::step::Step;

/// The table, with the last step of each process that has one.
pub(super) fn table(
    processes: &[Listed],
    latest: &HashMap<ProcessKey, CurrentPosition>,
    now: Timestamp,
) -> Markup {
    html! {
        table.processes {
            (format::heads(&["Process", "Kind", "Work", "Status", "Progress", "Opened", "Elapsed", "Last step"]))
            tbody #processes {
                @for listed in processes {
                    (row(listed, latest, now))
                }
            }
        }
    }
}

fn row(listed: &Listed, latest: &HashMap<ProcessKey, CurrentPosition>, now: Timestamp) -> Markup {
    let key = ProcessKey::of(&listed.tenant, &listed.token);
    html! {
        tr id=(format!("p-{}", key.0)) {
            th scope="row" {
                a href=(paths::process(&listed.token)) { bdi { (listed.filename.as_ref().unwrap_or(&listed.token)) } }
                @if listed.filename.is_some() { small { bdi { (listed.token) } } }
                @if let Some(group) = &listed.group { small { "group " bdi { (group) } } }
            }
            td data-label="Kind" { (listed.decided_kind().map_or("undecided", Kind::name)) }
            td data-label="Work" {
                @if let Some(work) = listed.module.as_ref().or(listed.workflow.as_ref()) { bdi { (work) } }
            }
            td data-label="Status" {
                (format::status(listed.status))
                @if let Some(message) = &listed.message { small { bdi { (message) } } }
            }
            td data-label="Progress" { (format::progress(listed.done, listed.total, listed.failed)) }
            td data-label="Opened" { @if let Some(at) = listed.opened_at { (format::moment(at)) } }
            td data-label="Elapsed" {
                @match (listed.opened_at, listed.ended_at) {
                    (Some(opened), Some(ended)) => (format::length(ended.duration_since(opened))),
                    (Some(opened), None) => (format::age(now.duration_since(opened))),
                    (None, _) => {}
                }
            }
            td data-label="Last step" { (last_step(latest.get(&key))) }
        }
    }
}

/// The last step, or the current stages of an order without steps.
fn last_step(latest: Option<&CurrentPosition>) -> Markup {
    let Some(CurrentPosition { step, stages }) = latest else {
        return html! {};
    };
    match step {
        None if stages.is_empty() => html! {},
        None => html! { "at " bdi { (stages.join(", ")) } },
        Some(LastStep::OfTooMany) => html! { span.hint { "too many events to search" } },
        Some(LastStep::Said(data)) => {
            let step = Step::read(data);
            let text = step.message.or(step.name).or(step.state);
            html! { bdi { (text.unwrap_or_default()) } }
        }
    }
}
