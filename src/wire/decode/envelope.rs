//! The attributes of an event in any of the three encodings, with their fallbacks.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::encoding::{Encoding, is_json};
use super::fault::{Fault, Faults};
use super::headers::{CloudHeaders, Headers};
use super::message::{HeaderValue, Message};
use super::object::{Object, Sequence, Text};
use super::parse_error::diagnose;
use super::reason::Reason;

/// An attribute and where it was found.
#[derive(Debug)]
pub(super) struct FoundAttribute<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) place: AttributeOrigin,
}

/// Where an attribute is or would be.
#[derive(Debug, Clone, Copy)]
pub(super) enum AttributeOrigin {
    /// A field of the body.
    Body(&'static str),
    /// An attribute of a `CloudEvent` in a header, or our own header.
    Header(&'static str),
    /// An AMQP property, or the routing key.
    Property(&'static str),
}

impl AttributeOrigin {
    /// A fault here. Only places in the body have a pointer; others are named in the detail.
    pub(super) fn fault(self, reason: Reason, detail: impl fmt::Display) -> Fault {
        match self {
            Self::Body(name) => Fault::at(reason, format_args!("#/{name}"), detail),
            Self::Header(name) => Fault::whole(reason, format_args!("the header {name} {detail}")),
            Self::Property(name) => {
                Fault::whole(reason, format_args!("the property {name} {detail}"))
            }
        }
    }
}

/// The attributes of the envelope, before validation.
#[derive(Debug, Default)]
pub(super) struct Envelope<'a> {
    pub(super) id: Option<FoundAttribute<'a>>,
    pub(super) source: Option<FoundAttribute<'a>>,
    pub(super) type_: Option<FoundAttribute<'a>>,
    pub(super) token: Option<FoundAttribute<'a>>,
    pub(super) tenant: Option<FoundAttribute<'a>>,
    pub(super) time: Option<FoundAttribute<'a>>,
    pub(super) sequence: Option<u64>,
    pub(super) traceparent: Option<Cow<'a, str>>,
    pub(super) tracestate: Option<Cow<'a, str>>,
    /// The JSON text of the data.
    pub(super) data: &'a str,
    /// The pointer of the data in the body.
    pub(super) data_base: &'static str,
}

/// Reads the envelope. What is wrong but leaves the rest readable goes to `faults`.
pub(super) fn read<'a>(
    encoding: Encoding,
    text: &'a str,
    message: &Message<'a>,
    headers: &Headers<'a>,
    faults: &mut Faults,
) -> Result<Envelope<'a>, Fault> {
    let mut envelope = match encoding {
        Encoding::Plain => plain(text)?,
        Encoding::Structured => structured(text, faults)?,
        Encoding::Binary => binary(text, &headers.cloud, faults),
    };
    let property = |value: Option<&'a str>, name: &'static str| {
        let text = value.filter(|value| !value.is_empty())?;
        let place = AttributeOrigin::Property(name);
        Some(FoundAttribute {
            text: Cow::Borrowed(text),
            place,
        })
    };
    let routing_key = || property(Some(message.routing_key), "routing_key");
    envelope.id = envelope.id.or(property(message.message_id, "message_id"));
    envelope.source = envelope.source.or(property(message.app_id, "app_id"));
    envelope.token = envelope
        .token
        .or(property(message.correlation_id, "correlation_id"));
    envelope.type_ = envelope
        .type_
        .or_else(|| property(message.type_, "type"))
        .or_else(routing_key);
    match message.tenant {
        Some(_) => envelope.tenant = property(message.tenant, "exchange"),
        None => merge_tenant(&mut envelope, headers.tenant, faults),
    }
    if envelope.traceparent.is_none() && envelope.tracestate.is_none() {
        envelope.traceparent = headers.traceparent.map(trace);
        envelope.tracestate = headers.tracestate.map(trace);
    }
    Ok(envelope)
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Plain<'a> {
    id: Option<Text<'a>>,
    #[serde(rename = "type")]
    type_: Option<Text<'a>>,
    token: Option<Text<'a>>,
    time: Option<Text<'a>>,
    source: Option<Text<'a>>,
    tenant: Option<Text<'a>>,
    sequence: Option<u64>,
    data: Option<&'a RawValue>,
}

fn plain(text: &str) -> Result<Envelope<'_>, Fault> {
    let Object(body) = serde_json::from_str::<Object<Plain<'_>>>(text)
        .map_err(|_| diagnose::<Object<Plain<'_>>>(text, "#"))?;
    Ok(Envelope {
        id: in_body("id", body.id),
        source: in_body("source", body.source),
        type_: in_body("type", body.type_),
        token: in_body("token", body.token),
        tenant: in_body("tenant", body.tenant),
        time: in_body("time", body.time),
        sequence: body.sequence,
        data: body.data.map_or("{}", RawValue::get),
        data_base: "#/data",
        ..Envelope::default()
    })
}

#[derive(Deserialize)]
#[serde(bound(deserialize = "'de: 'a"))]
struct Structured<'a> {
    specversion: Option<Text<'a>>,
    id: Option<Text<'a>>,
    source: Option<Text<'a>>,
    #[serde(rename = "type")]
    type_: Option<Text<'a>>,
    subject: Option<Text<'a>>,
    time: Option<Text<'a>>,
    tenant: Option<Text<'a>>,
    sequence: Option<Sequence>,
    traceparent: Option<Text<'a>>,
    tracestate: Option<Text<'a>>,
    datacontenttype: Option<Text<'a>>,
    data_base64: Option<IgnoredAny>,
    data: Option<&'a RawValue>,
}

