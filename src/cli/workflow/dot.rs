//! A workflow as Graphviz draws it.

use std::fmt::Write;

use super::details::duration;
use crate::domain::workflow::{Join, NextStages, Stage, Workflow};

/// The graph in Graphviz' DOT language. Arrows are labelled with their outcomes; those without one
/// are followed at the same time. A dashed circle is the end of a branch.
pub(super) fn graph(workflow: &Workflow) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "digraph {} {{", quoted(&workflow.name));
    text.push_str("  rankdir=LR;\n  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    text.push_str("  edge [fontname=\"sans-serif\", fontsize=10];\n");
    text.push_str(
        "  \"(start)\" [shape=circle, style=filled, fillcolor=black, label=\"\", width=0.2];\n",
    );
    text.push_str("  \"(end)\" [shape=doublecircle, style=dashed, label=\"\", width=0.2];\n");
    for (name, stage) in &workflow.stages {
        let _ = writeln!(
            text,
            "  {} [label={}];",
            quoted(name),
            quoted(&label(name, stage))
        );
    }
    for target in &workflow.start {
        let _ = writeln!(text, "  \"(start)\" -> {};", quoted(target));
    }
    for (name, stage) in &workflow.stages {
        match &stage.next {
            NextStages::All(targets) => edges(&mut text, name, targets, None),
            NextStages::ByOutcome(choices) => {
                for (outcome, targets) in choices {
                    edges(&mut text, name, targets, Some(outcome));
                }
            }
        }
    }
    text.push_str("}\n");
    text
}

fn label(name: &str, stage: &Stage) -> String {
    let mut label = name.to_owned();
    match stage.join {
        Some(Join::All) => label.push_str("\njoins all"),
        Some(Join::Any) => label.push_str("\njoins any"),
        None => {}
    }
    if let Some(deadline) = &stage.deadline {
        let outcome = deadline.outcome.as_deref().unwrap_or("error");
        let _ = write!(label, "\n{}: {outcome}", duration(deadline.after));
    }
    label
}

fn edges(text: &mut String, from: &str, targets: &[String], outcome: Option<&str>) {
    let from = quoted(from);
    let label = outcome.map_or_else(String::new, |outcome| {
        format!(" [label={}]", quoted(outcome))
    });
    if targets.is_empty() {
        let _ = writeln!(text, "  {from} -> \"(end)\"{label};");
    }
    for target in targets {
        let _ = writeln!(text, "  {from} -> {}{label};", quoted(target));
    }
}

/// A quoted string, in which only quotes, backslashes and line feeds are special.
fn quoted(text: &str) -> String {
    let escaped = text
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n");
    format!("\"{escaped}\"")
}
