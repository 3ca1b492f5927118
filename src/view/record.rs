//! A record as JSON; the command line reads it too.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

pub use super::completion::CompletionState;
use super::order::OrderDetails;
use super::order::json::{OrderView, order_view, parsed};
use super::parts::{LISTED_MAX, Part, Parts};
use super::step::Step;
use super::{schema, summary};
use crate::domain::completion::ERRORS_MAX;
use crate::domain::{Item, Opening, Process, Stamp};
use crate::store::read::record::{LoggedEvent, Record};

/// A process with the requested parts.
#[derive(Debug)]
pub struct FoundProcess {
    /// The record.
    pub record: Record,
    /// The status of an order, if it was requested.
    pub order: Option<OrderDetails>,
}

/// The record of a process.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Process)]
pub struct View<'a> {
    pub(crate) token: Cow<'a, str>,
    pub(crate) tenant: Cow<'a, str>,
    /// The number of the attempt, if it is not the first: the token was opened again after its
    /// process had been deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) attempt: Option<u32>,
    /// Undecided until an opening event was accepted.
    #[schema(value_type = Option<schema::Kind>)]
    pub(crate) kind: Option<Cow<'a, str>>,
    #[schema(value_type = schema::Status)]
    pub(crate) status: Cow<'a, str>,
    pub(crate) summary: String,
    pub(crate) progress: ProgressView,
    pub(crate) waiting_for: Vec<String>,
    pub(crate) settle_at: Option<Timestamp>,
    pub(crate) deadline_at: Option<Timestamp>,
    pub(crate) opened_at: Option<Timestamp>,
    pub(crate) ended_at: Option<Timestamp>,
    /// When its end was committed.
    pub(crate) sealed_at: Option<Timestamp>,
    /// From its opening to its end.
    pub(crate) elapsed_seconds: Option<f64>,
    pub(crate) code: Option<Cow<'a, str>>,
    pub(crate) message: Option<Cow<'a, str>>,
    pub(crate) opening: Option<OpeningView<'a>>,
    pub(crate) completion: CompletionState,
    /// Since when its completion has been unroutable.
    pub(crate) unroutable_at: Option<Timestamp>,
    /// The number of messages about its end that are not published yet.
    pub(crate) outbox: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) counts: Option<RecordCounts>,
    /// The cursor of its newest event in the feed, to continue after it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) cursor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) history: Option<Vec<StepView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) items: Option<Vec<ItemView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) errors: Option<Vec<ErrorView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) events: Option<Vec<LoggedEventView<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) late: Option<Vec<EventLine<'a>>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) order: Option<OrderView<'a>>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub(crate) struct ProgressView {
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
    pub(crate) failed: u64,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize, ToSchema)]
#[schema(as = Counts)]
pub(crate) struct RecordCounts {
    pub(crate) events: u64,
    pub(crate) late: u64,
    pub(crate) items: u64,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Opening)]
pub(crate) struct OpeningView<'a> {
    pub(crate) source: Cow<'a, str>,
    pub(crate) filename: Option<Cow<'a, str>>,
    pub(crate) module: Option<Cow<'a, str>>,
    pub(crate) workflow: Option<Cow<'a, str>>,
    pub(crate) group: Option<Cow<'a, str>>,
    pub(crate) attributes: Option<Value>,
    pub(crate) reply_to: Option<Cow<'a, str>>,
}

/// A step of the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = Step)]
pub(crate) struct StepView {
    pub(crate) time: Timestamp,
    pub(crate) state: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) late: bool,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Item)]
pub(crate) struct ItemView<'a> {
    pub(crate) identifier: Cow<'a, str>,
    pub(crate) ok: bool,
    pub(crate) messages: Cow<'a, [String]>,
    pub(crate) document_id: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = ItemError)]
pub(crate) struct ErrorView<'a> {
    pub(crate) identifier: Cow<'a, str>,
    pub(crate) messages: Cow<'a, [String]>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = LoggedEvent)]
pub(crate) struct LoggedEventView<'a> {
    #[serde(flatten)]
    pub(crate) line: EventLine<'a>,
    pub(crate) sequence: Option<u64>,
    pub(crate) received_at: Timestamp,
    pub(crate) late: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) data: Option<Value>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Line)]
pub(crate) struct EventLine<'a> {
    pub(crate) time: Timestamp,
    #[serde(rename = "type")]
    pub(crate) type_name: Cow<'a, str>,
    pub(crate) source: Cow<'a, str>,
    pub(crate) id: Cow<'a, str>,
}

