//! `POST /v1/events`: one or several events of producers that have no AMQP.

use axum::body::Body;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::value::RawValue;

use super::openapi::responses::{self, ReceiptsBody};
use super::openapi::{bodies, parameters};
use crate::domain::access::Access;
use crate::http::state::Api;
use crate::http::submit::message::{EVENTS_MAX, ReceivedEvent, content_type};
use crate::http::submit::{idempotency, receipt};
use crate::http::web::memory_budget::Received;
use crate::http::web::{Caller, HttpProblem, Parameters, Pass, prefer};
use crate::wire::{Accepted, HeaderValue};

/// Most bytes of one request, unless a single event may have more.
const BYTES_MAX: usize = 8 << 20;
const BATCH: &str = "application/cloudevents-batch+json";
const STRUCTURED: &str = "application/cloudevents+json";
const NO_LIST: &str = "must be an event or a list of events in JSON";

/// Accepts all events, or none: then it reports the faults of the first invalid one.
#[utoipa::path(
    post,
    path = "/v1/events",
    operation_id = "sendEvents",
    tag = "sending",
    summary = "Sends one event or a list of them",
    description = "Either all events are accepted or none. Each needs an `id` and a `source`; the tenant is that of the key. With `Prefer: wait` the response waits until they are applied.",
    params(parameters::Prefer, parameters::IdempotencyKey),
    request_body(description = "An event, or a list of up to 1,000; as plain JSON or as CloudEvents", content(
        (bodies::Plain = "application/json"),
        (bodies::Structured = "application/cloudevents+json"),
        (bodies::Batch = "application/cloudevents-batch+json"),
    )),
    responses(
        (status = 200, description = "Applied, or refused with a problem", body = ReceiptsBody),
        (status = 202, description = "Confirmed by the broker", body = ReceiptsBody),
        responses::SendProblems,
    ),
)]
pub(in super::super) async fn post(
    api: Api,
    (Caller(access), pass): (Caller, Pass),
    parameters: Parameters,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let key = idempotency::key(&headers)?;
    let max = BYTES_MAX.max(api.limits.body_bytes);
    let body = api.room().receive(body, max).await?;
    let read = Reader {
        api: &api,
        access: &access,
        content_type: content_type(&headers),
        headers: attributes(&headers),
        key: key.as_deref(),
    };
    let wait = prefer::wait(&headers);
    let Some(list) = list(&body, read.content_type)? else {
        let events = [read.single(&body.bytes)?];
        return receipt::single(api.submit_by(&pass, &events, wait).await?);
    };
    let events = list.iter().enumerate();
    let events = events.map(|(number, event)| read.one_of(number, event.get()));
    let events = events.collect::<Result<Vec<_>, _>>()?;
    Ok(receipt::several(
        &api.submit_by(&pass, &events, wait).await?,
    ))
}

/// Decodes the events of one request.
struct Reader<'a> {
    api: &'a Api,
    access: &'a Access,
    content_type: Option<&'a str>,
    headers: Vec<(&'a str, HeaderValue<'a>)>,
    key: Option<&'a str>,
}

impl Reader<'_> {
    fn single(&self, body: &[u8]) -> Result<Accepted, HttpProblem> {
        let received = ReceivedEvent {
            headers: &self.headers,
            content_type: self.content_type,
            id: self.key,
            body,
        };
        received.read(self.access, &self.api.limits)
    }

    fn one_of(&self, number: usize, event: &str) -> Result<Accepted, HttpProblem> {
        let id = self.key.map(|key| format!("{key}.{number}"));
        let received = ReceivedEvent {
            headers: &[],
            content_type: match self.content_type {
                Some(stated) if is(stated, BATCH) => Some(STRUCTURED),
                other => other,
            },
            id: id.as_deref(),
            body: event.as_bytes(),
        };
        let read = received.read(self.access, &self.api.limits);
        read.map_err(|problem| problem.within(&number.to_string()))
    }
}

/// The events of a list; `None` if the body is a single event.
fn list<'a>(
    body: &'a Received,
    content_type: Option<&str>,
) -> Result<Option<Vec<&'a RawValue>>, HttpProblem> {
    let is_list = body.bytes.trim_ascii_start().starts_with(b"[");
    if !is_list && !content_type.is_some_and(|stated| is(stated, BATCH)) {
        return Ok(None);
    }
    let list = serde_json::from_slice::<Vec<&RawValue>>(&body.bytes);
    let list = list.map_err(|_| HttpProblem::body_at("#", NO_LIST))?;
    if list.is_empty() || list.len() > EVENTS_MAX {
        let detail = format!("must have 1 to {EVENTS_MAX} events");
        return Err(HttpProblem::body_at("#", &detail));
    }
    Ok(Some(list))
}

/// The headers that may be attributes of an event: all but the tenant, which is that of the key.
fn attributes(headers: &HeaderMap) -> Vec<(&str, HeaderValue<'_>)> {
    let is_one =
        |name: &str| name.starts_with("ce-") || ["traceparent", "tracestate"].contains(&name);
    let named = headers.iter().filter(|(name, _)| is_one(name.as_str()));
    let value = |text: Result<_, _>| text.map_or(HeaderValue::Other, HeaderValue::Text);
    named
        .map(|(name, text)| (name.as_str(), value(text.to_str())))
        .collect()
}

fn is(stated: &str, media_type: &str) -> bool {
    let stated = stated.split(';').next().unwrap_or_default().trim();
    stated.eq_ignore_ascii_case(media_type)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_attributes_and_trace_context_come_from_the_headers_of_a_request() {
        let mut headers = HeaderMap::new();
        for name in [
            "ce-id",
            "traceparent",
            "tenant",
            "authorization",
            "cloudevents_id",
        ] {
            headers.insert(name, "x".parse().unwrap());
        }
        let mut names: Vec<_> = attributes(&headers)
            .into_iter()
            .map(|(name, _)| name)
            .collect();
        names.sort_unstable();
        assert_eq!(names, ["ce-id", "traceparent"]);
    }
}
