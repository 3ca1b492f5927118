//! Ends processes that are due (settle time, deadline) and deletes those past their retention: one
//! task per job, in slices bounded in rows and time, so that no job waits for another. Several
//! janitors may run: each locks the rows it claims and skips rows locked by another.

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
use crate::store::admin::deletion::{OpenRecordsCursor, Stopped};
use crate::store::admin::quarantine::QuarantinedFor;
use crate::telemetry::{Health, Telemetry};

/// Ends and deletes processes that no event will change any more.
pub struct Janitor {
    /// The database, over a pool of its own: one connection for each job is enough.
    pub store: Store,
    /// How long processes may stay open.
    pub rules: Rules,
    /// How long things are kept.
    pub kept: RetentionTimes,
    /// How often it polls.
    pub interval: Duration,
    /// How many processes one transaction claims.
    pub batch: i64,
    /// How many events, and as many items, one transaction deletes.
    pub rows: i64,
    /// Where it is counted.
    pub telemetry: Telemetry,
    /// Where it shows that it is alive.
    pub health: Health,
    /// Where completions go.
    pub mailbox: RelaySender,
    /// Which shard of the counts it updates.
    pub shard: i16,
    /// Where the contents of files are.
    pub files: Files,
    /// The position of the walk through never opened records.
    pub walk: Mutex<OpenRecordsCursor>,
    /// Where the last slice of a deletion stopped.
    pub stopped: Mutex<Stopped>,
}

/// How long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct RetentionTimes {
    /// An ended process.
    pub ended: Duration,
    /// Its tombstone.
    pub tombstones: Duration,
    /// A push that waits for its stop.
    pub parked: Duration,
    /// A dead letter; `None` keeps it for ever.
    pub dead_letters: Option<Duration>,
    /// A process that was never opened; `None` keeps it for ever.
    pub unopened: Option<Duration>,
    /// A row of the audit.
    pub audit: Duration,
}

named! {
    /// A recurring job, with the name of its loop.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum JanitorJob {
        /// Seals processes whose settle time or deadline has passed.
        Seal = "janitor seal",
        /// Turns pushes that have waited too long into dead letters.
        Park = "janitor park",
        /// Deletes ended processes past their retention.
        Delete = "janitor delete",
        /// Removes files that belong to no process.
        Files = "janitor files",
        /// Deletes records that were never opened.
        Unopened = "janitor unopened",
        /// Deletes tombstones.
        Tombstones = "janitor tombstones",
        /// Deletes old dead letters.
        DeadLetters = "janitor dead letters",
        /// Deletes samples that are older than the charts.
        Samples = "janitor samples",
        /// Deletes old rows of the audit.
        Audit = "janitor audit",
        /// Releases quarantined processes that can be sealed or deleted again.
        Quarantine = "janitor quarantine",
    }
}

impl JanitorJob {
    /// After how many intervals it polls again: deadlines more often than old rows.
    const fn intervals(self) -> u32 {
        match self {
            Self::Seal | Self::Park | Self::Delete | Self::Files => 1,
            Self::Unopened
            | Self::Tombstones
            | Self::DeadLetters
            | Self::Samples
            | Self::Audit
            | Self::Quarantine => 4,
        }
    }

    /// For which operation a process is quarantined that the job fails at.
    const fn quarantined_for(self) -> Option<QuarantinedFor> {
        match self {
            Self::Seal => Some(QuarantinedFor::Seal),
            Self::Park => Some(QuarantinedFor::Park),
            Self::Delete | Self::Unopened => Some(QuarantinedFor::Delete),
            Self::Files
            | Self::Tombstones
            | Self::DeadLetters
            | Self::Samples
            | Self::Audit
            | Self::Quarantine => None,
        }
    }
}

impl Janitor {
    /// Its jobs, each with the name of its loop, which run until stopped.
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

    /// The first position of the walk.
    #[must_use]
    pub const fn first_walk() -> Mutex<OpenRecordsCursor> {
        Mutex::new(OpenRecordsCursor::begin(Kind::Upload))
    }
}