impl FoundProcess {
    /// The JSON view, with these parts.
    #[must_use]
    pub fn view<'a>(&'a self, parts: &Parts) -> View<'a> {
        view(&self.record, self.order.as_ref(), parts)
    }
}

/// The JSON view of a record, with the requested parts.
pub fn view<'a>(record: &'a Record, order: Option<&'a OrderDetails>, parts: &Parts) -> View<'a> {
    let process = &record.process;
    let ended = process.ended.as_ref();
    let steps = record.events.iter().filter(|event| Step::is(event));
    let late = record.events.iter().filter(|event| event.late);
    let items = record.items.iter().take(LISTED_MAX);
    let failed = items.clone().filter(|item| !item.ok);
    let data = parts.has(Part::Data);
    let counted = parts.counts();
    let requested = |part: Part| parts.has(part).then_some(());
    View {
        token: Cow::from(&process.token),
        tenant: Cow::from(&process.tenant),
        attempt: (process.attempt > 1).then_some(process.attempt),
        kind: process.decided_kind().map(|kind| kind.name().into()),
        status: process.status().name().into(),
        summary: summary::summary(process, record.created_at),
        progress: progress(process),
        waiting_for: summary::missing(process),
        settle_at: process.settle_at,
        deadline_at: process.deadline_at,
        opened_at: process.opening.as_ref().map(|(stamp, _)| stamp.time),
        ended_at: ended.map(|ended| ended.at),
        sealed_at: record.sealed_at,
        elapsed_seconds: elapsed_seconds(process),
        code: ended.and_then(|ended| text(&ended.code)),
        message: ended.and_then(|ended| text(&ended.message)),
        opening: process.opening.as_ref().map(opening),
        completion: CompletionState::of(record),
        unroutable_at: record.unroutable_at,
        outbox: ended.map_or(0, |_| record.outbox),
        counts: counted.then_some(RecordCounts {
            events: record.logged,
            late: record.late,
            items: process.items.seen,
        }),
        cursor: record.cursor.map(|cursor| cursor.to_string()),
        history: requested(Part::Steps).map(|()| steps.map(step).collect()),
        items: requested(Part::Items).map(|()| items.map(|i| item(i, data)).collect()),
        errors: requested(Part::Errors).map(|()| failed.take(ERRORS_MAX).map(error).collect()),
        events: requested(Part::Events)
            .map(|()| record.events.iter().map(|e| event(e, data)).collect()),
        late: requested(Part::Late).map(|()| late.map(line).collect()),
        order: order.filter(|_| parts.has(Part::Stages)).map(order_view),
    }
}

fn elapsed_seconds(process: &Process) -> Option<f64> {
    let (stamp, _) = process.opening.as_ref()?;
    let elapsed = process.ended.as_ref()?.at.duration_since(stamp.time);
    Some(elapsed.as_secs_f64().max(0.0))
}

fn progress(process: &Process) -> ProgressView {
    ProgressView {
        done: process.done(),
        total: process.total(),
        failed: process.items.failed,
    }
}

fn opening((stamp, opening): &(Stamp, Opening)) -> OpeningView<'_> {
    OpeningView {
        source: Cow::from(&stamp.source),
        filename: text(&opening.filename),
        module: text(&opening.module),
        workflow: text(&opening.workflow),
        group: text(&opening.group),
        attributes: opening.attributes.as_deref().map(parsed),
        reply_to: text(&opening.reply_to),
    }
}

/// The JSON view of a step event.
pub(crate) fn step(event: &LoggedEvent) -> StepView {
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

fn item(item: &Item, data: bool) -> ItemView<'_> {
    ItemView {
        identifier: Cow::from(&item.identifier),
        ok: item.ok,
        messages: Cow::from(&item.messages),
        document_id: text(&item.document_id),
        data: item.data.as_deref().filter(|_| data).map(parsed),
    }
}

fn error(item: &Item) -> ErrorView<'_> {
    ErrorView {
        identifier: Cow::from(&item.identifier),
        messages: Cow::from(&item.messages),
    }
}

fn event(event: &LoggedEvent, data: bool) -> LoggedEventView<'_> {
    LoggedEventView {
        line: line(event),
        sequence: event.sequence,
        received_at: event.received_at,
        late: event.late,
        data: data.then(|| parsed(&event.data)),
    }
}

fn line(event: &LoggedEvent) -> EventLine<'_> {
    EventLine {
        time: event.time,
        type_name: Cow::from(&event.type_name),
        source: Cow::from(&event.source),
        id: Cow::from(&event.id),
    }
}

fn text(given: &Option<String>) -> Option<Cow<'_, str>> {
    given.as_deref().map(Cow::from)
}
