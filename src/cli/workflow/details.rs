//! The parts of a workflow that a drawing leaves out: forms, deadlines and other durations.

use std::fmt::Write;
use std::time::Duration;

use jiff::SignedDuration;

use crate::cli::fields::describe;
use crate::config::show_duration;
use crate::domain::workflow::{Field, Stage, StageDeadline, Workflow};
use crate::view::order::json::FieldView;

/// One block for the order and one per stage that has a form or a deadline; each begins with an
/// empty line.
pub(super) fn list(workflow: &Workflow) -> String {
    let mut order = Vec::new();
    for (label, value) in [
        ("ends with an error after", workflow.deadline),
        ("settle time", workflow.settle),
        ("retention", workflow.retention),
    ] {
        order.extend(value.map(|value| format!("{label} {}", duration(value))));
    }
    order.extend(fields(&workflow.form));
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
    lines.extend(fields(&stage.form));
    lines
}

fn fields(form: &[Field]) -> impl Iterator<Item = String> {
    form.iter().map(|field| describe(&FieldView::of(field)))
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

/// A duration as written in a workflow file.
pub(super) fn duration(value: SignedDuration) -> String {
    show_duration(Duration::try_from(value).unwrap_or_default())
}
