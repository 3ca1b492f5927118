//! The stages of a workflow as a table, with details that the picture leaves out.

use std::time::Duration;

use jiff::SignedDuration;
use maud::{Markup, html};

use crate::config::show_duration;
use crate::domain::workflow::arrows::Arrows;
use crate::domain::workflow::{Field, FieldKind, Join, NextStages, Stage, StageDeadline, Workflow};
use crate::http::ui::format;

const HEADINGS: [&str; 5] = ["Stage", "Leads to", "Join", "Deadline", "Form"];

/// The stages in the sequence in which an order enters them.
pub(super) fn table(workflow: &Workflow) -> Markup {
    let arrows = Arrows::of(workflow);
    html! {
        p { "The opening enters " (all(&workflow.start)) "." }
        div.wide tabindex="0" role="region" aria-label="Stages" {
            table {
                (format::heads(&HEADINGS))
                tbody {
                    @for name in arrows.sorted() {
                        @if let Some(stage) = workflow.stages.get(*name) { (row(name, stage)) }
                    }
                }
            }
        }
    }
}

/// The fields of a form.
pub(super) fn form(fields: &[Field]) -> Markup {
    html! {
        div.wide tabindex="0" role="region" aria-label="Form" {
            table {
                (format::heads(&["Field", "Type", "Required"]))
                tbody {
                    @for field in fields {
                        tr {
                            th scope="row" { bdi { (field.id) } }
                            td { (kind(&field.kind)) }
                            td { @if field.required { "yes" } @else { "no" } }
                        }
                    }
                }
            }
        }
    }
}

fn row(name: &str, stage: &Stage) -> Markup {
    html! {
        tr {
            th scope="row" { bdi { (name) } }
            td { (next(&stage.next)) }
            td {
                @match stage.join {
                    None => {}
                    Some(Join::All) => "waits for all stages that lead here",
                    Some(Join::Any) => "is entered with the first stage that leads here",
                }
            }
            td { @if let Some(deadline) = &stage.deadline { (due(deadline)) } }
            td {
                @for field in &stage.form {
                    div { bdi { (field.id) } ", " (kind(&field.kind)) @if field.required { ", required" } }
                }
            }
        }
    }
}

fn next(next: &NextStages) -> Markup {
    match next {
        NextStages::All(stages) => all(stages),
        NextStages::ByOutcome(choices) => html! {
            @for (outcome, stages) in choices {
                div { b { bdi { (outcome) } } ": " (all(stages)) }
            }
        },
    }
}

/// The stages that are entered at the same time.
fn all(stages: &[String]) -> Markup {
    html! {
        @match stages {
            [] => "the end",
            [only] => bdi { (only) },
            several => { bdi { (several.join(", ")) } " at the same time" }
        }
    }
}

fn due(deadline: &StageDeadline) -> Markup {
    html! {
        "after " (duration(deadline.after)) ", then "
        @match &deadline.outcome {
            Some(outcome) => bdi { (outcome) },
            None => "the order ends with an error",
        }
    }
}

fn kind(kind: &FieldKind) -> Markup {
    html! {
        (kind.name())
        @if let FieldKind::Choice(choices) = kind { ": " bdi { (choices.join(", ")) } }
    }
}

/// A duration as a workflow file has it.
pub(super) fn duration(value: SignedDuration) -> String {
    show_duration(Duration::try_from(value).unwrap_or_default())
}
