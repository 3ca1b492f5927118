//! Counts what a committed batch did.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;

use super::decide::Decision;
use super::entry::Content;
use super::event::Outcome as Merged;
use super::job::WriteDone;
use super::orders::Refused;
use crate::domain::completion_rules::Cause;
use crate::telemetry::{Ended, Outcome, SealCause, Telemetry};

/// Counts the outcome of every delivery of a job, and the processes opened and ended.
pub(super) fn batch(telemetry: &Telemetry, job: &WriteDone, now: Timestamp) {
    let mut settled: BTreeMap<(&str, &str), (Outcome, u64)> = BTreeMap::new();
    let mut dead: BTreeMap<&str, u64> = BTreeMap::new();
    for entry in &job.entries {
        let outcome = match &entry.content {
            Content::Event(event) => {
                if event.outcome == Ok(Merged::Applied) {
                    telemetry.event_committed(between(event.new.event.stamp.time, now));
                }
                if let Err(refused) = &event.outcome {
                    *dead.entry(refused.reason.name()).or_insert(0) += 1;
                }
                outcome(&event.outcome)
            }
            Content::Dead(dead_letter) => {
                *dead.entry(&dead_letter.reason).or_insert(0) += 1;
                Outcome::Dead
            }
        };
        let key = (entry.type_name(), outcome.name());
        settled.entry(key).or_insert((outcome, 0)).1 += 1;
    }
    for ((type_name, _), (outcome, count)) in settled {
        telemetry.settled(type_name, outcome, count);
    }
    for (reason, count) in dead {
        telemetry.dead_lettered(reason, count);
    }
    for decision in &job.written.decisions {
        processes(telemetry, decision);
    }
}

/// Counts the processes opened and ended.
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

/// Counts the processes that a janitor sealed.
pub(in crate::pipeline) fn due(telemetry: &Telemetry, decision: &Decision) {
    let count = |sealed_by: Cause| {
        let causes = decision.ended.iter().map(|(_, cause)| *cause);
        causes.filter(|cause| *cause == sealed_by).count() as u64
    };
    telemetry.janitor_sealed(SealCause::Settle, count(Cause::Settle));
    telemetry.janitor_sealed(SealCause::Deadline, count(Cause::Deadline));
}

fn outcome(outcome: &Result<Merged, Refused>) -> Outcome {
    match outcome {
        Ok(Merged::Applied | Merged::Parked) => Outcome::Applied,
        Ok(Merged::Duplicate) => Outcome::Duplicate,
        Ok(Merged::Late) => Outcome::Late,
        Err(_) => Outcome::Dead,
    }
}

/// Never negative, whatever the producers' clocks say.
fn between(from: Timestamp, to: Timestamp) -> Duration {
    Duration::try_from(to.duration_since(from)).unwrap_or_default()
}
