//! A message to be published, as a row of the outbox.

use crate::domain::ProcessKey;
use crate::store::write::outbox::{MessageKind, OutboxRow};
use crate::wire::Outbound;

/// The row of a message to an exchange.
pub fn row(
    process: ProcessKey,
    outbound: Outbound,
    what: MessageKind,
    exchange: &str,
) -> OutboxRow {
    OutboxRow {
        id: outbound.message_id,
        token: outbound.correlation_id,
        type_name: outbound.type_.to_owned(),
        payload: Some(outbound.body),
        process,
        what,
        exchange: exchange.to_owned(),
        routing_key: outbound.routing_key,
        headers: outbound.headers.into_iter().collect(),
        time: outbound.timestamp,
        slow: None,
    }
}
