//! What can happen to a process, as types that can't be wrong; bytes become these in `wire`.

use super::form::Filled;
use super::ids::{Kind, ProcessKey, Stamp};
use super::order::Push;

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
