//! The headers that events need, selected from all headers in one pass.

use super::fault::Fault;
use super::message::{HeaderValue, Limits};
use super::reason::Reason;

/// The prefixes under which `CloudEvents` attributes travel in AMQP headers.
const PREFIXES: [&str; 3] = ["cloudEvents_", "cloudEvents:", "ce-"];

/// The needed headers. Names are matched without regard to case; of a repeated one the first
/// counts.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    /// Our own header `tenant`.
    pub(super) tenant: Option<HeaderValue<'a>>,
    /// W3C trace context.
    pub(super) traceparent: Option<HeaderValue<'a>>,
    /// Its vendor part.
    pub(super) tracestate: Option<HeaderValue<'a>>,
    /// Attributes of a `CloudEvent` in binary mode.
    pub(super) cloud: CloudHeaders<'a>,
    bytes: usize,
}

/// The attributes of a `CloudEvent` in binary mode.
#[derive(Debug, Default)]
pub(super) struct CloudHeaders<'a> {
    pub(super) specversion: Option<HeaderValue<'a>>,
    pub(super) id: Option<HeaderValue<'a>>,
    pub(super) source: Option<HeaderValue<'a>>,
    pub(super) type_: Option<HeaderValue<'a>>,
    pub(super) subject: Option<HeaderValue<'a>>,
    pub(super) time: Option<HeaderValue<'a>>,
    pub(super) tenant: Option<HeaderValue<'a>>,
    pub(super) sequence: Option<HeaderValue<'a>>,
    pub(super) traceparent: Option<HeaderValue<'a>>,
    pub(super) tracestate: Option<HeaderValue<'a>>,
    pub(super) datacontenttype: Option<HeaderValue<'a>>,
}

impl<'a> Headers<'a> {
    /// Picks the needed ones.
    pub(super) fn pick(all: &[(&'a str, HeaderValue<'a>)]) -> Self {
        let mut picked = Self::default();
        for &(name, value) in all {
            picked.bytes += name.len();
            if let HeaderValue::Text(text) = value {
                picked.bytes += text.len();
            }
            if let Some(slot) = picked.slot(name) {
                slot.get_or_insert(value);
            }
        }
        picked
    }

    /// Whether the names and texts of all headers keep the limit.
    pub(super) fn within(&self, limits: &Limits) -> Result<(), Fault> {
        if self.bytes <= limits.header_bytes {
            return Ok(());
        }
        let detail = format!("the headers are over {} bytes", limits.header_bytes);
        Err(Fault::whole(Reason::TooLarge, detail))
    }

    /// Whether there is a `CloudEvent` in the headers.
    pub(super) fn are_cloud_event(&self) -> bool {
        let cloud = &self.cloud;
        cloud.specversion.is_some() || cloud.id.is_some() || cloud.type_.is_some()
    }

    fn slot(&mut self, name: &str) -> Option<&mut Option<HeaderValue<'a>>> {
        let attribute = PREFIXES
            .iter()
            .find_map(|prefix| without_prefix(name, prefix));
        match attribute {
            Some(attribute) => self.cloud.slot(attribute),
            None if name.eq_ignore_ascii_case("tenant") => Some(&mut self.tenant),
            None if name.eq_ignore_ascii_case("traceparent") => Some(&mut self.traceparent),
            None if name.eq_ignore_ascii_case("tracestate") => Some(&mut self.tracestate),
            None => None,
        }
    }
}

impl<'a> CloudHeaders<'a> {
    fn slot(&mut self, attribute: &str) -> Option<&mut Option<HeaderValue<'a>>> {
        let slots = [
            ("specversion", &mut self.specversion),
            ("id", &mut self.id),
            ("source", &mut self.source),
            ("type", &mut self.type_),
            ("subject", &mut self.subject),
            ("time", &mut self.time),
            ("tenant", &mut self.tenant),
            ("sequence", &mut self.sequence),
            ("traceparent", &mut self.traceparent),
            ("tracestate", &mut self.tracestate),
            ("datacontenttype", &mut self.datacontenttype),
        ];
        slots
            .into_iter()
            .find(|(name, _)| attribute.eq_ignore_ascii_case(name))
            .map(|(_, slot)| slot)
    }
}

fn without_prefix<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    let (head, rest) = name.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}
