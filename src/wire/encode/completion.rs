//! Encodes completions and replies to opening events. Byte-stable: the same record always gives
//! the same bytes.

use jiff::Timestamp;
use serde::Serialize;
use uuid::Uuid;

use crate::domain::completion::{self, ERRORS_BYTES_MAX, MESSAGE_BYTES_MAX};
use crate::domain::{Completion, Event};
use crate::wire::problem::Problem;

/// The `source` of what Waybill publishes, and its `app_id`.
pub const SOURCE: &str = "waybill";
/// The type of a completion.
pub const COMPLETED: &str = "process.completed";
/// The type of the reply that an opening event was refused.
pub const REFUSED: &str = "process.refused";
/// The type of the reply with a derived token.
pub const TOKEN: &str = "process.token";

/// The header of a completion with the cursor from which to read the feed: after it comes
/// everything that was not committed when the process ended, and its end.
const CURSOR: &str = "cursor";

/// A message to publish; the publisher adds the exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outbound {
    /// The same for every copy.
    pub message_id: Uuid,
    /// The token.
    pub correlation_id: String,
    /// The event type.
    pub type_: &'static str,
    /// The media type of the body.
    pub content_type: &'static str,
    /// Text headers, in a fixed order.
    pub headers: Vec<(String, String)>,
    /// JSON.
    pub body: String,
    /// The routing key.
    pub routing_key: String,
    /// When the event it reports happened.
    pub timestamp: Timestamp,
}

impl Outbound {
    /// A `CloudEvent` in binary mode, without a routing key.
    pub(super) fn new(
        (id, type_): (Uuid, &'static str),
        (tenant, token): (&str, &str),
        time: Timestamp,
        body: &impl Serialize,
    ) -> Self {
        Self {
            message_id: id,
            correlation_id: token.to_owned(),
            type_,
            content_type: "application/json",
            headers: headers(id, type_, token, tenant, time),
            body: json(body),
            routing_key: String::new(),
            timestamp: time,
        }
    }
}

/// The completion of a process: a `CloudEvent` in binary mode, with the cursor from which a reader
/// of the feed misses nothing.
#[must_use]
pub fn completion(completion: &Completion, cursor: Option<&str>) -> Outbound {
    let opening = completion.opening.as_ref();
    let mut outbound = Outbound::new(
        (completion.id, COMPLETED),
        (&completion.tenant, &completion.token),
        completion.ended_at,
        &CompletionBody::of(completion),
    );
    let headers = &mut outbound.headers;
    let traceparent = opening.and_then(|opening| opening.traceparent.clone());
    let tracestate = opening.and_then(|opening| opening.tracestate.clone());
    headers.extend(traceparent.map(|value| ("traceparent".to_owned(), value)));
    headers.extend(tracestate.map(|value| ("tracestate".to_owned(), value)));
    headers.push(numbered(completion.number));
    headers.extend(cursor.map(|place| (CURSOR.to_owned(), place.to_owned())));
    outbound.routing_key = [completion.kind.name(), completion.status.name()].join(".");
    outbound
}

/// The reply to an opening event without a token, to its `reply_to` queue.
#[must_use]
pub fn token_reply(event: &Event) -> Outbound {
    let reply_to = event.opening().and_then(|opening| opening.reply_to.clone());
    // An id of its own, which identifies returned messages; the completion's id is the key.
    let message_id = Uuid::new_v5(&event.key().0, b"token");
    let body = TokenBody {
        token: &event.token,
        tenant: &event.tenant,
        kind: event.kind.name(),
        id: &event.stamp.id,
        source: &event.stamp.source,
    };
    reply(event, (message_id, TOKEN), &body, reply_to)
}

/// The reply to a refused opening event, to its `reply_to` queue; `None` if it has none.
#[must_use]
pub fn refusal(event: &Event, problem: &Problem) -> Option<Outbound> {
    let reply_to = event.opening()?.reply_to.clone()?;
    let name = [&*event.stamp.source, &*event.stamp.id].join("\n");
    let message_id = Uuid::new_v5(&event.key().0, name.as_bytes());
    Some(reply(event, (message_id, REFUSED), problem, Some(reply_to)))
}

fn reply(
    event: &Event,
    id_and_type: (Uuid, &'static str),
    body: &impl Serialize,
    reply_to: Option<String>,
) -> Outbound {
    let names = (event.tenant.as_str(), event.token.as_str());
    let mut outbound = Outbound::new(id_and_type, names, event.stamp.time, body);
    outbound.routing_key = reply_to.unwrap_or_default();
    outbound
}

#[derive(Serialize)]
struct CompletionBody<'a> {
    token: &'a str,
    tenant: &'a str,
    #[serde(skip_serializing_if = "is_first")]
    attempt: u32,
    kind: &'static str,
    status: &'static str,
    workflow: Option<&'a str>,
    group: Option<&'a str>,
    filename: Option<&'a str>,
    progress: ProgressBody,
    errors: Vec<ItemError<'a>>,
    error_count: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    errors_cut: bool,
    error: Option<Failure<'a>>,
    document_ids: &'a [String],
    document_count: u64,
    opened_at: Option<Timestamp>,
    ended_at: Timestamp,
    elapsed_seconds: f64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands in a reference"
)]
fn is_first(attempt: &u32) -> bool {
    *attempt == 1
}

