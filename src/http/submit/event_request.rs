//! A request that becomes one event: its attributes are set here, its data is the client's.

use axum::http::HeaderMap;
use axum::response::Response;

use super::idempotency::{self, SOURCE};
use super::message::{ReceivedEvent, content_type};
use super::receipt::{self, Receipt};
use crate::clock;
use crate::domain::access::Access;
use crate::http::state::Api;
use crate::http::web::{HttpProblem, Pass, prefer};
use crate::wire::{Accepted, HeaderValue};

/// The parts of the event that come from the request.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct EventRequest<'a> {
    /// The event's type.
    pub(in crate::http) type_: &'a str,
    /// The token of the process; without one it is generated.
    pub(in crate::http) token: Option<&'a str>,
    /// The data as received; empty means no data.
    pub(in crate::http) data: &'a [u8],
}

impl Api {
    /// Submits the event of a request; a repetition with the same idempotency key has no effect.
    pub(in crate::http) async fn submit_request(
        &self,
        (access, pass): (&Access, &Pass),
        headers: &HeaderMap,
        request: EventRequest<'_>,
    ) -> Result<Response, HttpProblem> {
        let key = idempotency::key(headers)?;
        let id = key.clone().unwrap_or_else(idempotency::random);
        let event = self.read(access, &request, (SOURCE, &id), content_type(headers))?;
        if key.is_some() && self.is_repeated(&event).await? {
            return receipt::single(vec![Receipt::repeated(&event)]);
        }
        let events = [event];
        let receipts = self.submit_by(pass, &events, prefer::wait(headers));
        receipt::single(receipts.await?)
    }

    /// The event of a request, with its source and id.
    pub(in crate::http) fn read(
        &self,
        access: &Access,
        request: &EventRequest<'_>,
        (source, id): (&str, &str),
        content_type: Option<&str>,
    ) -> Result<Accepted, HttpProblem> {
        let time = clock::now().to_string();
        let mut headers = vec![
            ("ce-specversion", HeaderValue::Text("1.0")),
            ("ce-id", HeaderValue::Text(id)),
            ("ce-source", HeaderValue::Text(source)),
            ("ce-type", HeaderValue::Text(request.type_)),
            ("ce-time", HeaderValue::Text(&time)),
        ];
        headers.extend(
            request
                .token
                .map(|token| ("ce-subject", HeaderValue::Text(token))),
        );
        let received = ReceivedEvent {
            headers: &headers,
            content_type,
            id: None,
            body: request.data,
        };
        received.read(access, &self.limits)
    }
}
