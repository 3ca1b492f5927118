//! The input of decoding, its limits, and its result.

use jiff::SignedDuration;

use crate::config::LimitSettings;
use crate::domain::{Event, Happening};

/// One message as an AMQP client (or HTTP) delivers it. Nothing in it is trusted but `tenant`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Message<'a> {
    /// The bytes.
    pub body: &'a [u8],
    /// The routing key.
    pub routing_key: &'a str,
    /// The property `content_type`.
    pub content_type: Option<&'a str>,
    /// The property `content_encoding`.
    pub content_encoding: Option<&'a str>,
    /// The property `message_id`.
    pub message_id: Option<&'a str>,
    /// The property `correlation_id`.
    pub correlation_id: Option<&'a str>,
    /// The property `reply_to`.
    pub reply_to: Option<&'a str>,
    /// The property `type`.
    pub type_: Option<&'a str>,
    /// The property `app_id`.
    pub app_id: Option<&'a str>,
    /// The property `timestamp`, in seconds.
    pub timestamp: Option<u64>,
    /// The headers, in any order. Those that events don't use may be left out.
    pub headers: &'a [(&'a str, HeaderValue<'a>)],
    /// The tenant that was authenticated: it counts whatever body and headers say.
    pub tenant: Option<&'a str>,
}

/// The value of a header, as far as events need it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderValue<'a> {
    /// A text.
    Text(&'a str),
    /// An integer of any width; only `sequence` may be one.
    Integer(i64),
    /// Anything else: a fault where an attribute is needed, ignored elsewhere.
    Other,
}

/// Limits of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a body: 2 MiB by default.
    pub body_bytes: usize,
    /// Levels of objects and lists in a body, its outermost object included: 64 by default.
    pub nesting: usize,
    /// Bytes of a token, an id, an identifier, a name: 200 by default, at most
    /// [`Limits::NAME_BYTES_MAX`].
    pub name_bytes: usize,
    /// Items of one event: 1,000 by default, at most [`Limits::ITEMS_MAX`].
    pub items: usize,
    /// Bytes of one text for people: 4 KiB by default.
    pub text_bytes: usize,
    /// Bytes of the names and texts of all headers: 64 KiB by default.
    pub header_bytes: usize,
    /// How far an event's time may be ahead of its arrival: a day by default.
    pub future: SignedDuration,
}

impl Limits {
    /// Tokens and ids travel as AMQP short strings, which hold 255 bytes.
    pub const NAME_BYTES_MAX: usize = 255;
    /// More items than this are counted, never kept in memory, whatever the setting.
    pub const ITEMS_MAX: usize = 10_000;
    /// Messages of one item.
    pub const MESSAGES_PER_ITEM: usize = 100;
    /// The greatest count: what every JSON parser reads exactly.
    pub const COUNT_MAX: u64 = 1 << 53;
    /// The greatest sequence: what a `bigint` holds.
    pub const SEQUENCE_MAX: u64 = i64::MAX as u64;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body_bytes: 2 * 1024 * 1024,
            nesting: 64,
            name_bytes: 200,
            items: 1_000,
            text_bytes: 4 * 1024,
            header_bytes: 64 * 1024,
            future: SignedDuration::from_hours(24),
        }
    }
}

/// A message that became an event.
#[derive(Debug, Clone, PartialEq)]
pub struct Accepted {
    /// What happened.
    pub event: Event,
    /// The event type, from the closed set of [`crate::wire::type_names`].
    pub type_name: &'static str,
    /// Whether it has a time of its own; otherwise its time is that of its arrival.
    pub time_given: bool,
    /// The JSON text of its data as received; `{}` if it had none.
    pub data: String,
    /// Whether it had no token and got one derived from its identity.
    pub derived_token: bool,
    /// The queue for replies to an opening event.
    pub reply_to: Option<String>,
    /// Whether an opening event had an invalid trace context, which was dropped.
    pub trace_ignored: bool,
}

impl Accepted {
    /// Sends no reply.
    pub fn drop_reply_to(&mut self) {
        self.reply_to = None;
        if let Happening::Opened(opening) = &mut self.event.happening {
            opening.reply_to = None;
        }
    }
}

impl From<&LimitSettings> for Limits {
    fn from(settings: &LimitSettings) -> Self {
        Self {
            body_bytes: settings.body_bytes,
            nesting: settings.nesting,
            name_bytes: settings.name_bytes,
            items: settings.items,
            text_bytes: settings.text_bytes,
            header_bytes: settings.header_bytes,
            future: SignedDuration::try_from(settings.future).unwrap_or(SignedDuration::MAX),
        }
    }
}