#[derive(Serialize)]
struct ProgressBody {
    done: u64,
    total: Option<u64>,
    failed: u64,
}

#[derive(Serialize)]
struct ItemError<'a> {
    identifier: &'a str,
    messages: Vec<&'a str>,
}

#[derive(Serialize)]
struct Failure<'a> {
    code: Option<&'a str>,
    message: Option<&'a str>,
}

#[derive(Serialize)]
struct TokenBody<'a> {
    token: &'a str,
    tenant: &'a str,
    kind: &'static str,
    id: &'a str,
    source: &'a str,
}

impl<'a> CompletionBody<'a> {
    fn of(completion: &'a Completion) -> Self {
        let opening = completion.opening.as_ref();
        let code = completion.code.as_deref();
        let message = completion.message.as_deref().map(cut);
        let errors = errors(&completion.errors);
        let whole = completion.message.as_deref() == message
            && errors.len() == completion.errors.len()
            && errors
                .iter()
                .zip(&completion.errors)
                .all(|(said, error)| said.messages.iter().eq(error.messages.iter()));
        Self {
            token: &completion.token,
            tenant: &completion.tenant,
            attempt: completion.attempt,
            kind: completion.kind.name(),
            status: completion.status.name(),
            workflow: opening.and_then(|opening| opening.workflow.as_deref()),
            group: opening.and_then(|opening| opening.group.as_deref()),
            filename: opening.and_then(|opening| opening.filename.as_deref()),
            progress: ProgressBody {
                done: completion.done,
                total: completion.total,
                failed: completion.failed,
            },
            errors,
            error_count: completion.failed,
            errors_cut: !whole,
            error: (code.is_some() || message.is_some()).then_some(Failure { code, message }),
            document_ids: &completion.document_ids,
            document_count: completion.document_count,
            opened_at: completion.opened_at,
            ended_at: completion.ended_at,
            elapsed_seconds: completion.elapsed_seconds(),
        }
    }
}

/// The first failed items that fit.
fn errors(all: &[completion::ItemError]) -> Vec<ItemError<'_>> {
    let mut bytes = 0;
    let errors = all.iter().map(|error| ItemError {
        identifier: &error.identifier,
        messages: error.messages.iter().map(|text| cut(text)).collect(),
    });
    let fit = errors.take_while(|error| {
        let messages = error.messages.iter().map(|text| text.len());
        bytes += error.identifier.len() + messages.sum::<usize>();
        bytes <= ERRORS_BYTES_MAX
    });
    fit.collect()
}

/// A text cut to the limit of a completion.
fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MESSAGE_BYTES_MAX))
        .unwrap_or(text)
}

/// The header with the order of the messages about a process, since deliveries may be reordered.
pub(super) fn numbered(number: u64) -> (String, String) {
    ("cloudEvents_sequence".to_owned(), number.to_string())
}

fn headers(
    id: Uuid,
    type_: &str,
    token: &str,
    tenant: &str,
    time: Timestamp,
) -> Vec<(String, String)> {
    let pairs = [
        ("cloudEvents_specversion", "1.0".to_owned()),
        ("cloudEvents_id", id.to_string()),
        ("cloudEvents_source", SOURCE.to_owned()),
        ("cloudEvents_type", type_.to_owned()),
        ("cloudEvents_subject", token.to_owned()),
        ("cloudEvents_time", time.to_string()),
        ("token", token.to_owned()),
        ("tenant", tenant.to_owned()),
    ];
    pairs.map(|(name, value)| (name.to_owned(), value)).into()
}

fn json(body: &impl Serialize) -> String {
    serde_json::to_string(body).unwrap_or_else(|error| {
        debug_assert!(false, "texts and numbers always serialise: {error}");
        String::new()
    })
}
