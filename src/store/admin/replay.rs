//! The table `replay`: requested replays of dead letters and their progress. If the instance that
//! works on one fails, another one continues from its row.

use std::collections::BTreeMap;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::audit::{self, Act, Action};
use crate::store::connection::Values;
use crate::store::write::dead_letter::DeadLetterSelection;
use crate::store::{Store, StoreError, column, from_bigint};

const REQUEST: &str = include_str!("../queries/admin/request_replay.sql");
const LIST: &str = include_str!("../queries/admin/list_replays.sql");
const RETURNED: &str = include_str!("../queries/admin/returned_dead_letters.sql");
const STOP: &str = include_str!("../queries/admin/stop_replay.sql");

/// The greatest rate, in dead letters per second.
pub const RATE_MAX: u32 = 10_000;
/// The most unfinished replays of one tenant.
const UNDER_WAY_MAX: i64 = 20;
/// The most replays of one tenant that are kept, unfinished ones included.
const KEPT: i64 = 100;

/// A replay to request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReplay {
    /// The selected dead letters.
    pub dead_letters: DeadLetterSelection,
    /// Dead letters per second; without it as fast as the broker confirms.
    pub rate: Option<u32>,
    /// Whether it only predicts the outcomes.
    pub dry_run: bool,
    /// The id of the requesting client's API key, if any.
    pub requested_by: Option<String>,
}

/// The result of requesting a replay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReplayRequested {
    /// It begins as soon as an instance claims it.
    Begun(Uuid),
    /// The selection is empty.
    NoDeadLetters,
    /// Too many replays are unfinished.
    TooMany,
}

/// Outcomes of replayed dead letters.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct ReplayCounts {
    /// The broker confirmed them.
    pub confirmed: u64,
    /// The broker nacked them.
    pub nacked: u64,
    /// The broker returned them as unroutable.
    pub unroutable: u64,
    /// Their stored form can't be read.
    pub damaged: u64,
}

named! {
    /// The predicted outcome of a dead letter that would not be refused. Its name is its key in
    /// [`ExpectedCounts`]; none has the name of a reason.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum ExpectedOutcome {
        /// It would be applied to its process, or logged as a step.
        Applied = "applied",
        /// Its event is in the log.
        Duplicate = "duplicate",
        /// Its process has ended.
        Late = "late",
        /// It is a push: its outcome depends on the stage of its order by then.
        Undecided = "undecided",
        /// Its stored form can't be read.
        Damaged = "damaged",
    }
}

/// Predicted outcomes: counts by outcome, or by the reason of a refusal.
pub type ExpectedCounts = BTreeMap<String, u64>;

/// A replay with its progress.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replay {
    /// Its id.
    pub id: Uuid,
    /// The only selected dead letter, if it is one.
    pub dead_letter: Option<Uuid>,
    /// The selected reason, if any.
    pub reason: Option<String>,
    /// Dead letters per second.
    pub rate: Option<u32>,
    /// Whether it only predicts the outcomes.
    pub dry_run: bool,
    /// The id of an API key; may be empty.
    pub requested_by: String,
    /// When it was requested.
    pub requested_at: Timestamp,
    /// How many dead letters were selected then.
    pub dead_letters: u64,
    /// When an instance began to work on it.
    pub begun_at: Option<Timestamp>,
    /// The outcomes so far.
    pub counts: ReplayCounts,
    /// The predicted outcomes of a dry run.
    pub expected: ExpectedCounts,
    /// The error that interrupts it at the moment.
    pub problem: Option<String>,
    /// When a stop was requested.
    pub stop_requested_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Whether it has reached the end of its selection.
    pub is_through: bool,
    /// Whether an instance works on it.
    pub is_claimed: bool,
}

impl ReplayCounts {
    /// The total.
    #[must_use]
    pub fn sum(self) -> u64 {
        self.confirmed + self.nacked + self.unroutable + self.damaged
    }

    /// Adds other counts.
    pub fn add(&mut self, others: Self) {
        self.confirmed += others.confirmed;
        self.nacked += others.nacked;
        self.unroutable += others.unroutable;
        self.damaged += others.damaged;
    }
}

