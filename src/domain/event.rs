//! Events as validated types; `wire` decodes bytes into these.

use super::form::Filled;
use super::ids::{Kind, ProcessKey, Stamp};
use super::order::Push;

/// One event of one process.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Who owns the process.
    pub tenant: String,
    /// The public name of the process.
    pub token: String,
    /// What the process tracks.
    pub kind: Kind,
    /// Its time, sequence and identity.
    pub stamp: Stamp,
    /// What happened.
    pub happening: Happening,
}

impl Event {
    /// Whether it opens its process.
    #[must_use]
    pub fn opens(&self) -> bool {
        self.opening().is_some()
    }

    /// The data of an opening event.
    #[must_use]
    pub fn opening(&self) -> Option<&Opening> {
        match &self.happening {
            Happening::Opened(opening) => Some(opening),
            _ => None,
        }
    }

    /// The key of its process.
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
    /// A step, read from the event log: it changes no state.
    Step,
    /// Counters of a producer that reports no items.
    Progress {
        /// How much is done.
        done: Option<u64>,
        /// How much there is.
        total: Option<u64>,
    },
    /// Outcomes of items.
    Items(Vec<Item>),
    /// The producer has reported everything.
    Completed {
        /// How much there was.
        total: Option<u64>,
    },
    /// The process failed.
    Failed {
        /// The message for people.
        message: Option<String>,
        /// The code for programs.
        code: Option<String>,
    },
    /// The process was cancelled.
    Cancelled {
        /// Why.
        reason: Option<String>,
    },
}

/// The data of an opening event.
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
    /// The data of an order's opening.
    pub order: Option<Box<OrderOpening>>,
    /// The queue to which a copy of the completion is sent.
    pub reply_to: Option<String>,
    /// W3C trace context, copied to the completion.
    pub traceparent: Option<String>,
    /// Its vendor part.
    pub tracestate: Option<String>,
}

/// The order part of an opening event.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OrderOpening {
    /// The fields of the form that it fills in.
    pub form: Filled,
    /// The attachments, as JSON text.
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
    /// The message for people.
    pub messages: Vec<String>,
    /// The document it became.
    pub document_id: Option<String>,
    /// The producer's own fields, as JSON text.
    pub data: Option<String>,
}
