//! The table `replay` for the instances that run replays: a claim has a lease, which is extended
//! while the work goes on. After a crash the lease expires, and another instance continues from the
//! noted progress.

use std::time::Duration;

use uuid::Uuid;

use super::replay::{ExpectedCounts, ReplayCounts, expected_counts};
use crate::store::connection::Values;
use crate::store::write::dead_letter::{DeadLetterCursor, DeadLetterSelection};
use crate::store::{Store, StoreError, to_bigint};

const CLAIM: &str = include_str!("../queries/admin/claim_replay.sql");
const EXTEND: &str = include_str!("../queries/admin/extend_replay_claim.sql");
const NOTE: &str = include_str!("../queries/admin/note_replay_progress.sql");
const END: &str = include_str!("../queries/admin/end_replay.sql");
const RELEASE: &str = include_str!("../queries/admin/release_replay_claim.sql");

/// A claimed replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedReplay {
    /// Its id.
    pub id: Uuid,
    /// The selected dead letters.
    pub dead_letters: DeadLetterSelection,
    /// Dead letters per second.
    pub rate: Option<u32>,
    /// Whether it only predicts the outcomes.
    pub dry_run: bool,
    /// The place of the newest dead letter when it was requested.
    pub end: DeadLetterCursor,
    /// The place of the last processed dead letter.
    pub at: Option<DeadLetterCursor>,
    /// The predicted outcomes so far.
    pub expected: ExpectedCounts,
    /// Whether a stop was requested.
    pub is_to_stop: bool,
    /// The id of this claim.
    claim: Uuid,
    /// How long the claim lasts unless it is extended.
    lease: Duration,
}

/// The progress of a replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayProgress<'a> {
    /// The place of the last processed dead letter.
    pub at: DeadLetterCursor,
    /// Confirmed dead letters, to be deleted.
    pub confirmed: &'a [Uuid],
    /// Outcomes of the others since the last note.
    pub counts: ReplayCounts,
    /// The predicted outcomes of all so far.
    pub expected: &'a ExpectedCounts,
}

/// The state of a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClaimState {
    /// It is valid: continue.
    Continue,
    /// A stop was requested: end the replay.
    Stop,
    /// The claim has expired, or another instance has it.
    Lost,
}

impl ClaimState {
    fn of(is_valid: bool, stop: bool) -> Self {
        match (is_valid, stop) {
            (false, _) => Self::Lost,
            (true, true) => Self::Stop,
            (true, false) => Self::Continue,
        }
    }
}

impl Store {
    /// Claims a replay that no instance works on, for the length of the lease.
    pub async fn claim_replay(&self, lease: Duration) -> Result<Option<ClaimedReplay>, StoreError> {
        let claim = Uuid::new_v4();
        let row = self
            .row_if_any(CLAIM, &[&claim, &lease.as_secs_f64()])
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

    /// Extends the claim by its lease.
    pub async fn extend_replay_claim(
        &self,
        replay: &ClaimedReplay,
    ) -> Result<ClaimState, StoreError> {
        let lease = replay.lease.as_secs_f64();
        let row = self
            .row_if_any(EXTEND, &[&replay.id, &replay.claim, &lease])
            .await?;
        Ok(row.map_or(ClaimState::Lost, |row| ClaimState::of(true, row.get(0))))
    }

    /// Notes the progress and deletes the confirmed dead letters in one transaction, and extends
    /// the claim.
    pub async fn note_replay_progress(
        &self,
        replay: &ClaimedReplay,
        progress: &ReplayProgress<'_>,
    ) -> Result<ClaimState, StoreError> {
        let ReplayProgress { at, counts, .. } = progress;
        let expected = serde_json::json!(progress.expected).to_string();
        let values: Values<'_> = &[
            &replay.id,
            &replay.claim,
            &progress.confirmed,
            &to_bigint(counts.nacked),
            &to_bigint(counts.unroutable),
            &to_bigint(counts.damaged),
            &expected,
            &at.received_at,
            &at.id,
            &replay.lease.as_secs_f64(),
        ];
        let row = self.row_if_any(NOTE, values).await?;
        Ok(row.map_or(ClaimState::Lost, |row| {
            ClaimState::of(row.get(0), row.get(1))
        }))
    }

    /// Ends a replay; `is_through` if it has reached the end of its selection.
    pub async fn end_replay(
        &self,
        replay: &ClaimedReplay,
        is_through: bool,
    ) -> Result<(), StoreError> {
        self.run(END, &[&replay.id, &replay.claim, &is_through])
            .await
            .map(drop)
    }

    /// Releases the claim, so that a replay is claimed again after a delay, with the error if there
    /// was one.
    pub async fn release_replay(
        &self,
        replay: &ClaimedReplay,
        again_after: Duration,
        problem: Option<&str>,
    ) -> Result<(), StoreError> {
        let after = again_after.as_secs_f64();
        self.run(RELEASE, &[&replay.id, &replay.claim, &after, &problem])
            .await
            .map(drop)
    }
}
