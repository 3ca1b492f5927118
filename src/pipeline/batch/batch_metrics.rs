//! Counts what a committed batch did.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::decide::Decision;
use super::job::{Fate, Written};
use super::outcome::Outcome as Merged;
use crate::domain::completion_rules::Cause;
use crate::pipeline::consume::delivery::{Content, Held};
use crate::telemetry::{Ended, Outcome, SealCause, Telemetry};

/// Settles every delivery of a batch in the account, and counts what became of processes.
pub(super) fn batch(telemetry: &Telemetry, held: &[Held], written: &Written, now: Timestamp) {
    let mut settled: BTreeMap<(&str, &str), (Outcome, u64)> = BTreeMap::new();
    let mut dead: BTreeMap<&str, u64> = BTreeMap::new();
    for (held, fate) in held.iter().zip(&written.fates) {
        let outcome = outcome(*fate);
        let key = (held.type_name(), outcome.as_str());
        settled.entry(key).or_insert((outcome, 0)).1 += 1;
        match (&held.content, fate) {
            (Content::Event { event, .. }, Fate::Logged(Merged::Applied)) => {
                telemetry.event_committed(between(event.event.stamp.time, now));
            }
            (Content::Dead(letter), _) => *dead.entry(&letter.reason).or_insert(0) += 1,
            (Content::Event { .. }, Fate::Refused(reason)) => {
                *dead.entry(reason.name()).or_insert(0) += 1;
            }
            (Content::Event { .. }, Fate::Logged(_) | Fate::Dead) => {}
        }
    }
    for ((type_name, _), (outcome, count)) in settled {
        telemetry.settled(type_name, outcome, count);
    }
    for (reason, count) in dead {
        telemetry.dead_lettered(reason, count);
    }
    for decision in &written.decisions {
        processes(telemetry, decision);
    }
}

/// Counts what opened and what ended.
pub(in crate::pipeline) fn processes(telemetry: &Telemetry, decision: &Decision) {
    for (kind, count) in &decision.opened {
        telemetry.processes_opened(kind.name(), *count);
    }
    let mut ended: BTreeMap<(&str, &str), Vec<Duration>> = BTreeMap::new();
    for (process, _) in decision.ended() {
        let Some(end) = &process.ended else { continue };
        let opened_at = process
            .opening
            .as_ref()
            .map_or(end.at, |(stamp, _)| stamp.time);
        let key = (process.kind.name(), end.status.name());
        ended
            .entry(key)
            .or_default()
            .push(between(opened_at, end.at));
    }
    for ((kind, status), durations) in &ended {
        telemetry.processes_ended(Ended {
            kind,
            status,
            durations,
        });
    }
}

/// Counts what a janitor sealed.
pub(in crate::pipeline) fn due(telemetry: &Telemetry, decision: &Decision) {
    let count = |wanted: Cause| {
        let causes = decision.ended.iter().map(|(_, cause)| *cause);
        causes.filter(|cause| *cause == wanted).count() as u64
    };
    telemetry.janitor_sealed(SealCause::Settle, count(Cause::Settle));
    telemetry.janitor_sealed(SealCause::Deadline, count(Cause::Deadline));
}

fn outcome(fate: Fate) -> Outcome {
    match fate {
        Fate::Logged(Merged::Applied | Merged::Parked) => Outcome::Applied,
        Fate::Logged(Merged::Duplicate) => Outcome::Duplicate,
        Fate::Logged(Merged::Late) => Outcome::Late,
        Fate::Logged(Merged::Refused) | Fate::Refused(_) | Fate::Dead => Outcome::Dead,
    }
}

/// Never negative, whatever the producers' clocks say.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
