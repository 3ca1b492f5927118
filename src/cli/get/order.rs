//! The current stages of an order, its joins, parked pushes and form, as text.

use std::fmt::Write;

use serde_json::Value;

use crate::cli::output::Style;
use crate::cli::{escape, fields};
use crate::view::order::WaitingJoin;
use crate::view::order::json::{OrderView, PlaceView};

/// Appends the current stages, joins, parked pushes and the form; leaves out what is empty.
pub(super) fn write(text: &mut String, order: &OrderView<'_>, style: Style) {
    current_stages(text, order, style);
    pending(text, order, style);
    form(text, order, style);
}

fn current_stages(text: &mut String, order: &OrderView<'_>, style: Style) {
    for (index, place) in order.stands_at.iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{}", style.strong("current stages"));
        }
        let name = style.strong(&escape::line(&place.stage));
        let _ = writeln!(text, "  {name}{}", times(place));
        let _ = writeln!(text, "    data_id {}", escape::line(&place.data_id));
        for line in push_parameters(place) {
            let _ = writeln!(text, "    {}", escape::line(&line));
        }
    }
}

/// When the order came to the stage, the number of the visit, and the deadline.
fn times(place: &PlaceView<'_>) -> String {
    let mut text = format!("  since {:.0}", place.since);
    if place.number > 1 {
        let _ = write!(text, ", visit {}", place.number);
    }
    if let Some(due) = place.due_at {
        let then = match &place.on_deadline {
            Some(outcome) => format!("goes on with {}", escape::line(outcome)),
            None => "the order ends with an error".to_owned(),
        };
        let _ = write!(text, ", due {due:.0}, then {then}");
    }
    text
}

/// The outcomes and the fields of the push that leaves a stage.
fn push_parameters(place: &PlaceView<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if !place.outcomes.is_empty() {
        lines.push(format!("outcome {}", place.outcomes.join(" | ")));
    }
    lines.extend(place.form.iter().map(fields::describe));
    lines
}

fn pending(text: &mut String, order: &OrderView<'_>, style: Style) {
    for (index, join) in order.joins.iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{}", style.strong("waiting joins"));
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
    let title = format!("parked pushes ({count})");
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
        let (id, value) = (escape::line(id), truncated(&value.to_string()));
        let _ = writeln!(text, "  {id:<16}  {}", escape::line(&value));
    }
    if let Some(attachments) = &order.attachments {
        let names = file_names(attachments).join(", ");
        let label = "attachments";
        let _ = writeln!(text, "  {label:<16}  {}", escape::line(&truncated(&names)));
    }
}

/// The names of the attachments.
fn file_names(attachments: &Value) -> Vec<String> {
    let list = attachments.as_array().into_iter().flatten();
    let names = list.filter_map(|file| file.get("name")?.as_str());
    names.map(str::to_owned).collect()
}

/// The most characters of one message that are shown.
const MESSAGE_CHARS_MAX: usize = 400;

pub(super) fn truncated(text: &str) -> String {
    match text.char_indices().nth(MESSAGE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}
