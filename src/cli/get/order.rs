//! Where an order stands as text for people.

use std::fmt::Write;

use super::text::cut;
use crate::cli::output::Style;
use crate::cli::{escape, fields};
use crate::core::order::Stop;
use crate::core::workflow::Stage;
use crate::view::order::{Order, WaitingJoin, outcomes};

/// Appends the places, what waits, and the form; nothing of what there is not.
pub(super) fn write(text: &mut String, order: &Order, style: Style) {
    places(text, order, style);
    waits(text, order, style);
    form(text, order, style);
}

fn places(text: &mut String, order: &Order, style: Style) {
    for (index, stop) in order.active().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{}", style.strong("stands at"));
        }
        let name = style.strong(&escape::line(&stop.stage));
        let _ = writeln!(text, "  {name}{}", times(order.stage(&stop.stage), stop));
        let _ = writeln!(text, "    data_id {}", stop.data_id);
        if let Some(stage) = order.stage(&stop.stage) {
            for line in asks(stage) {
                let _ = writeln!(text, "    {}", escape::line(&line));
            }
        }
    }
}

/// Since when, for the how manieth time, and till when.
fn times(stage: Option<&Stage>, stop: &Stop) -> String {
    let mut words = format!("  since {:.0}", stop.entered_at);
    if stop.number > 1 {
        let _ = write!(words, ", stop {}", stop.number);
    }
    if let Some(due) = stop.due_at {
        let deadline = stage.and_then(|stage| stage.deadline.as_ref());
        let outcome = deadline.and_then(|deadline| deadline.outcome.as_deref());
        let then = match outcome {
            Some(outcome) => format!("goes on with {}", escape::line(outcome)),
            None => "the order ends with an error".to_owned(),
        };
        let _ = write!(words, ", due {due:.0}, then {then}");
    }
    words
}

/// What the push that leaves a stage must say, and what it may.
fn asks(stage: &Stage) -> Vec<String> {
    let mut lines = Vec::new();
    let outcomes = outcomes(stage);
    if !outcomes.is_empty() {
        lines.push(format!("outcome {}", outcomes.join(" | ")));
    }
    lines.extend(stage.form.iter().map(fields::words));
    lines
}

fn waits(text: &mut String, order: &Order, style: Style) {
    for (index, join) in order.joins().iter().enumerate() {
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
    let count = order.standing.parked_count;
    if count == 0 {
        return;
    }
    let title = format!("pushes that wait for their stage ({count})");
    let _ = writeln!(text, "\n{}", style.strong(&title));
    for (stage, count) in order.parked_for() {
        let stage = match stage.as_str() {
            "" => "by data_id".into(),
            stage => escape::line(stage),
        };
        let _ = writeln!(text, "  {stage}  {count}");
    }
}

fn form(text: &mut String, order: &Order, style: Style) {
    for (index, (id, json)) in order.standing.form.iter().enumerate() {
        if index == 0 {
            let _ = writeln!(text, "\n{}", style.strong("form"));
        }
        let (id, value) = (escape::line(id), cut(json));
        let _ = writeln!(text, "  {id:<16}  {}", escape::line(&value));
    }
    if let Some(attachments) = &order.standing.attachments {
        let names = file_names(attachments).join(", ");
        let label = "attachments";
        let _ = writeln!(text, "  {label:<16}  {}", escape::line(&cut(&names)));
    }
}

/// What the attachments are called.
fn file_names(attachments: &str) -> Vec<String> {
    let list: Vec<serde_json::Value> = serde_json::from_str(attachments).unwrap_or_default();
    let names = list.iter().filter_map(|file| file.get("name")?.as_str());
    names.map(str::to_owned).collect()
}