fn structured<'a>(text: &'a str, faults: &mut Faults) -> Result<Envelope<'a>, Fault> {
    let Object(body) = serde_json::from_str::<Object<Structured<'_>>>(text)
        .map_err(|_| diagnose::<Object<Structured<'_>>>(text, "#"))?;
    check_version(
        in_body("specversion", body.specversion),
        AttributeOrigin::Body,
        faults,
    );
    let foreign = |stated: &Text<'_>| !is_json(&stated.0);
    if body.datacontenttype.as_ref().is_some_and(foreign) {
        let place = AttributeOrigin::Body("datacontenttype");
        faults.push(place.fault(Reason::UnsupportedContentType, "must be application/json"));
    }
    if body.data_base64.is_some() {
        let place = AttributeOrigin::Body("data_base64");
        let detail = "is not accepted; give the data as JSON in `data`";
        faults.push(place.fault(Reason::UnsupportedContentType, detail));
    }
    Ok(Envelope {
        id: in_body("id", body.id),
        source: in_body("source", body.source),
        type_: in_body("type", body.type_),
        token: in_body("subject", body.subject),
        tenant: in_body("tenant", body.tenant),
        time: in_body("time", body.time),
        sequence: body.sequence.map(|Sequence(number)| number),
        traceparent: body.traceparent.map(|text| text.0),
        tracestate: body.tracestate.map(|text| text.0),
        data: body.data.map_or("{}", RawValue::get),
        data_base: "#/data",
    })
}

fn binary<'a>(text: &'a str, cloud: &CloudHeaders<'a>, faults: &mut Faults) -> Envelope<'a> {
    check_version(
        in_header("specversion", cloud.specversion, faults),
        AttributeOrigin::Header,
        faults,
    );
    Envelope {
        id: in_header("id", cloud.id, faults),
        source: in_header("source", cloud.source, faults),
        type_: in_header("type", cloud.type_, faults),
        token: in_header("subject", cloud.subject, faults),
        tenant: in_header("tenant", cloud.tenant, faults),
        time: in_header("time", cloud.time, faults),
        sequence: cloud.sequence.and_then(|value| sequence(value, faults)),
        traceparent: cloud.traceparent.map(trace),
        tracestate: cloud.tracestate.map(trace),
        data: text.trim_ascii(),
        data_base: "#",
    }
}

fn in_body<'a>(name: &'static str, text: Option<Text<'a>>) -> Option<FoundAttribute<'a>> {
    text.map(|Text(text)| FoundAttribute {
        text,
        place: AttributeOrigin::Body(name),
    })
}

fn in_header<'a>(
    name: &'static str,
    value: Option<HeaderValue<'a>>,
    faults: &mut Faults,
) -> Option<FoundAttribute<'a>> {
    let place = AttributeOrigin::Header(name);
    match value? {
        HeaderValue::Text(text) => Some(FoundAttribute {
            text: Cow::Borrowed(text),
            place,
        }),
        HeaderValue::Integer(_) | HeaderValue::Other => {
            faults.push(place.fault(Reason::InvalidField, "must be a text"));
            None
        }
    }
}

fn sequence(value: HeaderValue<'_>, faults: &mut Faults) -> Option<u64> {
    let number = match value {
        HeaderValue::Text(text) => Sequence::from_digits(text).map(|Sequence(number)| number),
        HeaderValue::Integer(number) => u64::try_from(number).ok(),
        HeaderValue::Other => None,
    };
    if number.is_none() {
        let place = AttributeOrigin::Header("sequence");
        faults.push(place.fault(Reason::InvalidField, "must be a whole number, 0 or more"));
    }
    number
}

fn check_version(
    stated: Option<FoundAttribute<'_>>,
    place: impl Fn(&'static str) -> AttributeOrigin,
    faults: &mut Faults,
) {
    if stated.is_none_or(|found| found.text != "1.0") {
        faults.push(place("specversion").fault(Reason::InvalidField, "must be 1.0"));
    }
}

/// The tenant of the event and that of the header may each be absent, but not contradict.
fn merge_tenant<'a>(
    envelope: &mut Envelope<'a>,
    header: Option<HeaderValue<'a>>,
    faults: &mut Faults,
) {
    let header = in_header("tenant", header, faults);
    match (&envelope.tenant, header) {
        (Some(stated), Some(header)) if stated.text != header.text => {
            let detail = "contradicts the header tenant";
            faults.push(stated.place.fault(Reason::TenantMismatch, detail));
        }
        (Some(_), _) | (None, None) => {}
        (None, Some(header)) => envelope.tenant = Some(header),
    }
}

/// Trace context that is no text becomes an invalid one: it is ignored and counted, not a fault.
fn trace(value: HeaderValue<'_>) -> Cow<'_, str> {
    match value {
        HeaderValue::Text(text) => Cow::Borrowed(text),
        HeaderValue::Integer(_) | HeaderValue::Other => Cow::Borrowed(""),
    }
}
