//! A record as a row of Open-Capture.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::dates::{Language, elapsed, http, plain};
use crate::domain::{Process, Status};
use crate::http::submit::idempotency::SOURCE;
use crate::store::read::numeric_id::number;
use crate::store::read::record::Record;
use crate::view::order::json::parsed;
use crate::view::parts::LISTED_MAX;
use crate::view::parts::Part;
use crate::view::step::Step;
use crate::view::summary;

/// The parts that a row needs with the record.
pub(super) const PARTS: [Part; 2] = [Part::Steps, Part::Items];
/// The same with the data of the documents.
pub(super) const PARTS_WITH_DATA: [Part; 3] = [Part::Steps, Part::Items, Part::Data];
/// Open-Capture's name for uploads over HTTP.
const INTERFACE: &str = "interface";
/// Marks a row that does not have all documents and steps.
pub(super) const CUT: &str = "truncated";
/// JSON parsers may lose precision beyond this number.
const EXACT: i64 = 1 << 53;

/// The id of a document: a number if it is one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum DocumentId<'a> {
    Number(i64),
    Text(&'a str),
}

/// One row of a response.
pub(super) fn row(record: &Record, language: Language) -> Map<String, Value> {
    let process = &record.process;
    let opening = process.opening.as_ref();
    let stamp = opening.map(|(stamp, _)| stamp);
    let opening = opening.map(|(_, opening)| opening);
    let created = stamp.map_or(record.created_at, |stamp| stamp.time);
    let ended = process.ended.as_ref().map(|ended| ended.at);
    let documents = record.items.iter().filter_map(|i| i.document_id.as_deref());
    let documents: BTreeSet<_> = documents.map(DocumentId::of).collect();
    let documents = documents.iter().map(DocumentId::json);
    let row = json!({
        "id": number(process.key),
        "token": process.token,
        "status": status(process.status()),
        "error": has_failed(process),
        "module": opening.and_then(|opening| opening.module.as_deref()),
        "source": stamp.map(|stamp| source(&stamp.source)),
        "filename": opening.and_then(|opening| opening.filename.as_deref()),
        "workflow_id": opening.and_then(|opening| opening.workflow.as_deref()),
        "creation_date": http(created),
        "creation_date_formated": language.long(created),
        "end_date": ended.map(http),
        "end_date_formated": ended.map(|at| language.long(at)),
        "elapsed_time": stamp.zip(ended).map(|(stamp, at)| elapsed(stamp.time, at)),
        "document_ids": documents.collect::<Vec<_>>(),
        "steps": steps(record),
    });
    let mut row = match row {
        Value::Object(row) => row,
        _ => Map::new(),
    };
    if is_cut(record) {
        row.insert(CUT.to_owned(), true.into());
    }
    row
}

/// The data of each document; `None` while the process has not ended, or without documents.
pub(super) fn document_data(record: &Record) -> Option<Value> {
    let documents = documents(record);
    if record.process.ended.is_none() || documents.is_empty() {
        return None;
    }
    let data = documents.into_iter();
    let data = data.map(|(id, fields)| (id.name(), Value::Object(fields)));
    Some(Value::Object(data.collect()))
}

/// Whether a record has more items or events than were read.
pub(super) fn is_cut(record: &Record) -> bool {
    has_fewer(record, |read, of| (read as u64) < of)
}

/// Whether a query of this record alone reads more of it.
pub(super) fn is_short(record: &Record) -> bool {
    has_fewer(record, |read, of| read < LISTED_MAX && (read as u64) < of)
}

fn has_fewer(record: &Record, fewer: impl Fn(usize, u64) -> bool) -> bool {
    let items = record.process.items.seen;
    fewer(record.items.len(), items) || fewer(record.events.len(), record.logged)
}

/// Open-Capture's name of a status.
const fn status(status: Status) -> &'static str {
    match status {
        Status::Waiting => "wait",
        Status::Running => "running",
        Status::Done | Status::Warning | Status::Error | Status::Cancelled => "done",
    }
}

/// The statuses with this name of Open-Capture; `None` if it is unknown.
pub(super) fn statuses(name: &str) -> Option<Vec<Status>> {
    if name == "error" {
        return Some(vec![Status::Warning, Status::Error, Status::Cancelled]);
    }
    let shown = Status::ALL.into_iter().filter(|s| status(*s) == name);
    let shown: Vec<_> = shown.collect();
    (!shown.is_empty()).then_some(shown)
}

/// Whether the process or one of its items has failed.
fn has_failed(process: &Process) -> bool {
    match &process.ended {
        Some(ended) => ended.status != Status::Done,
        None => process.items.failed > 0,
    }
}

fn source(producer: &str) -> &str {
    match producer {
        SOURCE => INTERFACE,
        other => other,
    }
}

/// The history, numbered from 1; an unsuccessful end is the last line.
fn steps(record: &Record) -> Map<String, Value> {
    let steps = record.events.iter();
    let steps = steps.filter(|event| Step::is(event) && !event.late);
    let steps = steps.map(|event| {
        let step = Step::of(event);
        let has_failed = step.state.as_deref() == Some("error");
        let message = step.message.or(step.name).unwrap_or_default();
        line(has_failed, message, event.time)
    });
    let process = &record.process;
    let ended = process.ended.as_ref();
    let ended = ended.filter(|ended| ended.status != Status::Done);
    let ended = ended.map(|ended| {
        let summary = summary::summary(process, record.created_at);
        line(true, summary, ended.at)
    });
    let lines = steps.chain(ended).enumerate();
    lines
        .map(|(number, line)| ((number + 1).to_string(), line))
        .collect()
}

fn line(has_failed: bool, message: String, at: Timestamp) -> Value {
    let status = if has_failed { "error" } else { "running" };
    json!({"status": status, "message": message, "date": plain(at)})
}

/// The documents with the data of their items.
fn documents(record: &Record) -> BTreeMap<DocumentId<'_>, Map<String, Value>> {
    let mut documents: BTreeMap<_, Map<_, _>> = BTreeMap::new();
    for item in &record.items {
        let Some(id) = &item.document_id else {
            continue;
        };
        let fields = documents.entry(DocumentId::of(id)).or_default();
        match item.data.as_deref().map(parsed) {
            Some(Value::Object(data)) => fields.extend(data),
            Some(data) => {
                fields.insert(item.identifier.clone(), data);
            }
            None => {}
        }
    }
    documents
}

impl<'a> DocumentId<'a> {
    fn of(text: &'a str) -> Self {
        let number = text.parse().ok();
        // A number in another notation, such as `007`, would change its name.
        let is_same = |n: &i64| n.abs() <= EXACT && n.to_string() == text;
        number
            .filter(is_same)
            .map_or(Self::Text(text), Self::Number)
    }

    fn json(&self) -> Value {
        match self {
            Self::Number(number) => (*number).into(),
            Self::Text(text) => (*text).into(),
        }
    }

    fn name(&self) -> String {
        match self {
            Self::Number(number) => number.to_string(),
            Self::Text(text) => (*text).to_owned(),
        }
    }
}
