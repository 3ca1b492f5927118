//! Deletes processes, files and dead letters past their retention.

use std::time::Duration;

use super::Janitor;
use super::turns::{Done, Slice};
use crate::domain::Kind;
use crate::files::FilePath;
use crate::lock::lock;
use crate::store::StoreError;
use crate::store::admin::deletion::{Deletion, OpenRecordsCursor};
use crate::store::admin::quarantine::ClaimLimits;

/// How long samples are kept: an hour for the charts, and a margin.
const SAMPLES_KEPT: Duration = Duration::from_mins(65);
/// How long the file store may take to remove one file.
const FILE_MAX: Duration = Duration::from_secs(10);
/// When to try again a file that could not be removed.
const FILE_RETRY: Duration = Duration::from_mins(10);
/// How many files one slice removes: each may be slow.
const FILES_MAX: i64 = 100;

impl Janitor {
    /// Deletes some rows of ended processes past their retention, and records without rows.
    pub(super) async fn delete_expired(&self, slice: &Slice) -> Result<Done, StoreError> {
        self.dead_letter_undeliverable().await?;
        let deletion = Deletion::expired(&self.store, self.kept.ended, &slice.cut).await?;
        let claimed = u64::try_from(deletion.claimed().len()).unwrap_or(u64::MAX);
        slice.claims.set(deletion.claimed());
        if claimed == 0 {
            return Ok(Done::of(0, slice.cut.limit));
        }
        let mut stopped = lock(&self.stopped).clone();
        let finished = deletion.slice(self.rows(&slice.cut), &mut stopped).await?;
        *lock(&self.stopped) = stopped;
        self.telemetry.retention_deleted(finished);
        Ok(Done {
            progressed: true,
            more: finished < claimed || claimed >= slice.cut.limit.unsigned_abs(),
        })
    }

    /// Deletes some records that were never opened.
    pub(super) async fn delete_unopened(&self, slice: &Slice) -> Result<Done, StoreError> {
        let Some(kept_for) = self.kept.unopened else {
            return Ok(Done::of(0, slice.cut.limit));
        };
        let walk = *lock(&self.walk);
        let (deletion, next) = Deletion::unopened(&self.store, kept_for, walk, &slice.cut).await?;
        let claimed = deletion.claimed().len();
        slice.claims.set(deletion.claimed());
        if claimed > 0 {
            let finished = deletion.whole(self.rows(&slice.cut), self.shard).await?;
            self.telemetry.retention_deleted(finished);
        }
        let (next, more) = match (next, walk.kind()) {
            // Skipped records may be behind, and are tried again.
            (Some(_), kind) if claimed > 0 && !slice.cut.skip.is_empty() => {
                (OpenRecordsCursor::begin(kind), true)
            }
            (Some(next), _) => (next, true),
            (None, Kind::Upload) => (OpenRecordsCursor::begin(Kind::Order), true),
            (None, Kind::Order) => (OpenRecordsCursor::begin(Kind::Upload), false),
        };
        *lock(&self.walk) = next;
        Ok(Done {
            progressed: claimed > 0,
            more,
        })
    }

    /// Removes the objects of files that no accepted event names; those that fail are tried again
    /// later.
    pub(super) async fn remove_files(&self, limit: i64) -> Result<Done, StoreError> {
        let limit = limit.min(FILES_MAX);
        let mut gone = Vec::new();
        let due = self.store.due_files(limit, FILE_RETRY).await?;
        for (process, object) in due {
            let removing = self.files.remove(FilePath { process, object });
            match tokio::time::timeout(FILE_MAX, removing).await {
                Ok(Ok(())) => gone.push((process, object)),
                Ok(Err(error)) => tracing::warn!(%error, "a file could not be removed"),
                Err(_) => {
                    tracing::warn!("a file could not be removed in time");
                    // The file store may be unavailable: the others can wait.
                    break;
                }
            }
        }
        self.store.delete_files(&gone).await?;
        Ok(Done::of(gone.len().try_into().unwrap_or(u64::MAX), limit))
    }

    /// Deletes some old tombstones.
    pub(super) async fn delete_tombstones(&self, limit: i64) -> Result<Done, StoreError> {
        let kept_for = self.kept.tombstones;
        let deleted = self.store.delete_tombstones(kept_for, limit).await?;
        Ok(Done::of(deleted, limit))
    }

    /// Deletes some dead letters past their retention.
    pub(super) async fn delete_dead_letters(&self, limit: i64) -> Result<Done, StoreError> {
        let deleted = self
            .store
            .delete_old_dead_letters(self.kept.dead_letters, limit, self.shard)
            .await?;
        self.telemetry.dead_letters_expired(deleted);
        Ok(Done::of(deleted, limit))
    }

    /// Deletes some samples older than the charts.
    pub(super) async fn delete_samples(&self, limit: i64) -> Result<Done, StoreError> {
        let deleted = self.store.delete_samples(SAMPLES_KEPT, limit).await?;
        Ok(Done::of(deleted, limit))
    }

    /// Deletes some rows of the audit past their retention.
    pub(super) async fn delete_audit(&self, limit: i64) -> Result<Done, StoreError> {
        let deleted = self.store.delete_audit(self.kept.audit, limit).await?;
        Ok(Done::of(deleted, limit))
    }

    /// Releases quarantined processes that can be sealed or deleted again.
    pub(super) async fn release_quarantine(&self) -> Result<Done, StoreError> {
        let released = self.store.release_quarantine().await?;
        Ok(Done {
            progressed: released > 0,
            more: false,
        })
    }

    /// How many rows of each table a slice deletes: fewer if it claims fewer processes.
    fn rows(&self, cut: &ClaimLimits) -> i64 {
        (self.rows.saturating_mul(cut.limit) / self.batch).max(1)
    }
}
