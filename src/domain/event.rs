//! What can happen to a process, as types that can't be wrong; bytes become these in `wire`.

use jiff::Timestamp;
use uuid::Uuid;

use super::form::Filled;
use super::order::Push;

/// What a process tracks. Closed: it is a metric label, a routing key and a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Files on their way through a chain of services.
    Upload,
    /// An order walking the stages of a workflow.
    Order,
}

impl Kind {
    /// Every kind, for tables of metrics and tests.
    pub const ALL: [Self; 2] = [Self::Upload, Self::Order];

    /// The name on the wire, in SQL and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Upload => "upload",
            Self::Order => "order",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The key of a process in every table: computed from its tenant and token, never looked up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessKey(pub Uuid);

impl ProcessKey {
    /// The UUIDv5 of `urn:waybill:process` in the URL namespace.
    const NAMESPACE: Uuid = Uuid::from_u128(0x119f_bddd_46d5_528d_b7da_d90b_3cc6_b286);

    /// The key of a token. Neither part may hold control characters (`wire` sees to that), so a
    /// line feed between them keeps every pair apart.
    #[must_use]
    pub fn of(tenant: &str, token: &str) -> Self {
        let name = [tenant, token].join("\n");
        Self(Uuid::new_v5(&Self::NAMESPACE, name.as_bytes()))
    }

    /// What an attempt to do with a token is called outside: the key for the first one. No token holds
    /// the line feed before the number.
    #[must_use]
    pub fn of_attempt(tenant: &str, token: &str, attempt: u32) -> Self {
        match attempt {
            ..=1 => Self::of(tenant, token),
            _ => Self::of(tenant, &format!("{token}\n{attempt}")),
        }
    }

    /// The token of an opening event that has none: the same at every redelivery.
    #[must_use]
    pub fn derived_token(source: &str, id: &str) -> String {
        let name = [source, id].join("\n");
        Uuid::new_v5(&Self::NAMESPACE, name.as_bytes()).to_string()
    }
}

/// Where an event stands among the others of its process: by time, then sequence, then identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stamp {
    /// When it happened, said by the producer.
    pub time: Timestamp,
    /// The producer's count, from 0 per token.
    pub sequence: Option<u64>,
    /// Who produced it.
    pub source: String,
    /// Its name, unique in its source.
    pub id: String,
}

/// One thing that happened to one process.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who owns the process.
    pub tenant: String,
    /// The public name of the process.
    pub token: String,
    /// What the process tracks.
    pub kind: Kind,
    /// When, in which order and from whom: the identity is its source and id.
    pub stamp: Stamp,
    /// What happened.
    pub happening: Happening,
}

impl Event {
    /// Whether it opens its process.
    #[must_use]
    pub fn opens(&self) -> bool {
        matches!(self.happening, Happening::Opened(_))
    }

    /// The key of the process this happened to.
    #[must_use]
    pub fn key(&self) -> ProcessKey {
        ProcessKey::of(&self.tenant, &self.token)
    }
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum Happening {
    /// The process was opened.
    Opened(Box<Opening>),
    /// An order is to leave a stop.
    Pushed(Box<Push>),
    /// A line of history, read from the event log: it changes no state.
    Step,
    /// Counters of a producer that has no items.
    Progress {
        /// How much is done.
        done: Option<u64>,
        /// How much there is.
        total: Option<u64>,
    },
    /// Outcomes of items.
    Items(Vec<Item>),
    /// The producer has said all.
    Completed {
        /// How much there was.
        total: Option<u64>,
    },
    /// The process failed.
    Failed {
        /// What people read.
        message: Option<String>,
        /// What programs read.
        code: Option<String>,
    },
    /// Somebody gave it up.
    Cancelled {
        /// Why.
        reason: Option<String>,
    },
}

/// What an opening event says of its process.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Opening {
    /// The file that was uploaded.
    pub filename: Option<String>,
    /// The part of the producer's system it belongs to.
    pub module: Option<String>,
    /// The workflow it runs through.
    pub workflow: Option<String>,
    /// The group it belongs to.
    pub group: Option<String>,
    /// How much there is.
    pub total: Option<u64>,
    /// The producer's own fields, as JSON text.
    pub attributes: Option<String>,
    /// What only an order's opening says.
    pub order: Option<Box<OrderOpening>>,
    /// The queue that wants the completion too.
    pub reply_to: Option<String>,
    /// W3C trace context, put back on the completion.
    pub traceparent: Option<String>,
    /// Its vendor part.
    pub tracestate: Option<String>,
}

/// What an opening event says of an order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrderOpening {
    /// What it fills in of the form.
    pub form: Filled,
    /// What belongs to it, as JSON text.
    pub attachments: Option<String>,
    /// The names of the attachments.
    pub files: Vec<String>,
}

/// The outcome of one item.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// Its name, unique in its process.
    pub identifier: String,
    /// Whether it succeeded.
    pub ok: bool,
    /// What people read.
    pub messages: Vec<String>,
    /// The document it became.
    pub document_id: Option<String>,
    /// The producer's own fields, as JSON text.
    pub data: Option<String>,
}
