//! What a drawing leaves out: forms, deadlines and the other durations of a workflow.

use std::fmt::Write;
use std::time::Duration;

use jiff::SignedDuration;

use crate::cli::fields;
use crate::config::show_duration;
use crate::domain::workflow::{Field, Stage, StageDeadline, Workflow};
use crate::view::order::json::FieldView;

/// One block for the order and one for the stages that have anything to tell; each begins with an
/// empty line.
pub(super) fn list(workflow: &Workflow) -> String {
    let mut order = Vec::new();
    for (words, value) in [
        ("ends with an error after", workflow.deadline),
        ("waits for what is missing at its end for", workflow.settle),
        ("is kept for", workflow.retention),
    ] {
        order.extend(value.map(|value| format!("{words} {}", duration(value))));
    }
    order.extend(asked(&workflow.form));
    let mut text = String::new();
    block(&mut text, "the order", &order);
    for (name, stage) in &workflow.stages {
        block(&mut text, name, &of_stage(stage));
    }
    text
}

fn of_stage(stage: &Stage) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some(StageDeadline { after, outcome }) = &stage.deadline {
        let after = duration(*after);
        lines.push(match outcome {
            Some(outcome) => format!("goes on with {outcome} after {after}"),
            None => format!("ends the order with an error after {after}"),
        });
    }
    lines.extend(asked(&stage.form));
    lines
}

fn asked(form: &[Field]) -> impl Iterator<Item = String> {
    form.iter()
        .map(|field| fields::words(&FieldView::of(field)))
}

fn block(text: &mut String, title: &str, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    let _ = writeln!(text, "\n{title}");
    for line in lines {
        let _ = writeln!(text, "  {line}");
    }
}

/// A duration as it is written in a file.
pub(super) fn duration(value: SignedDuration) -> String {
    show_duration(Duration::try_from(value).unwrap_or_default())
}
