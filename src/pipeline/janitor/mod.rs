//! Ends what is due (settle time, deadline) and deletes what is past its retention: one task per job,
//! each in slices that are bounded in rows and time, so that none waits for another. Several janitors
//! may run: each locks what it takes and skips what another holds.

mod deleting;
mod pace;
mod sealing;
mod turns;
mod undeliverable;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::batch::writer::Rules;
use super::relay::RelaySender;
use crate::domain::Kind;
use crate::files::Files;
use crate::store::Store;
use crate::store::admin::deletion::{Stopped, Walk};
use crate::store::admin::quarantine::QuarantinedFor;
use crate::telemetry::{Health, Telemetry};

/// Looks after what no event will move any more.
pub struct Janitor {
    /// Where the processes are, over connections of its own: one for each job is enough.
    pub store: Store,
    /// How long they may stay open.
    pub rules: Rules,
    /// How long things are kept.
    pub kept: RetentionTimes,
    /// How often it looks.
    pub interval: Duration,
    /// How many processes one transaction takes.
    pub batch: i64,
    /// How many events, and as many items, one transaction deletes.
    pub rows: i64,
    /// Where it is counted.
    pub telemetry: Telemetry,
    /// Where it shows that it is alive.
    pub health: Health,
    /// Where completions go.
    pub mailbox: RelaySender,
    /// Which shard of the counts it moves.
    pub shard: i16,
    /// Where the contents of files are.
    pub files: Files,
    /// Where the walk through never opened records is.
    pub walk: Mutex<Walk>,
    /// Where the last slice of a deletion has stopped.
    pub stopped: Mutex<Stopped>,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct RetentionTimes {
    /// An ended process.
    pub ended: Duration,
    /// What reminds of it.
    pub tombstones: Duration,
    /// A push that waits for its stop.
    pub parked: Duration,
    /// A dead letter; for ever without one.
    pub dead_letters: Option<Duration>,
    /// A process that was never opened; for ever without one.
    pub unopened: Option<Duration>,
}

/// One thing that is done again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JanitorJob {
    /// Seals processes whose settle time or deadline has passed.
    Seal,
    /// Makes dead letters of pushes that have waited too long.
    Park,
    /// Deletes ended processes past their retention.
    Delete,
    /// Removes files that belong to no process.
    Files,
    /// Deletes records that were never opened.
    Unopened,
    /// Deletes tombstones.
    Tombstones,
    /// Deletes old dead letters.
    DeadLetters,
    /// Deletes samples that are older than the charts.
    Samples,
    /// Lets go of what was set aside and is not wrong any more.
    Quarantine,
}

impl JanitorJob {
    /// Every job.
    pub const ALL: [Self; 9] = [
        Self::Seal,
        Self::Park,
        Self::Delete,
        Self::Files,
        Self::Unopened,
        Self::Tombstones,
        Self::DeadLetters,
        Self::Samples,
        Self::Quarantine,
    ];

    /// The name of its loop.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Seal => "janitor seal",
            Self::Park => "janitor park",
            Self::Delete => "janitor delete",
            Self::Files => "janitor files",
            Self::Unopened => "janitor unopened",
            Self::Tombstones => "janitor tombstones",
            Self::DeadLetters => "janitor dead letters",
            Self::Samples => "janitor samples",
            Self::Quarantine => "janitor quarantine",
        }
    }

    /// After how many intervals it looks again: what is due soon more often than what is old anyway.
    const fn intervals(self) -> u32 {
        match self {
            Self::Seal | Self::Park | Self::Delete | Self::Files => 1,
            Self::Unopened
            | Self::Tombstones
            | Self::DeadLetters
            | Self::Samples
            | Self::Quarantine => 4,
        }
    }

    /// What it can't do to a process that it fails at.
    const fn what(self) -> Option<QuarantinedFor> {
        match self {
            Self::Seal => Some(QuarantinedFor::Seal),
            Self::Park => Some(QuarantinedFor::Park),
            Self::Delete | Self::Unopened => Some(QuarantinedFor::Delete),
            Self::Files
            | Self::Tombstones
            | Self::DeadLetters
            | Self::Samples
            | Self::Quarantine => None,
        }
    }
}

impl Janitor {
    /// Its jobs, each with the name of its loop, until told to stop.
    pub fn jobs(
        self,
        stop: &CancellationToken,
    ) -> impl Iterator<Item = (&'static str, impl Future<Output = ()> + Send + use<>)> + use<> {
        let janitor = Arc::new(self);
        let stop = stop.clone();
        let jobs = JanitorJob::ALL.into_iter().enumerate();
        jobs.map(move |(number, job)| {
            let turns = Arc::clone(&janitor).turns(job, number, stop.clone());
            (job.name(), turns)
        })
    }

    /// The walk's first place.
    #[must_use]
    pub const fn first_walk() -> Mutex<Walk> {
        Mutex::new(Walk::begin(Kind::Upload))
    }
}
