//! Where an order stands as text for people.

use std::fmt::Write;

use serde_json::Value;

use crate::cli::output::Style;
use crate::cli::{escape, fields};
use crate::view::order::WaitingJoin;
use crate::view::order::json::{OrderView, PlaceView};

/// Appends the places, what waits, and the form; nothing of what there is not.
pub(super) fn write(text: &mut String, order: &OrderView<'_>, style: Style) {
    places(text, order, style);
    waits(text, order, style);
    form(text, order, style);
}

fn places(text: &mut String, order: &OrderView<'_>, style: Style) {
    for (index, place) in order.stands_at.iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{}", style.strong("stands at"));
        }
        let name = style.strong(&escape::line(&place.stage));
        let _ = writeln!(text, "  {name}{}", times(place));
        let _ = writeln!(text, "    data_id {}", escape::line(&place.data_id));
        for line in asks(place) {
            let _ = writeln!(text, "    {}", escape::line(&line));
        }
    }
}

/// Since when, for the how manieth time, and till when.
fn times(place: &PlaceView<'_>) -> String {
    let mut words = format!("  since {:.0}", place.since);
    if place.number > 1 {
        let _ = write!(words, ", stop {}", place.number);
    }
    if let Some(due) = place.due_at {
        let then = match &place.on_deadline {
            Some(outcome) => format!("goes on with {}", escape::line(outcome)),
            None => "the order ends with an error".to_owned(),
        };
        let _ = write!(words, ", due {due:.0}, then {then}");
    }
    words
}

/// What the push that leaves a stage must say, and what it may.
fn asks(place: &PlaceView<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if !place.outcomes.is_empty() {
        lines.push(format!("outcome {}", place.outcomes.join(" | ")));
    }
    lines.extend(place.form.iter().map(fields::words));
    lines
}

fn waits(text: &mut String, order: &OrderView<'_>, style: Style) {
    for (index, join) in order.joins.iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{}", style.strong("joins that wait"));
        }
        let WaitingJoin {
            stage,
            arrived,
            missing,
        } = join;
        let (missing, arrived) = (missing.join(", "), arrived.join(", "));
        let line = format!("{stage}: {arrived} arrived, {missing} missing");
        let _ = writeln!(text, "  {}", escape::line(&line));
    }
    let count = order.parked.count;
    if count == 0 {
        return;
    }
    let title = format!("pushes that wait for their stage ({count})");
    let _ = writeln!(text, "\n{}", style.strong(&title));
    for (stage, count) in &order.parked.stages {
        let stage = match stage.as_str() {
            "" => "by data_id".into(),
            stage => escape::line(stage),
        };
        let _ = writeln!(text, "  {stage}  {count}");
    }
}

fn form(text: &mut String, order: &OrderView<'_>, style: Style) {
    for (index, (id, value)) in order.form.iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{}", style.strong("form"));
        }
        let (id, value) = (escape::line(id), cut(&value.to_string()));
        let _ = writeln!(text, "  {id:<16}  {}", escape::line(&value));
    }
    if let Some(attachments) = &order.attachments {
        let names = file_names(attachments).join(", ");
        let label = "attachments";
        let _ = writeln!(text, "  {label:<16}  {}", escape::line(&cut(&names)));
    }
}

/// What the attachments are called.
fn file_names(attachments: &Value) -> Vec<String> {
    let list = attachments.as_array().into_iter().flatten();
    let names = list.filter_map(|file| file.get("name")?.as_str());
    names.map(str::to_owned).collect()
}

/// How many characters of one message are shown.
const MESSAGE_CHARS_MAX: usize = 400;

pub(super) fn cut(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
