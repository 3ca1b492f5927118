//! Decodes a message into an event: limits, encoding, envelope, names, data.

pub(super) mod body;
pub(super) mod cut_body;
pub(super) mod data;
pub(super) mod encoding;
pub(super) mod envelope;
pub(super) mod event_types;
pub(super) mod fault;
pub(super) mod headers;
pub(super) mod items;
pub(super) mod json_equality;
pub(super) mod json_precheck;
pub(super) mod logged;
pub mod message;
pub(super) mod object;
pub(super) mod orders;
pub(super) mod parse_error;
pub mod reason;
pub(super) mod salvage;
pub(super) mod trace;
pub(super) mod validate;

use jiff::Timestamp;

use self::encoding::Encoding;
use self::envelope::{AttributeOrigin, Envelope, FoundAttribute};
use self::event_types::EventType;
use self::fault::{Fault, Faults};
use self::headers::Headers;
use self::message::{Accepted, Limits, Message};
use self::reason::Reason;
use self::salvage::Salvaged;
use self::validate::Validator;
use super::problem::Rejection;
use crate::domain::{DEFAULT_TENANT, Event, Happening, Opening, ProcessKey, Stamp};

/// Decodes and validates one message; `arrived` is its time if it has none.
///
/// # Errors
///
/// Returns why the message can't be applied, naming every fault that was found.
pub fn decode(
    message: &Message<'_>,
    limits: &Limits,
    arrived: Timestamp,
) -> Result<Accepted, Box<Rejection>> {
    let headers = Headers::pick(message.headers);
    read(message, &headers, limits, arrived)
        .map_err(|faults| Box::new(faults.into_rejection(Salvaged::of(message, &headers, limits))))
}

fn read(
    message: &Message<'_>,
    headers: &Headers<'_>,
    limits: &Limits,
    arrived: Timestamp,
) -> Result<Accepted, Faults> {
    let (encoding, text) = text(message, headers, limits)?;
    let mut faults = Faults::default();
    let mut envelope = envelope::read(encoding, text, message, headers, &mut faults)?;
    let mut validator = Validator {
        limits,
        faults,
        base: envelope.data_base,
    };
    let stamp = stamp(&mut envelope, encoding, message, arrived, &mut validator);
    let time_given = envelope.time.is_some() || message.timestamp.is_some();
    let known = event_type(envelope.type_.take(), encoding, &mut validator);
    let token = token(envelope.token.take(), encoding, known, &mut validator);
    let tenant = tenant(envelope.tenant.take(), &mut validator);
    let mut happening =
        known.and_then(|known| data::happening(known.shape, envelope.data, &mut validator));
    let side = match &mut happening {
        Some(Happening::Opened(opening)) => complete(opening, message, &envelope, &mut validator),
        _ => Side::default(),
    };
    let (Some(known), Some(stamp), Some(token), Some(tenant), Some(happening), true) = (
        known,
        stamp,
        token,
        tenant,
        happening,
        validator.faults.is_empty(),
    ) else {
        return Err(validator.faults);
    };
    let derived_token = token.is_none();
    Ok(Accepted {
        event: Event {
            tenant,
            token: token.unwrap_or_else(|| ProcessKey::derived_token(&stamp.source, &stamp.id)),
            kind: known.kind,
            stamp,
            happening,
        },
        type_name: known.name,
        time_given,
        data: envelope.data.to_owned(),
        derived_token,
        reply_to: side.reply_to,
        trace_ignored: side.trace_ignored,
    })
}

/// How the message is encoded, and its body as text that is safe to parse.
fn text<'a>(
    message: &Message<'a>,
    headers: &Headers<'_>,
    limits: &Limits,
) -> Result<(Encoding, &'a str), Fault> {
    headers.within(limits)?;
    let encoding = encoding::of(message, headers)?;
    let text = match (encoding, message.body) {
        // In binary mode an event without data has no body.
        (Encoding::Binary, []) => "{}",
        (_, body) => body::text(body, limits)?,
    };
    Ok((encoding, text))
}

