//! A record as JSON for programs.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::order::Order;
use super::order::json::{OrderView, order_view};
use super::parts::{Part, Parts};
use super::schema;
use super::step::Step;
use super::words;
use crate::core::completion::ERRORS_MAX;
use crate::core::{Opening, Process, Stamp};
use crate::store::record::{LoggedEvent, Record, StoredItem};

/// How a process stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Process)]
pub struct View<'a> {
    token: &'a str,
    tenant: &'a str,
    #[schema(value_type = schema::Kind)]
    kind: &'static str,
    #[schema(value_type = schema::Status)]
    status: &'static str,
    summary: String,
    progress: Progress,
    /// What an ending event still waits for.
    waiting_for: Vec<String>,
    /// When it ends without what is missing.
    settle_at: Option<Timestamp>,
    deadline_at: Option<Timestamp>,
    opened_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    /// When its end was committed.
    sealed_at: Option<Timestamp>,
    /// From its opening to its end.
    elapsed_seconds: Option<f64>,
    code: Option<&'a str>,
    message: Option<&'a str>,
    opening: Option<OpeningView<'a>>,
    completion: Completion,
    #[serde(skip_serializing_if = "Option::is_none")]
    counts: Option<Counts>,
    /// The place of its newest event in the feed: ask on after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    history: Option<Vec<StepView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    items: Option<Vec<ItemView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<Vec<ErrorView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<Vec<EventView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    late: Option<Vec<Line<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    order: Option<OrderView<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Progress {
    pub(super) done: u64,
    pub(super) total: Option<u64>,
    pub(super) failed: u64,
}

#[derive(Debug, Serialize, ToSchema)]
struct Counts {
    events: u64,
    late: u64,
    items: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Opening)]
struct OpeningView<'a> {
    source: &'a str,
    filename: Option<&'a str>,
    module: Option<&'a str>,
    workflow: Option<&'a str>,
    group: Option<&'a str>,
    attributes: Option<Value>,
    reply_to: Option<&'a str>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Step)]
struct StepView {
    time: Timestamp,
    state: Option<String>,
    name: Option<String>,
    message: Option<String>,
    late: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Item)]
struct ItemView<'a> {
    identifier: &'a str,
    ok: bool,
    messages: &'a [String],
    document_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ItemError)]
struct ErrorView<'a> {
    identifier: &'a str,
    messages: &'a [String],
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LoggedEvent)]
struct EventView<'a> {
    #[serde(flatten)]
    line: Line<'a>,
    sequence: Option<u64>,
    received_at: Timestamp,
    late: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = EventLine)]
struct Line<'a> {
    time: Timestamp,
    #[serde(rename = "type")]
    type_name: &'a str,
    source: &'a str,
    id: &'a str,
}

/// Reads the form out of a record, with the parts that are wanted.
pub fn view<'a>(record: &'a Record, order: Option<&'a Order>, parts: &Parts) -> View<'a> {
    let process = &record.process;
    let ended = process.ended.as_ref();
    let steps = record.events.iter().filter(|event| Step::is(event));
    let late = record.events.iter().filter(|event| event.late);
    let failed = record.items.iter().filter(|item| !item.ok);
    let data = parts.has(Part::Data);
    let counted = parts.counts();
    let wants = |part: Part| parts.has(part).then_some(());
    View {
        token: &process.token,
        tenant: &process.tenant,
        kind: process.kind.name(),
        status: process.status().name(),
        summary: words::summary(process, record.created_at),
        progress: progress(process),
        waiting_for: words::missing(process),
        settle_at: process.settle_at,
        deadline_at: process.deadline_at,
        opened_at: process.opening.as_ref().map(|(stamp, _)| stamp.time),
        ended_at: ended.map(|ended| ended.at),
        sealed_at: record.sealed_at,
        elapsed_seconds: elapsed_seconds(process),
        code: ended.and_then(|ended| ended.code.as_deref()),
        message: ended.and_then(|ended| ended.message.as_deref()),
        opening: process.opening.as_ref().map(opening),
        completion: completion(record),
        counts: counted.then_some(Counts {
            events: record.logged,
            late: record.late,
            items: process.items.seen,
        }),
        cursor: record.cursor.map(|cursor| cursor.to_string()),
        history: wants(Part::Steps).map(|()| steps.map(step).collect()),
        items: wants(Part::Items).map(|()| record.items.iter().map(|i| item(i, data)).collect()),
        errors: wants(Part::Errors).map(|()| failed.take(ERRORS_MAX).map(error).collect()),
        events: wants(Part::Events)
            .map(|()| record.events.iter().map(|e| event(e, data)).collect()),
        late: wants(Part::Late).map(|()| late.map(line).collect()),
        order: order.filter(|_| parts.has(Part::Stages)).map(order_view),
    }
}

fn elapsed_seconds(process: &Process) -> Option<f64> {
    let (stamp, _) = process.opening.as_ref()?;
    let elapsed = process.ended.as_ref()?.at.duration_since(stamp.time);
    Some(elapsed.as_secs_f64().max(0.0))
}

fn progress(process: &Process) -> Progress {
    Progress {
        done: process.done(),
        total: process.total(),
        failed: process.items.failed,
    }
}

fn opening((stamp, opening): &(Stamp, Opening)) -> OpeningView<'_> {
    OpeningView {
        source: &stamp.source,
        filename: opening.filename.as_deref(),
        module: opening.module.as_deref(),
        workflow: opening.workflow.as_deref(),
        group: opening.group.as_deref(),
        attributes: opening.attributes.as_deref().map(parsed),
        reply_to: opening.reply_to.as_deref(),
    }
}

fn step(event: &LoggedEvent) -> StepView {
    let Step {
        state,
        name,
        message,
    } = Step::of(event);
    StepView {
        time: event.time,
        state,
        name,
        message,
        late: event.late,
    }
}

fn item(item: &StoredItem, data: bool) -> ItemView<'_> {
    ItemView {
        identifier: &item.identifier,
        ok: item.ok,
        messages: &item.messages,
        document_id: item.document_id.as_deref(),
        data: item.data.as_deref().filter(|_| data).map(parsed),
    }
}

fn error(item: &StoredItem) -> ErrorView<'_> {
    ErrorView {
        identifier: &item.identifier,
        messages: &item.messages,
    }
}

fn event(event: &LoggedEvent, data: bool) -> EventView<'_> {
    EventView {
        line: line(event),
        sequence: event.sequence,
        received_at: event.received_at,
        late: event.late,
        data: data.then(|| parsed(&event.data)),
    }
}

fn line(event: &LoggedEvent) -> Line<'_> {
    Line {
        time: event.time,
        type_name: &event.type_name,
        source: &event.source,
        id: &event.id,
    }
}

/// JSON as received; what this reader can't hold (an enormous number) stays a text.
pub fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.to_owned()))
}

/// Where the completion of a process is.
#[must_use]
pub fn completion(record: &Record) -> Completion {
    match (&record.process.ended, record.unroutable_at, record.outbox) {
        (None, _, _) => Completion::None,
        (Some(_), Some(_), _) => Completion::Unroutable,
        (Some(_), None, 0) => Completion::Sent,
        (Some(_), None, _) => Completion::Pending,
    }
}

/// Where a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = CompletionState)]
pub enum Completion {
    /// Nothing has ended.
    None,
    /// It is in the outbox.
    Pending,
    /// The broker had no queue for it.
    Unroutable,
    /// The broker has confirmed it.
    Sent,
}
