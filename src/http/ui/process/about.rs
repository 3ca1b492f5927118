//! The facts and times of a process, as a list of names and values.

use jiff::Timestamp;
use maud::{Markup, html};
use serde_json::Value;

use crate::http::ui::{format, paths};
use crate::view::record::{OpeningView, View};

/// How many characters of one text are shown.
const CHARS_MAX: usize = 20_000;

/// The list; values that are not known are left out.
pub(super) fn list(view: &View<'_>, now: Timestamp) -> Markup {
    let version = view.order.as_ref().and_then(|order| order.version);
    html! {
        dl.about {
            (field("Token", &html! { code { bdi { (view.token) } } }))
            (field("Kind", &html! { (view.kind.as_deref().unwrap_or("undecided")) }))
            @if let Some(opening) = &view.opening { (opened_as(opening, version)) }
            (times(view, now))
            (waits(view))
            @if let Some(code) = &view.code { (field("Code", &html! { code { bdi { (code) } } })) }
            @if let Some(counts) = &view.counts {
                (field("Events", &html! { (counts.events) @if counts.late > 0 { ", " (counts.late) " of them late" } }))
            }
            @if let Some(value) = view.opening.as_ref().and_then(|opening| opening.attributes.as_ref()) {
                (field("Attributes", &attributes(value)))
            }
        }
    }
}

fn opened_as(opening: &OpeningView<'_>, version: Option<i32>) -> Markup {
    let text = |name: &str, value: Option<&str>| {
        html! { @if let Some(value) = value { (field(name, &html! { bdi { (value) } })) } }
    };
    html! {
        (text("File", opening.filename.as_deref()))
        (text("Source", Some(&opening.source)))
        (text("Module", opening.module.as_deref()))
        @match (opening.workflow.as_deref(), version) {
            // The workflow of an upload is not one of Waybill's.
            (Some(name), Some(version)) if version > 0 => {
                @let link = html! { a href=(paths::workflow(name, Some(version))) { bdi { (name) } ", version " (version) } };
                (field("Workflow", &link))
            }
            (name, _) => (text("Workflow", name)),
        }
        @if let Some(group) = opening.group.as_deref() {
            @let place = paths::with(paths::PROCESSES, &[("group", group), ("since", "ever")]);
            (field("Group", &html! { a href=(place) { bdi { (group) } } }))
        }
        (text("Reply to", opening.reply_to.as_deref()))
    }
}

fn times(view: &View<'_>, now: Timestamp) -> Markup {
    let moment = |name: &str, at: Option<Timestamp>| {
        html! { @if let Some(at) = at { (field(name, &format::moment(at))) } }
    };
    let elapsed = view.opened_at.map(|opened| match view.ended_at {
        Some(ended) => format::length(ended.duration_since(opened)),
        None => format::age(now.duration_since(opened)),
    });
    html! {
        (moment("Opened", view.opened_at))
        (moment("Ended", view.ended_at))
        @if let Some(elapsed) = elapsed { (field("Elapsed", &html! { (elapsed) })) }
    }
}

/// What an open process waits for, and until when.
fn waits(view: &View<'_>) -> Markup {
    let until = |name: &str, at: Option<Timestamp>, then: &str| {
        html! { @if let Some(at) = at { (field(name, &html! { (format::moment(at)) ", then it ends " (then) })) } }
    };
    html! {
        @if !view.waiting_for.is_empty() {
            (field("Waits for", &html! { bdi { (view.waiting_for.join(" and ")) } }))
        }
        @if view.ended_at.is_none() {
            (until("Waits until", view.settle_at, "without the rest"))
            (until("Deadline", view.deadline_at, "with an error"))
        }
    }
}

fn attributes(value: &Value) -> Markup {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    html! { pre { (shown(&text)) } }
}

/// The beginning of a long text.
pub(super) fn shown(text: &str) -> Markup {
    let end = text.char_indices().nth(CHARS_MAX).map(|(end, _)| end);
    html! {
        code { bdi { (text.get(..end.unwrap_or(text.len())).unwrap_or_default()) } }
        @if end.is_some() { span.hint { " … the first " (CHARS_MAX) " characters; the API returns all of it." } }
    }
}

fn field(name: &str, value: &Markup) -> Markup {
    html! { div { dt { (name) } dd { (value) } } }
}
