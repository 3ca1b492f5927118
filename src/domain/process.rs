//! The record of one upload or order, and the words for how it stands and how it ended.

use jiff::Timestamp;

use super::event::{Event, Opening};
use super::ids::{Kind, ProcessKey, Stamp};

/// Where a process stands. Closed: it is a column, a routing key and a metric label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Something was heard of it, but not yet its opening.
    Waiting,
    /// It is open.
    Running,
    /// It ended and everything succeeded.
    Done,
    /// It ended and something failed or is missing.
    Warning,
    /// It ended and failed.
    Error,
    /// It was given up.
    Cancelled,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 6] = [
        Self::Waiting,
        Self::Running,
        Self::Done,
        Self::Warning,
        Self::Error,
        Self::Cancelled,
    ];

    /// The name on the wire, in SQL and in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }

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
    /// What it tracks; until that [is decided](Process::decided_kind), what its first event says.
    pub kind: Kind,
    /// How often the token was opened, this time included, as far as that is remembered.
    pub attempt: u32,
    /// What the opening event with the smallest stamp said, once one came.
    pub opening: Option<(Stamp, Opening)>,
    /// The greatest `done` of its progress events.
    pub progress_done: u64,
    /// The total with the greatest stamp.
    pub total: Option<(Stamp, u64)>,
    /// Counts of its items.
    pub items: ItemCounts,
    /// How many different sequences below that of its ending were seen, or at all of an order that has
    /// walked to its end. Not kept: whoever asks for the seal counts them in the log.
    pub sequenced: u64,
    /// One more than the greatest sequence of an order that has walked to its end. Not kept likewise.
    pub declared: u64,
    /// At how many stages an order has been. Not kept: they are counted.
    pub stops: u64,
    /// When an order left its last stop, if it has walked to its end. Not kept: it follows from its
    /// stops.
    pub through: Option<Timestamp>,
    /// The ending event with the smallest stamp.
    pub ending: Option<Ending>,
    /// When an ending stops waiting for what is missing.
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

/// An ending event that was seen; the process may still wait for what is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ending {
    /// Its place among the others; its sequence says how many came before it.
    pub stamp: Stamp,
    /// What it said.
    pub kind: EndingKind,
}

/// What an ending event said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndingKind {
    /// The producer has said all.
    Completed,
    /// It failed.
    Failed {
        /// What people read.
        message: Option<String>,
        /// What programs read.
        code: Option<String>,
    },
    /// It was given up.
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
    /// What programs read of a failure: the producer's code, `incomplete`, `deadline_exceeded`.
    pub code: Option<String>,
    /// What people read of it.
    pub message: Option<String>,
}

/// What the kind of an event means for the record of its token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fit {
    /// The record is of that kind.
    Same,
    /// It is not, but may become so: the event waits for the opening.
    Waits,
    /// It becomes so: this is the first opening.
    Turns,
    /// It is of the other kind.
    Never,
}

impl Process {
    /// A record of which nothing is known yet but its name.
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

    /// The name of this attempt in what goes out: of the first one that of the process.
    #[must_use]
    pub fn attempt_id(&self) -> ProcessKey {
        ProcessKey::of_attempt(&self.tenant, &self.token, self.attempt)
    }

    /// What it tracks, once an opening or its end has decided that.
    #[must_use]
    pub fn decided_kind(&self) -> Option<Kind> {
        (self.opening.is_some() || self.ended.is_some()).then_some(self.kind)
    }

    /// What the kind of an event means for it.
    #[must_use]
    pub fn fit(&self, event: &Event) -> Fit {
        match self.decided_kind() {
            _ if self.kind == event.kind => Fit::Same,
            Some(_) => Fit::Never,
            None if event.opens() => Fit::Turns,
            None => Fit::Waits,
        }
    }

    /// Forgets what events of its kind have said, for an opening of the other kind.
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

    /// Where it stands, derived from what was seen.
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

    /// How much there is, where somebody said so.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        self.total.as_ref().map(|(_, total)| *total)
    }
}
