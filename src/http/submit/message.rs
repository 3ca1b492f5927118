//! An event from HTTP to AMQP: it is published as a `CloudEvent` in binary mode, with its data as
//! received.

use axum::http::{HeaderMap, header};

use crate::broker::{Outgoing, topology};
use crate::clock;
use crate::domain::access::Access;
use crate::http::web::HttpProblem;
use crate::wire::{Accepted, HeaderValue, Limits, Message, decode};

/// Most events of one request.
pub(in crate::http) const EVENTS_MAX: usize = 1_000;

/// The media type of a body as its sender states it.
pub(in crate::http) fn content_type(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::CONTENT_TYPE)?.to_str().ok()
}

/// The unvalidated parts of an event over HTTP.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct ReceivedEvent<'a> {
    /// The attributes as headers.
    pub(in crate::http) headers: &'a [(&'a str, HeaderValue<'a>)],
    /// The media type.
    pub(in crate::http) content_type: Option<&'a str>,
    /// The id of an event that has none itself.
    pub(in crate::http) id: Option<&'a str>,
    /// The bytes.
    pub(in crate::http) body: &'a [u8],
}

impl ReceivedEvent<'_> {
    /// Decodes it as a worker would; its tenant is that of the API key.
    pub(in crate::http) fn read(
        &self,
        access: &Access,
        limits: &Limits,
    ) -> Result<Accepted, HttpProblem> {
        let mut headers = self.headers.to_vec();
        headers.push(("tenant", HeaderValue::Text(&access.tenant)));
        let message = Message {
            body: self.body,
            content_type: self.content_type,
            message_id: self.id,
            headers: &headers,
            ..Message::default()
        };
        decode(&message, limits, clock::now()).map_err(|rejection| rejection.into())
    }
}

/// The message of an event for the workers.
pub(in crate::http) fn outgoing(accepted: &Accepted) -> Outgoing {
    let event = &accepted.event;
    let stamp = &event.stamp;
    let body = accepted.data.clone().into_bytes();
    let exchange = topology::INTERNAL_EXCHANGE;
    let mut message = Outgoing::new(exchange, accepted.type_name, &stamp.id, body);
    let opening = event.opening();
    let attributes = [
        ("cloudEvents_specversion", Some("1.0".to_owned())),
        ("cloudEvents_id", Some(stamp.id.clone())),
        ("cloudEvents_source", Some(stamp.source.clone())),
        ("cloudEvents_type", Some(accepted.type_name.to_owned())),
        ("cloudEvents_subject", Some(event.token.clone())),
        ("cloudEvents_time", Some(stamp.time.to_string())),
        ("cloudEvents_tenant", Some(event.tenant.clone())),
        (
            "cloudEvents_sequence",
            stamp.sequence.map(|n| n.to_string()),
        ),
        ("traceparent", opening.and_then(|o| o.traceparent.clone())),
        ("tracestate", opening.and_then(|o| o.tracestate.clone())),
    ];
    let headers = attributes
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?.as_str().into())));
    let properties = &mut message.properties;
    properties.headers = headers.collect();
    properties.content_type = Some("application/json".to_owned());
    properties.correlation_id = Some(event.token.clone());
    properties.type_ = Some(accepted.type_name.to_owned());
    message
}
