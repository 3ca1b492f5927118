//! The files of `examples/events` as new processes that begin now, with new tokens, ids and times.

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::broker::{Outgoing, topology};
use crate::domain::Status;

/// The workflows of the orders.
pub(super) const WORKFLOWS: [(&str, &str); 2] = [
    (
        "purchase",
        include_str!("../../../examples/workflows/purchase.toml"),
    ),
    (
        "invoice",
        include_str!("../../../examples/workflows/invoice.toml"),
    ),
];

/// Each file, and the final status of its process; none if its events can't be applied.
const FILES: [(&str, Option<Status>); 8] = [
    (
        include_str!("../../../examples/events/upload-done.jsonl"),
        Some(Status::Done),
    ),
    (
        include_str!("../../../examples/events/upload-warning.jsonl"),
        Some(Status::Warning),
    ),
    (
        include_str!("../../../examples/events/upload-failed.jsonl"),
        Some(Status::Error),
    ),
    (
        include_str!("../../../examples/events/upload-cancelled.jsonl"),
        Some(Status::Cancelled),
    ),
    (
        include_str!("../../../examples/events/out-of-order.jsonl"),
        Some(Status::Done),
    ),
    (
        include_str!("../../../examples/events/order-done.jsonl"),
        Some(Status::Done),
    ),
    (
        include_str!("../../../examples/events/order-escalated.jsonl"),
        Some(Status::Done),
    ),
    (include_str!("../../../examples/events/bad.jsonl"), None),
];

/// The time in which one second of the files passes.
const SECOND: SignedDuration = SignedDuration::from_millis(40);

/// One process.
#[derive(Debug)]
pub(super) struct SampleProcess {
    pub(super) token: String,
    /// The expected final status.
    pub(super) ends: Option<Status>,
    pub(super) events: Vec<Outgoing>,
}

/// One sample per file.
pub(super) fn samples(now: Timestamp) -> anyhow::Result<Vec<SampleProcess>> {
    let samples = FILES.into_iter().map(|(lines, ends)| {
        let token = Uuid::new_v4().to_string();
        let lines = lines.lines().enumerate();
        let events = lines.map(|(second, line)| event(line, &token, (second, now)));
        let events = events.collect::<anyhow::Result<_>>();
        events.map(|events| SampleProcess {
            token,
            ends,
            events,
        })
    });
    samples.collect()
}

/// An event of a file. Events with the same id keep the same id, so that repetitions stay
/// repetitions.
fn event(line: &str, token: &str, (number, now): (usize, Timestamp)) -> anyhow::Result<Outgoing> {
    let mut event: Map<String, Value> =
        serde_json::from_str(line).context("a sample is not JSON")?;
    let text = |event: &Map<String, Value>, name: &str| {
        let text = event.get(name).and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    };
    let id = format!("{token}-{}", text(&event, "id"));
    let position = event.get("sequence").and_then(Value::as_u64);
    let position = position.unwrap_or(u64::try_from(number)?);
    let later = SECOND.saturating_mul(i32::try_from(position)?);
    let time = now.saturating_add(later).unwrap_or(now);
    for (name, value) in [
        ("id", &id),
        ("token", &token.to_owned()),
        ("time", &time.to_string()),
    ] {
        if let Some(present) = event.get_mut(name) {
            *present = Value::from(value.as_str());
        }
    }
    let type_name = text(&event, "type");
    let body = serde_json::to_vec(&event)?;
    let mut message = Outgoing::new(topology::EVENTS_EXCHANGE, &type_name, &id, body);
    let properties = &mut message.properties;
    properties.content_type = Some("application/json".to_owned());
    properties.type_ = Some(type_name);
    Ok(message)
}
