//! Counts what a committed batch did.

use jiff::Timestamp;

use super::decide::{Decision, Outcome};
use super::held::{Content, Held};
use super::writer::{Fate, Written};
use crate::telemetry::{EventOutcome, Telemetry};

/// Settles every delivery of a batch in the ledger, and counts what became of processes.
pub(super) fn batch(telemetry: &Telemetry, held: &[Held], written: &Written, now: Timestamp) {
    let fates = held.iter().zip(&written.fates);
    telemetry.settled(fates.clone().map(|(held, fate)| (held.type_name(), outcome(*fate))));
    for (held, fate) in fates {
        match (&held.content, fate) {
            (Content::Event { event, .. }, Fate::Logged(Outcome::Applied)) => {
                telemetry.event_latency(event.event.stamp.time, now);
            }
            (Content::Dead(letter), Fate::Dead) => telemetry.dead_letter(&letter.reason),
            (Content::Event { .. }, Fate::Dead) => telemetry.dead_letter("kind_mismatch"),
            (_, Fate::Logged(_)) => {}
        }
    }
    for decision in &written.decisions {
        processes(telemetry, decision);
    }
}

/// Counts what opened and what ended.
pub(super) fn processes(telemetry: &Telemetry, decision: &Decision) {
    for (kind, count) in &decision.opened {
        telemetry.processes_opened(*kind, *count);
    }
    for (index, cause) in &decision.ended {
        let Some(process) = decision.changed.get(*index) else {
            continue;
        };
        let Some(ended) = &process.ended else { continue };
        let opened_at = process.opening.as_ref().map(|(stamp, _)| stamp.time);
        let seconds = opened_at.map(|at| ended.at.duration_since(at).as_secs_f64());
        telemetry.process_ended(process.kind, ended.status, seconds, *cause);
    }
}

fn outcome(fate: Fate) -> EventOutcome {
    match fate {
        Fate::Logged(Outcome::Applied) => EventOutcome::Applied,
        Fate::Logged(Outcome::Duplicate) => EventOutcome::Duplicate,
        Fate::Logged(Outcome::Late) => EventOutcome::Late,
        Fate::Logged(Outcome::KindMismatch) | Fate::Dead => EventOutcome::Dead,
    }
}
