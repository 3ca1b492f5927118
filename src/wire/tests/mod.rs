//! Rules of the wire as sentences: each list of bad inputs with what is said about it.

mod amqp;
mod asyncapi;
mod bytes;
mod cloud_events;
mod contract;
mod data;
mod identifiers;
mod json;
mod logged;
mod numbers;
mod outbound;
mod random;
mod schema_data;
mod schemas;
mod times;

use std::fmt::{Display, Write as _};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::*;

/// When everything in these tests arrives.
fn arrived() -> Timestamp {
    "2026-03-01T00:00:00.123456789Z".parse().unwrap()
}

/// A valid event of a type.
fn event(type_: &str, data: Value) -> Value {
    json!({
        "id": "e1",
        "type": type_,
        "token": "t1",
        "time": "2026-02-03T04:05:06Z",
        "source": "scanner",
        "data": data,
    })
}

/// A valid step.
fn step() -> Value {
    event("upload.step", json!({ "message": "stored" }))
}

/// A step whose data has a free field with this JSON text.
fn free(text: &str) -> String {
    let frame = event("upload.step", json!({ "message": "m", "free": "HERE" })).to_string();
    frame.replace("\"HERE\"", text)
}

/// An event with one field of its envelope set.
fn with(mut event: Value, field: &str, value: Value) -> Value {
    event[field] = value;
    event
}

/// An event with one field of its envelope removed.
fn without(mut event: Value, field: &str) -> Value {
    event.as_object_mut().unwrap().remove(field);
    event
}

/// A message of plain JSON.
fn plain(body: &[u8]) -> Message<'_> {
    Message {
        body,
        content_type: Some("application/json"),
        ..Message::default()
    }
}

/// The same with headers.
fn with_headers<'a>(body: &'a str, headers: &'a [(&'a str, HeaderValue<'a>)]) -> Message<'a> {
    Message {
        headers,
        ..plain(body.as_bytes())
    }
}

/// The same with a queue for the reply.
fn replying<'a>(body: &'a str, reply_to: &'a str) -> Message<'a> {
    Message {
        reply_to: Some(reply_to),
        ..plain(body.as_bytes())
    }
}

/// Decodes a message; the schemas must say the same of it.
fn decode_default(message: &Message<'_>) -> Result<Accepted, Box<Rejection>> {
    let said = decode(message, &Limits::default(), arrived());
    schemas::agree(message, &said);
    said
}

/// What is said about a message, on one line.
fn verdict(message: &Message<'_>) -> String {
    let rejection = match decode_default(message) {
        Ok(_) => return "accepted".to_owned(),
        Err(rejection) => rejection,
    };
    let mut said = rejection.reason.name().to_owned();
    for fault in &rejection.problem.errors {
        let pointer = fault.pointer.as_deref().unwrap_or("-");
        write!(said, " | {pointer} {}", fault.detail).unwrap();
    }
    said
}

/// One line per case: its name and what is said about it.
fn lines<N: Display>(cases: impl IntoIterator<Item = (N, String)>) -> String {
    let lines = cases.into_iter();
    lines
        .map(|(name, said)| format!("{name}: {said}\n"))
        .collect()
}

/// What is said about each case as the body of a plain event.
fn table<N: Display, B: AsRef<[u8]>>(cases: impl IntoIterator<Item = (N, B)>) -> String {
    let cases = cases.into_iter();
    lines(cases.map(|(name, body)| (name, verdict(&plain(body.as_ref())))))
}

#[test]
fn names_of_reasons_are_closed_and_distinct() {
    let mut names: Vec<_> = Reason::ALL.map(Reason::name).into();
    names.dedup();
    assert_eq!(names.len(), Reason::ALL.len());
    for reason in Reason::ALL {
        assert_eq!(Reason::from_name(reason.name()), Some(reason));
    }
}

#[test]
fn every_type_has_a_label_and_others_share_one() {
    assert_eq!(type_names().count(), 15);
    for name in type_names() {
        assert_eq!(type_label(Some(name)), name);
    }
    assert_eq!(type_label(Some("order.exploded")), "unknown");
    assert_eq!(type_label(None), "unknown");
}

#[test]
fn a_problem_is_an_object_of_rfc_9457() {
    let body = with(step(), "sequence", json!("7")).to_string();
    let rejection = decode_default(&plain(body.as_bytes())).unwrap_err();
    let said = serde_json::to_string_pretty(&rejection.problem).unwrap();
    expect_test::expect![[r##"
        {
          "type": "urn:waybill:problem:invalid_field",
          "title": "A field is invalid",
          "detail": "#/sequence must be a whole number, 0 or more",
          "errors": [
            {
              "detail": "must be a whole number, 0 or more",
              "pointer": "#/sequence"
            }
          ]
        }"##]]
    .assert_eq(&said);
}
