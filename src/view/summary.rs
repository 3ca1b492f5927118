//! The status of a process in words, unescaped: callers escape them.

use jiff::Timestamp;

use crate::domain::completion_rules::{DEADLINE_EXCEEDED, INCOMPLETE};
use crate::domain::{Ended, Ending, EndingKind, Process, Status};

/// The status in one sentence; `created_at` is the time of its first event.
pub fn summary(process: &Process, created_at: Timestamp) -> String {
    if let Some(ended) = &process.ended {
        return ended_words(process, ended);
    }
    let mut words = Vec::new();
    match (&process.opening, &process.ending) {
        (None, None) => words.push(format!("for its opening event since {created_at:.0}")),
        (None, Some(ending)) => {
            words.push(format!("for its opening event; {}", ending_words(ending)));
        }
        (Some(_), None) => words.extend(progress_of(process)),
        (Some(_), Some(ending)) => {
            words.extend(progress_of(process));
            let since = ending.stamp.time;
            words.push(format!("waiting for the rest since {since:.0}"));
        }
    }
    let status = process.status().name();
    match (process.status(), words.is_empty()) {
        (_, true) => status.to_owned(),
        (Status::Waiting, false) => format!("{status} {}", words.join(", ")),
        (_, false) => format!("{status}: {}", words.join(", ")),
    }
}

/// What an ending event waits for before the process ends; empty if there is none.
pub fn missing(process: &Process) -> Vec<String> {
    let Some(ending) = &process.ending else {
        return Vec::new();
    };
    if process.ended.is_some() {
        return Vec::new();
    }
    let mut missing = Vec::new();
    if process.opening.is_none() {
        missing.push("its opening event".to_owned());
    }
    let (seen, before) = (process.sequenced, ending.stamp.sequence.unwrap_or(0));
    if seen < before {
        let absent = before - seen;
        missing.push(format!(
            "{absent} of the {before} sequenced events before its end"
        ));
    }
    let (done, total) = (process.done(), process.total().unwrap_or(0));
    if ending.kind == EndingKind::Completed && done < total {
        missing.push(format!("{} of its total of {total}", total - done));
    }
    missing
}

/// How much is done and has failed; `None` if there is no progress.
pub fn progress(done: u64, total: Option<u64>, failed: u64) -> Option<String> {
    let failed = match failed {
        0 => String::new(),
        failed => format!(", {failed} failed"),
    };
    Some(format!("{} done{failed}", amount(done, total)?))
}

fn progress_of(process: &Process) -> Option<String> {
    progress(process.done(), process.total(), process.items.failed)
}

fn amount(done: u64, total: Option<u64>) -> Option<String> {
    match (done, total) {
        (0, None) => None,
        (done, None) => Some(done.to_string()),
        (done, Some(total)) => Some(format!("{done} of {total}")),
    }
}

fn ending_words(ending: &Ending) -> String {
    let what = match ending.kind {
        EndingKind::Completed => "completed",
        EndingKind::Failed { .. } => "failed",
        EndingKind::Cancelled { .. } => "cancelled",
    };
    format!("it {what} at {:.0} already", ending.stamp.time)
}

fn ended_words(process: &Process, ended: &Ended) -> String {
    let head = match ended.status {
        Status::Done => "done",
        Status::Warning => "ended with a warning",
        Status::Error => "ended with an error",
        Status::Cancelled => "cancelled",
        Status::Waiting | Status::Running => "running",
    };
    let mut causes: Vec<String> = ended.message.iter().cloned().collect();
    match ended.code.as_deref() {
        Some(INCOMPLETE) => causes.push("it is incomplete".to_owned()),
        Some(DEADLINE_EXCEEDED) => causes.push("its deadline passed".to_owned()),
        Some(code) => causes.push(format!("code {code}")),
        None => {}
    }
    let items = process.items;
    if items.failed > 0 && items.failed == items.seen {
        causes.push(match items.seen {
            1 => "its one item failed".to_owned(),
            seen => format!("all {seen} items failed"),
        });
    } else if items.failed > 0 {
        causes.push(format!("{} of {} items failed", items.failed, items.seen));
    } else if ended.status == Status::Done {
        causes.extend(amount(process.done(), process.total()));
    } else {
        causes.extend(progress_of(process));
    }
    if causes.is_empty() {
        head.to_owned()
    } else {
        format!("{head}: {}", causes.join(", "))
    }
}
