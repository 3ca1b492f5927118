//! The table `replay`, as whoever works on one sees it: held for a while, and held on to; let go by
//! a crash, it is taken up by another where it was noted to be.

use std::time::Duration;

use uuid::Uuid;

use super::replay::{Counts, ExpectedCounts, expected_counts};
use crate::store::write::dead_letter::{DeadLetterCursor, DeadLetterSelection};
use crate::store::{Store, StoreError, to_bigint};

const CLAIM: &str = include_str!("../queries/admin/claim_replay.sql");
const EXTEND: &str = include_str!("../queries/admin/extend_replay_claim.sql");
const NOTE: &str = include_str!("../queries/admin/note_replay_progress.sql");
const END: &str = include_str!("../queries/admin/end_replay.sql");
const RELEASE: &str = include_str!("../queries/admin/release_replay_claim.sql");

/// A replay that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedReplay {
    /// Its id.
    pub id: Uuid,
    /// Which dead letters.
    pub dead_letters: DeadLetterSelection,
    /// Dead letters per second.
    pub rate: Option<u32>,
    /// Whether it only says what would become of them.
    pub dry_run: bool,
    /// Where the dead letters ended when it was asked for.
    pub end: DeadLetterCursor,
    /// The newest dead letter that was done with.
    pub at: Option<DeadLetterCursor>,
    /// What would become of those before it.
    pub expected: ExpectedCounts,
    /// Whether it was asked to stop.
    pub is_to_stop: bool,
    /// Whose it is.
    claim: Uuid,
    /// For how long, unless it is held on to.
    lease: Duration,
}

/// How far a replay has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayProgress<'a> {
    /// The newest dead letter that was done with.
    pub at: DeadLetterCursor,
    /// Dead letters to forget.
    pub confirmed: &'a [Uuid],
    /// What became of the others since it was noted last.
    pub counts: Counts,
    /// What would become of all so far.
    pub expected: &'a ExpectedCounts,
}

/// What somebody who works on a replay is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// Go on.
    Continue,
    /// End it.
    Stop,
    /// Leave it alone: it is somebody else's by now, or nobody's.
    Lost,
}

impl ClaimState {
    fn of(held: bool, stop: bool) -> Self {
        match (held, stop) {
            (false, _) => Self::Lost,
            (true, true) => Self::Stop,
            (true, false) => Self::Continue,
        }
    }
}

impl Store {
    /// Takes a replay that nobody works on, for so long.
    pub async fn claim_replay(&self, lease: Duration) -> Result<Option<ClaimedReplay>, StoreError> {
        let claim = Uuid::new_v4();
        let connection = self.connection().await?;
        let statement = connection.prepared(CLAIM).await?;
        let row = connection
            .query_opt(&statement, &[&claim, &lease.as_secs_f64()])
            .await?;
        let Some(row) = row else {
            return Ok(None);
        };
        let at: (Option<_>, Option<_>) = (row.get(8), row.get(9));
        Ok(Some(ClaimedReplay {
            id: row.get(0),
            dead_letters: DeadLetterSelection {
                tenant: Some(row.get(1)),
                dead_letter: row.get(2),
                reason: row.get(3),
            },
            rate: row.get::<_, Option<i32>>(4).map(i32::cast_unsigned),
            dry_run: row.get(5),
            end: DeadLetterCursor {
                received_at: row.get(6),
                id: row.get(7),
            },
            at: at
                .0
                .zip(at.1)
                .map(|(received_at, id)| DeadLetterCursor { received_at, id }),
            expected: expected_counts(row.get(10))?,
            is_to_stop: row.get(11),
            claim,
            lease,
        }))
    }

    /// Holds on to a replay.
    pub async fn extend_replay_claim(
        &self,
        held: &ClaimedReplay,
    ) -> Result<ClaimState, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(EXTEND).await?;
        let lease = held.lease.as_secs_f64();
        let row = connection
            .query_opt(&statement, &[&held.id, &held.claim, &lease])
            .await?;
        Ok(row.map_or(ClaimState::Lost, |row| ClaimState::of(true, row.get(0))))
    }

    /// Notes how far it has come, forgets what was confirmed, both or none; and holds on to it.
    pub async fn note_replay_progress(
        &self,
        held: &ClaimedReplay,
        progress: &ReplayProgress<'_>,
    ) -> Result<ClaimState, StoreError> {
        let ReplayProgress { at, counts, .. } = progress;
        let expected = serde_json::json!(progress.expected).to_string();
        let connection = self.connection().await?;
        let statement = connection.prepared(NOTE).await?;
        let row = connection
            .query_opt(
                &statement,
                &[
                    &held.id,
                    &held.claim,
                    &progress.confirmed,
                    &to_bigint(counts.nacked),
                    &to_bigint(counts.unroutable),
                    &to_bigint(counts.damaged),
                    &expected,
                    &at.received_at,
                    &at.id,
                    &held.lease.as_secs_f64(),
                ],
            )
            .await?;
        Ok(row.map_or(ClaimState::Lost, |row| {
            ClaimState::of(row.get(0), row.get(1))
        }))
    }

    /// Notes that it has ended, at its end or before.
    pub async fn end_replay(
        &self,
        held: &ClaimedReplay,
        is_through: bool,
    ) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(END).await?;
        connection
            .execute(&statement, &[&held.id, &held.claim, &is_through])
            .await?;
        Ok(())
    }

    /// Gives it up for somebody to take it again, after a while where there is trouble.
    pub async fn release_replay(
        &self,
        held: &ClaimedReplay,
        again_after: Duration,
        trouble: Option<&str>,
    ) -> Result<(), StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(RELEASE).await?;
        let after = again_after.as_secs_f64();
        connection
            .execute(&statement, &[&held.id, &held.claim, &after, &trouble])
            .await?;
        Ok(())
    }
}
