//! The status of a process as Ahgora's monitor shows it: a pure function of records.

#[cfg(test)]
mod tests;

use serde::Serialize;
use serde_json::{Value, json};

use crate::domain::Status;
use crate::store::read::record::Record;

/// Most errors of one response.
const ERRORS_MAX: usize = 1_000;

/// The status of a request, or of all requests of a `unique`.
#[derive(Debug, Serialize)]
pub(super) struct Answer<'a> {
    /// The errors.
    data: Value,
    company: &'a str,
    pub(super) unique: &'a str,
    /// Empty if it is of a whole `unique`.
    subunique: &'a str,
    status: &'static str,
    /// Counts are strings in this API.
    progress: Value,
}

/// Totals of several processes.
#[derive(Debug, Default)]
pub(super) struct Sum {
    open: u64,
    done: u64,
    warned: u64,
    failed: u64,
    records_done: u64,
    records: u64,
}

/// The status of one request.
pub(super) fn of_process(record: &Record) -> Answer<'_> {
    let process = &record.process;
    let mut sum = Sum::default();
    sum.add(process.status(), process.done(), process.total());
    let opening = process.opening.as_ref();
    let group = opening.and_then(|(_, opening)| opening.group.as_deref());
    Answer {
        company: &process.tenant,
        subunique: &process.token,
        ..sum.answer(group.unwrap_or_default(), errors(record))
    }
}

/// The status of all requests of a `unique`.
pub(super) fn of_group<'a>(
    company: &'a str,
    unique: &'a str,
    sum: &Sum,
    failing: &'a [Record],
) -> Answer<'a> {
    Answer {
        company,
        ..sum.answer(unique, failing.iter().flat_map(errors))
    }
}

impl Sum {
    /// Adds a process. Clients compare `done` with `total` to see whether it has ended, so the two
    /// differ until then.
    pub(super) fn add(&mut self, status: Status, done: u64, total: Option<u64>) {
        *match status {
            Status::Waiting | Status::Running => &mut self.open,
            Status::Done => &mut self.done,
            Status::Warning => &mut self.warned,
            Status::Error | Status::Cancelled => &mut self.failed,
        } += 1;
        let (done, total) = match (status.is_final(), total) {
            (true, total) => (done, total.unwrap_or(done)),
            (false, None | Some(0)) => (done, done.saturating_add(1)),
            (false, Some(total)) => (done.min(total - 1), total),
        };
        self.records_done = self.records_done.saturating_add(done);
        self.records = self.records.saturating_add(total);
    }

    /// Whether there are no processes.
    pub(super) fn is_empty(&self) -> bool {
        self.open + self.done + self.warned + self.failed == 0
    }

    /// Whether one of them has not ended.
    pub(super) fn is_open(&self) -> bool {
        self.open > 0
    }

    fn status(&self) -> &'static str {
        match self {
            Self { open: 1.., .. } => "processing",
            Self {
                warned: 0,
                failed: 0,
                ..
            } => "done",
            Self {
                warned: 0, done: 0, ..
            } => "error",
            Self { .. } => "warning",
        }
    }

    fn answer<'a>(&self, unique: &'a str, errors: impl Iterator<Item = Value>) -> Answer<'a> {
        Answer {
            data: json!({"errors": errors.take(ERRORS_MAX).collect::<Vec<_>>()}),
            company: "",
            unique,
            subunique: "",
            status: self.status(),
            progress: json!({
                "done": self.records_done.to_string(),
                "total": self.records.to_string(),
            }),
        }
    }
}

/// Why the process failed, then the items that failed.
fn errors(record: &Record) -> impl Iterator<Item = Value> {
    let failed = record.items.iter().filter(|item| !item.ok);
    let failed =
        failed.map(|item| json!({"identifier": item.identifier, "message": item.messages}));
    let token = &record.process.token;
    let whole = reason(record).map(|reason| json!({"identifier": token, "message": [reason]}));
    whole.into_iter().chain(failed)
}

fn reason(record: &Record) -> Option<&str> {
    let ended = record.process.ended.as_ref()?;
    let message = ended.message.as_deref().or(ended.code.as_deref());
    let cancelled = ended.status == Status::Cancelled;
    message.or(cancelled.then_some(ended.status.name()))
}