/// The stamp; `None` only with a fault noted.
fn stamp(
    envelope: &mut Envelope<'_>,
    encoding: Encoding,
    message: &Message<'_>,
    arrived: Timestamp,
    validator: &mut Validator<'_>,
) -> Option<Stamp> {
    let mut identity = |found: Option<FoundAttribute<'_>>, name, detail| match found {
        Some(_) => validator.found(found),
        None => {
            let fault = place(encoding, name).fault(Reason::MissingIdentity, detail);
            validator.faults.push(fault);
            None
        }
    };
    let id = identity(
        envelope.id.take(),
        "id",
        "is missing; give it, or the property message_id",
    );
    let source = identity(
        envelope.source.take(),
        "source",
        "is missing; give it, or the property app_id",
    );
    if envelope
        .sequence
        .is_some_and(|count| count > Limits::SEQUENCE_MAX)
    {
        let fault = place(encoding, "sequence").fault(Reason::InvalidField, "must be under 2^63");
        validator.faults.push(fault);
    }
    let time = validator.time(envelope.time.as_ref(), message.timestamp, arrived);
    Some(Stamp {
        time: time?,
        sequence: envelope.sequence,
        source: source?,
        id: id?,
    })
}

fn event_type(
    found: Option<FoundAttribute<'_>>,
    encoding: Encoding,
    validator: &mut Validator<'_>,
) -> Option<&'static EventType> {
    let Some(found) = found else {
        let detail = "is missing; give it, or the property type, or the routing key";
        let fault = place(encoding, "type").fault(Reason::UnknownType, detail);
        validator.faults.push(fault);
        return None;
    };
    let known = EventType::named(&found.text);
    if known.is_none() {
        let detail = "is no event type; names look like upload.received or order.step";
        validator
            .faults
            .push(found.place.fault(Reason::UnknownType, detail));
    }
    known
}

/// The token; `Some(None)` where it is to be derived, `None` only with a fault noted.
fn token(
    found: Option<FoundAttribute<'_>>,
    encoding: Encoding,
    event_type: Option<&EventType>,
    validator: &mut Validator<'_>,
) -> Option<Option<String>> {
    if found.is_some() {
        return validator.found(found).map(Some);
    }
    if event_type.is_some_and(EventType::opens) {
        return Some(None);
    }
    let name = match encoding {
        Encoding::Plain => "token",
        Encoding::Structured | Encoding::Binary => "subject",
    };
    let detail = "is missing; give it, or the property correlation_id";
    let fault = place(encoding, name).fault(Reason::MissingToken, detail);
    validator.faults.push(fault);
    None
}

/// Where a missing attribute belongs.
fn place(encoding: Encoding, name: &'static str) -> AttributeOrigin {
    match encoding {
        Encoding::Plain | Encoding::Structured => AttributeOrigin::Body(name),
        Encoding::Binary => AttributeOrigin::Header(name),
    }
}

fn tenant(found: Option<FoundAttribute<'_>>, validator: &mut Validator<'_>) -> Option<String> {
    match found {
        Some(_) => validator.found(found),
        None => Some(DEFAULT_TENANT.to_owned()),
    }
}

/// What only an opening event has besides its data.
#[derive(Debug, Default)]
struct Side {
    reply_to: Option<String>,
    trace_ignored: bool,
}

/// Copies the envelope's part of an opening to it.
fn complete(
    opening: &mut Opening,
    message: &Message<'_>,
    envelope: &Envelope<'_>,
    validator: &mut Validator<'_>,
) -> Side {
    let reply_to = reply_to(message, validator);
    opening.reply_to.clone_from(&reply_to);
    Side {
        reply_to,
        trace_ignored: !put_trace(opening, envelope),
    }
}

fn reply_to(message: &Message<'_>, validator: &mut Validator<'_>) -> Option<String> {
    let text = message.reply_to.filter(|text| !text.is_empty())?;
    let place = AttributeOrigin::Property("reply_to");
    validator.found(Some(FoundAttribute {
        text: text.into(),
        place,
    }))
}

/// Copies valid trace context to the opening; returns whether nothing was dropped.
fn put_trace(opening: &mut Opening, envelope: &Envelope<'_>) -> bool {
    let (parent, state) = (&envelope.traceparent, &envelope.tracestate);
    opening.traceparent = parent
        .as_deref()
        .filter(|text| trace::is_parent(text))
        .map(str::to_owned);
    opening.tracestate = state
        .as_deref()
        .filter(|text| opening.traceparent.is_some() && trace::is_state(text))
        .map(str::to_owned);
    parent.is_some() == opening.traceparent.is_some()
        && state.is_some() == opening.tracestate.is_some()
}
