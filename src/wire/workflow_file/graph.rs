//! Checks the graph: stages named in `next`, reachability, and whether joins complete.

use super::reader::{Mention, Reader, Span};
use crate::config::nearest;
use crate::config::quoted;
use crate::domain::workflow::Workflow;
use crate::domain::workflow::soundness::{Flaw, flaws};

/// The shortest name for which a similar one is suggested.
const GUESSED_BYTES_MIN: usize = 3;

/// Reports the flaws of the graph, as far as it could be read.
pub(super) fn check(reader: &mut Reader<'_>, workflow: &Workflow) {
    if !reader.knows_stages() {
        return;
    }
    let mentions = std::mem::take(&mut reader.mentions);
    let mut all_known = true;
    for mention in &mentions {
        if !workflow.stages.contains_key(&mention.stage) {
            all_known = false;
            unknown(reader, workflow, mention);
        }
    }
    if !reader.knows_ways() {
        return;
    }
    for flaw in flaws(workflow) {
        // Of an incomplete graph only certain flaws are reported: unreachable stages.
        if all_known || matches!(flaw, Flaw::Unreachable { .. }) {
            let at = place(reader, &flaw);
            reader.fault(&at, words(&flaw));
        }
    }
}

fn unknown(reader: &mut Reader<'_>, workflow: &Workflow, mention: &Mention) {
    let Mention { stage, at, by } = mention;
    let near = nearest(stage, workflow.stages.keys().map(String::as_str));
    let remedy = match near.filter(|_| stage.len() >= GUESSED_BYTES_MIN) {
        Some(near) => format!("did you mean {}?", quoted(near)),
        None => "add a table for it under `[stages]`, or name another".to_owned(),
    };
    let stage = quoted(stage);
    let message = format!("{by} names the stage {stage}, which is not there; {remedy}");
    reader.fault(at, message);
}

fn place(reader: &Reader<'_>, flaw: &Flaw) -> Span {
    let Some(place) = reader.places.get(flaw.stage()) else {
        return 0..0;
    };
    let join = place.join.clone();
    match flaw {
        Flaw::Unreachable { .. } => place.header.clone(),
        Flaw::NeedlessJoin { .. } | Flaw::Deadlock { .. } | Flaw::LeftWaiting { .. } => {
            join.unwrap_or_else(|| place.header.clone())
        }
    }
}

fn words(flaw: &Flaw) -> String {
    match flaw {
        Flaw::Unreachable { stage } => format!(
            "no way leads from `start` to stage {}; name it in a `next` or in `start`, or remove it",
            quoted(stage)
        ),
        Flaw::NeedlessJoin { stage } => format!(
            "stage {} has `join`, and fewer than two predecessors; remove `join`, or lead another \
             branch there",
            quoted(stage)
        ),
        Flaw::Deadlock { stage, missing } => format!(
            "the join of stage {} can never complete: it waits for {}, entered only after it; \
             write `join = \"any\"`, or remove `join`",
            quoted(stage),
            list(missing.iter().map(|name| Some(name.as_str())))
        ),
        Flaw::LeftWaiting {
            stage,
            arrived,
            missing,
            outcomes,
        } => {
            let example: Vec<_> = outcomes
                .iter()
                .map(|(stage, outcome)| format!("{} of {}", quoted(outcome), quoted(stage)))
                .collect();
            let example = match example.as_slice() {
                [] => String::new(),
                example => format!(" (after {})", example.join(", ")),
            };
            format!(
                "an order can end while the join of stage {} still waits: {} arrives and {} does \
                 not{example}; let every way lead through all of them, write `join = \"any\"`, or \
                 remove `join`",
                quoted(stage),
                list(arrived.iter().map(Option::as_deref)),
                list(missing.iter().map(Option::as_deref))
            )
        }
    }
}

fn list<'a>(predecessors: impl Iterator<Item = Option<&'a str>>) -> String {
    let names: Vec<_> = predecessors
        .map(|name| name.map_or_else(|| "the opening".to_owned(), quoted))
        .collect();
    names.join(", ")
}
