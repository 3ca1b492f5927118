//! Reads what is readable of a refused message, so that its dead letter can be found. Runs only
//! after decoding has failed; validates nothing.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::fault::Faults;
use super::headers::Headers;
use super::message::{HeaderValue, Limits, Message};
use super::reason::Reason;
use crate::domain::DEFAULT_TENANT;
use crate::wire::problem::{FieldFault, Problem, Rejection};

/// The readable parts.
#[derive(Debug, Default)]
pub(super) struct Salvaged {
    pub(super) tenant: Option<String>,
    pub(super) token: Option<String>,
    pub(super) source: Option<String>,
    pub(super) id: Option<String>,
    pub(super) type_: Option<String>,
}

impl Salvaged {
    /// Reads the body, then the headers, then the properties.
    pub(super) fn of(message: &Message<'_>, headers: &Headers<'_>, limits: &Limits) -> Self {
        let mut seen = Self::default();
        // An event that names no tenant is of the default one, if nothing of it is hidden.
        let is_readable = headers.are_cloud_event()
            || message.body.len() <= limits.body_bytes && seen.look_at_body(message.body);
        let cloud = &headers.cloud;
        let header = |value: Option<HeaderValue<'_>>| match value {
            Some(HeaderValue::Text(text)) => Some(text.to_owned()),
            Some(HeaderValue::Integer(_) | HeaderValue::Other) | None => None,
        };
        let property = |value: Option<&str>| {
            let text = value.filter(|text| !text.is_empty());
            text.map(str::to_owned)
        };
        let Self {
            tenant,
            token,
            source,
            id,
            type_,
        } = seen;
        let cut = |part: Option<String>| part.map(|text| presentable(&text, limits.name_bytes));
        Self {
            tenant: cut(property(message.tenant)
                .or(tenant)
                .or(header(cloud.tenant))
                .or(header(headers.tenant))
                .or(is_readable.then(|| DEFAULT_TENANT.to_owned()))),
            token: cut(token
                .or(header(cloud.subject))
                .or(property(message.correlation_id))),
            source: cut(source.or(header(cloud.source)).or(property(message.app_id))),
            id: cut(id.or(header(cloud.id)).or(property(message.message_id))),
            type_: cut(type_
                .or(header(cloud.type_))
                .or(property(message.type_))
                .or(property(Some(message.routing_key)))),
        }
    }

    /// Reads as far as the body is JSON; a later fault keeps what came before it. Returns whether
    /// all of it was read.
    fn look_at_body(&mut self, body: &[u8]) -> bool {
        let mut parser = serde_json::Deserializer::from_slice(body);
        let read = BodyVisitor(self).deserialize(&mut parser);
        read.is_ok() && parser.end().is_ok()
    }

    fn slot(&mut self, key: &str) -> Option<&mut Option<String>> {
        match key {
            "tenant" => Some(&mut self.tenant),
            "token" | "subject" => Some(&mut self.token),
            "source" => Some(&mut self.source),
            "id" => Some(&mut self.id),
            "type" => Some(&mut self.type_),
            _ => None,
        }
    }
}

/// Picks the texts out of one object, of a repeated field the first.
struct BodyVisitor<'s>(&'s mut Salvaged);

impl<'de> DeserializeSeed<'de> for BodyVisitor<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for BodyVisitor<'_> {
    type Value = ();
    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<Cow<'de, str>>()? {
            let Some(slot) = self.0.slot(&key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw = map.next_value::<&'de RawValue>()?;
            if slot.is_none() {
                *slot = serde_json::from_str(raw.get()).ok();
            }
        }
        Ok(())
    }
}

/// Cut to the limit of names, without control characters.
fn presentable(text: &str, bytes_max: usize) -> String {
    let mut kept = String::new();
    for character in text.chars() {
        let character = if character.is_control() {
            char::REPLACEMENT_CHARACTER
        } else {
            character
        };
        if kept.len() + character.len_utf8() > bytes_max {
            break;
        }
        kept.push(character);
    }
    kept
}

impl Faults {
    /// The rejection of the message: the first fault gives the reason.
    pub(super) fn into_rejection(self, seen: Salvaged) -> Rejection {
        let reason = self
            .listed
            .first()
            .map_or(Reason::Undecodable, |fault| fault.reason);
        let mut problem = Problem::new(reason, self.summary());
        problem.errors = self
            .listed
            .into_iter()
            .map(|fault| FieldFault {
                detail: fault.detail,
                pointer: fault.pointer,
            })
            .collect();
        Rejection {
            reason,
            problem,
            tenant: seen.tenant,
            token: seen.token,
            source: seen.source,
            id: seen.id,
            type_: seen.type_,
        }
    }
}
