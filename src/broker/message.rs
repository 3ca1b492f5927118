//! A received or published message in Waybill's own types; the only place that knows the client
//! library's.

use lapin::{
    BasicProperties,
    types::{FieldTable, ShortString},
};

use super::header::{HeaderValue, from_table, to_table};
use super::lapin_workarounds::frame::SUBSTITUTE;

/// A message as the broker delivered it, unacknowledged until the consumer acknowledges it.
#[derive(Clone, Debug, PartialEq)]
pub struct Delivery {
    /// Its delivery tag, valid only on the channel that delivered it.
    pub tag: u64,
    /// Whether it may have been delivered before. A hint: the crash of a consumer sets it for all
    /// its unacknowledged deliveries.
    pub redelivered: bool,
    /// The exchange it was published to; empty for the default one.
    pub exchange: String,
    /// The routing key it was published with.
    pub routing_key: String,
    /// Whether a text of its properties, the routing key or a header's name is not UTF-8. Such
    /// texts were changed (U+001A replaces invalid bytes), so they may not be used as an identity.
    pub malformed: bool,
    /// The bytes of the message.
    pub body: Vec<u8>,
    /// Its properties and headers.
    pub properties: Properties,
}

/// The properties of a message, all optional on the wire.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties {
    /// Media type of the body.
    pub content_type: Option<String>,
    /// Content encoding of the body.
    pub content_encoding: Option<String>,
    /// Identity of the message.
    pub message_id: Option<String>,
    /// What the message belongs to; for Waybill the token.
    pub correlation_id: Option<String>,
    /// Queue for an answer.
    pub reply_to: Option<String>,
    /// Name of the message's type.
    pub type_: Option<String>,
    /// Name of the publishing application.
    pub app_id: Option<String>,
    /// Time of the message, in seconds since 1970.
    pub timestamp: Option<u64>,
    /// Time to live in a queue, in milliseconds, as text.
    pub expiration: Option<String>,
    /// Name of the publishing user; the broker refuses any but the real one.
    pub user_id: Option<String>,
    /// 2 for a message that survives a restart of the broker.
    pub delivery_mode: Option<u8>,
    /// Priority in a queue that has priorities.
    pub priority: Option<u8>,
    /// Application headers, by name.
    pub headers: Vec<(String, HeaderValue)>,
}

impl Properties {
    /// The first header called `name`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&HeaderValue> {
        let mut named = self.headers.iter().filter(|(key, _)| key == name);
        named.next().map(|(_, value)| value)
    }

    /// The properties that are texts and not absent.
    pub(super) fn texts(&self) -> impl Iterator<Item = &String> {
        let texts = [
            &self.content_type,
            &self.content_encoding,
            &self.message_id,
            &self.correlation_id,
            &self.reply_to,
            &self.type_,
            &self.app_id,
            &self.expiration,
            &self.user_id,
        ];
        texts.into_iter().flatten()
    }

    pub(super) fn is_repaired(&self) -> bool {
        let names = self.headers.iter().map(|(name, _)| name);
        self.texts().chain(names).any(|text| is_repaired(text))
    }

    /// The client library's form, or `None` if a text is longer than AMQP can carry (255 bytes).
    pub(super) fn to_lapin(&self) -> Option<BasicProperties> {
        let mut out = BasicProperties::default();
        out = set(out, &self.content_type, BasicProperties::with_content_type)?;
        out = set(
            out,
            &self.content_encoding,
            BasicProperties::with_content_encoding,
        )?;
        out = set(out, &self.message_id, BasicProperties::with_message_id)?;
        out = set(
            out,
            &self.correlation_id,
            BasicProperties::with_correlation_id,
        )?;
        out = set(out, &self.reply_to, BasicProperties::with_reply_to)?;
        out = set(out, &self.type_, BasicProperties::with_type)?;
        out = set(out, &self.app_id, BasicProperties::with_app_id)?;
        out = set(out, &self.expiration, BasicProperties::with_expiration)?;
        out = set(out, &self.user_id, BasicProperties::with_user_id)?;
        if let Some(timestamp) = self.timestamp {
            out = out.with_timestamp(timestamp);
        }
        if let Some(delivery_mode) = self.delivery_mode {
            out = out.with_delivery_mode(delivery_mode);
        }
        if let Some(priority) = self.priority {
            out = out.with_priority(priority);
        }
        if !self.headers.is_empty() {
            out = out.with_headers(to_table(&self.headers)?);
        }
        Some(out)
    }
}

impl From<&BasicProperties> for Properties {
    fn from(from: &BasicProperties) -> Self {
        Self {
            content_type: text(from.content_type()),
            content_encoding: text(from.content_encoding()),
            message_id: text(from.message_id()),
            correlation_id: text(from.correlation_id()),
            reply_to: text(from.reply_to()),
            type_: text(from.kind()),
            app_id: text(from.app_id()),
            timestamp: *from.timestamp(),
            expiration: text(from.expiration()),
            user_id: text(from.user_id()),
            delivery_mode: *from.delivery_mode(),
            priority: *from.priority(),
            headers: headers(from.headers()),
        }
    }
}

impl From<lapin::message::Delivery> for Delivery {
    fn from(from: lapin::message::Delivery) -> Self {
        let properties = Properties::from(&from.properties);
        Self {
            malformed: is_repaired(from.routing_key.as_str()) || properties.is_repaired(),
            tag: from.delivery_tag,
            redelivered: from.redelivered,
            exchange: from.exchange.into(),
            routing_key: from.routing_key.into(),
            properties,
            body: from.data,
        }
    }
}

pub(super) fn is_repaired(text: &str) -> bool {
    text.contains(SUBSTITUTE)
}

fn text(from: &Option<ShortString>) -> Option<String> {
    from.as_ref().map(|text| text.as_str().to_owned())
}

fn headers(from: &Option<FieldTable>) -> Vec<(String, HeaderValue)> {
    from.as_ref().map(from_table).unwrap_or_default()
}

fn set(
    out: BasicProperties,
    value: &Option<String>,
    with: fn(BasicProperties, ShortString) -> BasicProperties,
) -> Option<BasicProperties> {
    match value {
        None => Some(out),
        Some(text) => Some(with(out, ShortString::try_new(text.as_str()).ok()?)),
    }
}
