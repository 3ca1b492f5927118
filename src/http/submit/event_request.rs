//! A request that is one event: its attributes are made here, its data is the client's.

use axum::http::HeaderMap;
use axum::response::Response;

use super::idempotency::{self, SOURCE};
use super::message::{ReceivedEvent, content_type};
use super::receipt::{self, Receipt};
use crate::clock;
use crate::domain::access::Access;
use crate::http::state::Api;
use crate::http::web::prefer;
use crate::http::web::problem::HttpProblem;
use crate::wire::{Accepted, HeaderValue};

/// What a request says has happened.
#[derive(Debug, Clone, Copy)]
pub(in crate::http) struct EventRequest<'a> {
    /// The event's type.
    pub(in crate::http) type_: &'a str,
    /// The process, unless it is to get a token.
    pub(in crate::http) token: Option<&'a str>,
    /// Its data, as received; nothing is no data.
    pub(in crate::http) data: &'a [u8],
}

impl Api {
    /// Submits a request's event, once however often the request is repeated.
    pub(in crate::http) async fn happen(
        &self,
        access: &Access,
        headers: &HeaderMap,
        happened: EventRequest<'_>,
    ) -> Result<Response, HttpProblem> {
        let key = idempotency::key(headers)?;
        let id = key.clone().unwrap_or_else(idempotency::random);
        let event = self.read(access, &happened, &id, content_type(headers))?;
        if key.is_some() && self.is_repeated(&event).await? {
            return receipt::alone(vec![Receipt::repeated(&event)]);
        }
        receipt::alone(self.submit(&[event], prefer::wait(headers)).await?)
    }

    /// The event that a request is.
    pub(in crate::http) fn read(
        &self,
        access: &Access,
        happened: &EventRequest<'_>,
        id: &str,
        content_type: Option<&str>,
    ) -> Result<Accepted, HttpProblem> {
        self.read_from(access, happened, (SOURCE, id), content_type)
    }

    /// The same of another source than the native API.
    pub(in crate::http) fn read_from(
        &self,
        access: &Access,
        happened: &EventRequest<'_>,
        (source, id): (&str, &str),
        content_type: Option<&str>,
    ) -> Result<Accepted, HttpProblem> {
        let time = clock::now().to_string();
        let mut headers = vec![
            ("ce-specversion", HeaderValue::Text("1.0")),
            ("ce-id", HeaderValue::Text(id)),
            ("ce-source", HeaderValue::Text(source)),
            ("ce-type", HeaderValue::Text(happened.type_)),
            ("ce-time", HeaderValue::Text(&time)),
        ];
        headers.extend(
            happened
                .token
                .map(|token| ("ce-subject", HeaderValue::Text(token))),
        );
        let given = ReceivedEvent {
            headers: &headers,
            content_type,
            id: None,
            body: happened.data,
        };
        given.read(access, &self.limits)
    }
}