impl Replay {
    /// How many dead letters are processed.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.counts.sum() + self.expected.values().sum::<u64>()
    }
}

impl Store {
    /// Requests a replay of a tenant's dead letters that exist now.
    pub async fn request_replay(
        &self,
        tenant: &str,
        new: &NewReplay,
    ) -> Result<ReplayRequested, StoreError> {
        let id = Uuid::new_v4();
        let rate = new.rate.map(u32::cast_signed);
        let requested_by = new.requested_by.as_deref().unwrap_or_default();
        let NewReplay { dead_letters, .. } = new;
        let values: Values<'_> = &[
            &id,
            &tenant,
            &dead_letters.dead_letter,
            &dead_letters.reason,
            &rate,
            &new.dry_run,
            &requested_by,
            &UNDER_WAY_MAX,
            &KEPT,
        ];
        let act = Act {
            action: Action::ReplayRequested,
            object: &id.to_string(),
            tenant: Some(tenant),
        };
        let has_begun = |rows: &[Row]| rows.first().is_some_and(|row| row.get(1));
        let rows = self.act(act, REQUEST, values, has_begun).await?;
        let outcome = rows.first().map(|row| (row.get(0), row.get(1)));
        Ok(match outcome {
            Some((_, true)) => ReplayRequested::Begun(id),
            Some((0_i64, false)) | None => ReplayRequested::NoDeadLetters,
            Some((_, false)) => ReplayRequested::TooMany,
        })
    }

    /// Requests that a replay stops, if it has not ended.
    pub async fn stop_replay(&self, tenant: &str, id: Uuid) -> Result<(), StoreError> {
        let act = Act {
            action: Action::ReplayStopped,
            object: &id.to_string(),
            tenant: Some(tenant),
        };
        self.act(act, STOP, &[&id, &tenant], audit::any)
            .await
            .map(drop)
    }

    /// A tenant's replays, the newest first.
    pub async fn replays(&self, tenant: &str, limit: i64) -> Result<Vec<Replay>, StoreError> {
        self.some_replays(tenant, None, limit).await
    }

    /// One of a tenant's replays.
    pub async fn replay(&self, tenant: &str, id: Uuid) -> Result<Option<Replay>, StoreError> {
        Ok(self.some_replays(tenant, Some(id), 1).await?.pop())
    }

    /// The number of dead letters that came back from a replay, by reason.
    pub async fn returned_dead_letters(
        &self,
        tenant: &str,
        replay: Uuid,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let id = replay.to_string();
        let rows = self.rows(RETURNED, &[&id, &tenant]).await?;
        Ok(column(&rows, |row| (row.get(0), from_bigint(row.get(1)))))
    }

    async fn some_replays(
        &self,
        tenant: &str,
        id: Option<Uuid>,
        limit: i64,
    ) -> Result<Vec<Replay>, StoreError> {
        let rows = self.rows(LIST, &[&tenant, &id, &limit]).await?;
        rows.iter().map(from_row).collect()
    }
}

fn from_row(row: &Row) -> Result<Replay, StoreError> {
    let count = |column: usize| from_bigint(row.get(column));
    Ok(Replay {
        id: row.get(0),
        dead_letter: row.get(1),
        reason: row.get(2),
        rate: row.get::<_, Option<i32>>(3).map(i32::cast_unsigned),
        dry_run: row.get(4),
        requested_by: row.get(5),
        requested_at: row.get(6),
        dead_letters: count(7),
        begun_at: row.get(8),
        counts: ReplayCounts {
            confirmed: count(9),
            nacked: count(10),
            unroutable: count(11),
            damaged: count(12),
        },
        expected: expected_counts(row.get(13))?,
        problem: row.get(14),
        stop_requested_at: row.get(15),
        ended_at: row.get(16),
        is_through: row.get(17),
        is_claimed: row.get::<_, Option<bool>>(18).unwrap_or(false),
    })
}

pub(super) fn expected_counts(text: &str) -> Result<ExpectedCounts, StoreError> {
    serde_json::from_str(text).map_err(|_| StoreError::Corrupt("expected outcomes of a replay"))
}
