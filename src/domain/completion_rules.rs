//! When and how a process ends: an ending event with nothing missing, the settle time, a deadline.

use jiff::{SignedDuration, Timestamp};

use super::process::{Ended, Ending, EndingKind, Process, Status};

/// The code of a process that ended although events were missing.
pub const INCOMPLETE: &str = "incomplete";
/// The code of a process that did not end in time.
pub const DEADLINE_EXCEEDED: &str = "deadline_exceeded";

/// Why a process was sealed: a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// An ending event, and nothing is missing.
    Ending,
    /// An ending event, and the settle time has passed.
    Settle,
    /// The deadline has passed.
    Deadline,
}

/// Whether the process may end now, apart from missing sequences, which the log shows.
#[must_use]
pub fn may_end(process: &Process, now: Timestamp) -> bool {
    let passed = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
    let complete = |ending| process.opening.is_some() && total_reached(process, ending);
    process.ended.is_none()
        && (process.through.is_some()
            || process.ending.as_ref().is_some_and(complete)
            || passed(process.settle_at)
            || passed(process.deadline_at))
}

/// Seals the process if it is due; otherwise sets until when an ending waits for missing events.
pub fn seal(process: &mut Process, settle: SignedDuration, now: Timestamp) -> Option<Cause> {
    if process.ended.is_some() {
        return None;
    }
    let (cause, ended) = decide(process, settle, now)?;
    debug_assert!(ended.status.is_final(), "sealed with a passing status");
    process.ended = Some(ended);
    process.settle_at = None;
    process.deadline_at = None;
    Some(cause)
}

fn decide(process: &mut Process, settle: SignedDuration, now: Timestamp) -> Option<(Cause, Ended)> {
    let deadline = process.deadline_at.filter(|deadline| *deadline <= now);
    if let Some(ending) = &process.ending {
        if nothing_missing(process, ending) {
            return Some((Cause::Ending, outcome(process, ending)));
        }
        let settle_at = settle_at(process, settle, now);
        // Whichever passed first, however late this runs.
        if settle_at <= now && deadline.is_none_or(|deadline| settle_at <= deadline) {
            return Some((Cause::Settle, incomplete(process, ending, settle_at)));
        }
        process.settle_at = Some(settle_at);
    }
    if process.ending.is_none()
        && let Some(departed) = process.through
    {
        if nothing_declared_is_missing(process) {
            return Some((Cause::Ending, walked(process, departed)));
        }
        let settle_at = settle_at(process, settle, now);
        if settle_at <= now && deadline.is_none_or(|deadline| settle_at <= deadline) {
            return Some((Cause::Settle, cut_short(walked(process, settle_at))));
        }
        process.settle_at = Some(settle_at);
    }
    deadline.map(|deadline| (Cause::Deadline, exceeded(deadline)))
}

/// When it stops waiting for missing events.
fn settle_at(process: &Process, settle: SignedDuration, now: Timestamp) -> Timestamp {
    let first = || now.saturating_add(settle).unwrap_or(now);
    process.settle_at.unwrap_or_else(first)
}

/// An order at the end of its workflow waits for its total and for every sequence below the
/// greatest.
fn nothing_declared_is_missing(process: &Process) -> bool {
    let is_short = process.total().is_some_and(|total| process.done() < total);
    process.sequenced >= process.declared && !is_short
}

/// An ending waits for the opening, for the sequenced events before it and, if it is `completed`,
/// for the total.
fn nothing_missing(process: &Process, ending: &Ending) -> bool {
    let before = ending.stamp.sequence.unwrap_or(0);
    process.opening.is_some() && process.sequenced >= before && total_reached(process, ending)
}

fn total_reached(process: &Process, ending: &Ending) -> bool {
    match ending.kind {
        EndingKind::Completed => process.total().is_none_or(|total| process.done() >= total),
        EndingKind::Failed { .. } | EndingKind::Cancelled { .. } => true,
    }
}

/// The end of an order at the end of its workflow.
fn walked(process: &Process, at: Timestamp) -> Ended {
    Ended {
        status: of_items(process),
        at,
        code: None,
        message: None,
    }
}

fn of_items(process: &Process) -> Status {
    let items = process.items;
    match items.failed {
        0 => Status::Done,
        failed if failed == items.seen => Status::Error,
        _ => Status::Warning,
    }
}

fn outcome(process: &Process, ending: &Ending) -> Ended {
    let at = ending.stamp.time;
    let (status, code, message) = match &ending.kind {
        EndingKind::Failed { message, code } => (Status::Error, code.clone(), message.clone()),
        EndingKind::Cancelled { reason } => (Status::Cancelled, None, reason.clone()),
        EndingKind::Completed => (of_items(process), None, None),
    };
    Ended {
        status,
        at,
        code,
        message,
    }
}

fn incomplete(process: &Process, ending: &Ending, at: Timestamp) -> Ended {
    let mut ended = outcome(process, ending);
    ended.at = at;
    cut_short(ended)
}

/// The end of a process although events were missing.
fn cut_short(mut ended: Ended) -> Ended {
    if ended.status == Status::Done {
        ended.status = Status::Warning;
    }
    ended.code.get_or_insert_with(|| INCOMPLETE.to_owned());
    ended
}

fn exceeded(at: Timestamp) -> Ended {
    Ended {
        status: Status::Error,
        at,
        code: Some(DEADLINE_EXCEEDED.to_owned()),
        message: None,
    }
}
