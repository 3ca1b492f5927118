//! The messages that a batch causes, as rows of the outbox.

use std::collections::HashMap;

use super::decide::Decision;
use super::event::{BatchEvent, Outcome};
use super::orders::Announced;
use crate::broker::topology;
use crate::domain::completion::{Completion, ItemSummary};
use crate::domain::{Process, ProcessKey};
use crate::store::read::feed_cursor::FeedCursor;
use crate::store::write::outbox::{MessageKind, OutboxRow};
use crate::view::outgoing::row;
use crate::wire;

/// The default exchange: its routing keys are names of queues.
const DIRECT: &str = "";

/// The completions of the processes that ended, and their copies to `reply_to`.
pub fn completions(
    decision: &Decision,
    mut summaries: HashMap<ProcessKey, ItemSummary>,
    place: Option<FeedCursor>,
) -> Vec<OutboxRow> {
    let place = place.map(|place| place.to_string());
    let mut rows = Vec::with_capacity(decision.ended.len());
    for (process, _) in decision.ended() {
        let summary = summaries.remove(&process.key).unwrap_or_default();
        rows.extend(completion(process, summary, place.as_deref()));
    }
    rows
}

/// One message to every bound queue, and a copy to the queue that the opening event named.
fn completion(process: &Process, summary: ItemSummary, place: Option<&str>) -> Vec<OutboxRow> {
    let Some(completion) = Completion::of(process, summary) else {
        return Vec::new();
    };
    let outbound = wire::completion(&completion, place);
    let exchange = topology::COMPLETIONS_EXCHANGE;
    let row = row(process.key, outbound, MessageKind::Completion, exchange);
    let reply_to = completion.opening.and_then(|opening| opening.reply_to);
    let copy = reply_to.map(|queue| OutboxRow {
        what: MessageKind::Reply,
        exchange: DIRECT.to_owned(),
        routing_key: queue,
        ..row.clone()
    });
    std::iter::once(row).chain(copy).collect()
}

/// The replies to opening events that name a queue: the derived token, or why it can't be applied.
pub fn replies<'a>(events: impl Iterator<Item = &'a BatchEvent>) -> Vec<OutboxRow> {
    let reply = |BatchEvent {
                     new,
                     token_requested,
                     outcome,
                     ..
                 }: &BatchEvent| {
        let outbound = match outcome {
            Ok(Outcome::Applied) if *token_requested => wire::token_reply(&new.event),
            Ok(_) => return None,
            Err(refused) => wire::refusal(&new.event, &refused.problem())?,
        };
        Some(row(new.key, outbound, MessageKind::Reply, DIRECT))
    };
    events.filter_map(reply).collect()
}

/// The announcements of stops that were entered.
pub fn stages(announced: &[Announced]) -> impl Iterator<Item = OutboxRow> {
    announced.iter().map(|announced| {
        let outbound = wire::stage_entered(&announced.entered);
        let exchange = topology::STAGES_EXCHANGE;
        row(announced.process, outbound, MessageKind::Stage, exchange)
    })
}
