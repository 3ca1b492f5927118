//! The record of one upload or order, its status and its end.

use jiff::Timestamp;

use super::event::{Event, Opening};
use super::ids::{Kind, ProcessKey, Stamp};

named! {
    /// The status of a process. Closed: it is a column, a routing key and a metric label.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
    pub enum Status {
        /// It has events, but no opening yet.
        Waiting = "waiting",
        /// It is open.
        Running = "running",
        /// It ended and everything succeeded.
        Done = "done",
        /// It ended and something failed or is missing.
        Warning = "warning",
        /// It ended and failed.
        Error = "error",
        /// It was cancelled.
        Cancelled = "cancelled",
    }
}

impl Status {
    /// Whether it is final.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// One record. Only `merge` and `seal` change it.
#[derive(Debug, Clone, PartialEq)]
pub struct Process {
    /// Its key in every table.
    pub key: ProcessKey,
    /// Who owns it.
    pub tenant: String,
    /// Its public name.
    pub token: String,
    /// What it tracks; until that [is decided](Process::decided_kind), the kind of its first event.
    pub kind: Kind,
    /// How often the token was opened, this time included, as far as that is remembered.
    pub attempt: u32,
    /// The opening with the smallest stamp.
    pub opening: Option<(Stamp, Opening)>,
    /// The greatest `done` of its progress events.
    pub progress_done: u64,
    /// The total with the greatest stamp.
    pub total: Option<(Stamp, u64)>,
    /// Counts of its items.
    pub items: ItemCounts,
    /// The number of distinct sequences below that of its ending, or all of an order at the end of
    /// its workflow. Not stored: counted in the log before sealing.
    pub sequenced: u64,
    /// One more than the greatest sequence of an order at the end of its workflow. Not stored
    /// either.
    pub declared: u64,
    /// The number of an order's stops. Not stored: they are counted.
    pub stops: u64,
    /// When an order left its last stop, if it has reached the end of its workflow. Not stored: it
    /// follows from its stops.
    pub through: Option<Timestamp>,
    /// The ending event with the smallest stamp.
    pub ending: Option<Ending>,
    /// When an ending stops waiting for missing events.
    pub settle_at: Option<Timestamp>,
    /// When it ends with an error unless it ended before.
    pub deadline_at: Option<Timestamp>,
    /// How it ended. Once set, nothing changes any more.
    pub ended: Option<Ended>,
}

/// Counts of the items of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ItemCounts {
    /// Distinct identifiers with an outcome.
    pub seen: u64,
    /// Those whose outcome is a failure.
    pub failed: u64,
}

/// An ending event; the process may still wait for missing events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Its stamp; the sequence is the number of events before it.
    pub stamp: Stamp,
    /// How the process ends.
    pub kind: EndingKind,
}

/// The kind of an ending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndingKind {
    /// The producer has reported everything.
    Completed,
    /// It failed.
    Failed {
        /// The message for people.
        message: Option<String>,
        /// The code for programs.
        code: Option<String>,
    },
    /// It was cancelled.
    Cancelled {
        /// Why.
        reason: Option<String>,
    },
}

/// How a process ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// The final status.
    pub status: Status,
    /// When it ended: the ending event's time, or when the settle time or the deadline passed.
    pub at: Timestamp,
    /// The code of a failure: the producer's, `incomplete`, or `deadline_exceeded`.
    pub code: Option<String>,
    /// The message for people.
    pub message: Option<String>,
}

/// How the kind of an event fits the record of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The record is of that kind.
    Same,
    /// It may become of that kind: the event is parked until the opening.
    Waits,
    /// It becomes of that kind: this is the first opening.
    Turns,
    /// It is of the other kind.
    Never,
}

impl Process {
    /// A new record without any events applied.
    #[must_use]
    pub fn unopened(tenant: String, token: String, kind: Kind) -> Self {
        Self {
            key: ProcessKey::of(&tenant, &token),
            tenant,
            token,
            kind,
            attempt: 1,
            opening: None,
            progress_done: 0,
            total: None,
            items: ItemCounts::default(),
            sequenced: 0,
            declared: 0,
            stops: 0,
            through: None,
            ending: None,
            settle_at: None,
            deadline_at: None,
            ended: None,
        }
    }

    /// The id of this attempt in messages: the process key for the first one.
    #[must_use]
    pub fn attempt_id(&self) -> ProcessKey {
        ProcessKey::of_attempt(&self.tenant, &self.token, self.attempt)
    }

    /// What it tracks, once an opening or its end has decided that.
    #[must_use]
    pub fn decided_kind(&self) -> Option<Kind> {
        (self.opening.is_some() || self.ended.is_some()).then_some(self.kind)
    }

    /// How the kind of an event fits it.
    #[must_use]
    pub fn fit(&self, event: &Event) -> Fit {
        match self.decided_kind() {
            _ if self.kind == event.kind => Fit::Same,
            Some(_) => Fit::Never,
            None if event.opens() => Fit::Turns,
            None => Fit::Waits,
        }
    }

    /// Resets it to the other kind, for the first opening.
    pub fn turn(&mut self, kind: Kind) {
        let (tenant, token) = (
            std::mem::take(&mut self.tenant),
            std::mem::take(&mut self.token),
        );
        *self = Self {
            attempt: self.attempt,
            deadline_at: self.deadline_at,
            ..Self::unopened(tenant, token, kind)
        };
    }

    /// Its status, derived from its events.
    #[must_use]
    pub fn status(&self) -> Status {
        match (&self.ended, &self.opening) {
            (Some(ended), _) => ended.status,
            (None, Some(_)) => Status::Running,
            (None, None) => Status::Waiting,
        }
    }

    /// How much is done: its items if it has any, its progress events otherwise.
    #[must_use]
    pub fn done(&self) -> u64 {
        if self.items.seen > 0 {
            self.items.seen
        } else {
            self.progress_done
        }
    }

    /// How much there is, if an event said so.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total.as_ref().map(|(_, total)| *total)
    }
}
