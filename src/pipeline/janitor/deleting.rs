//! Deletes what is past its retention.

use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use super::Janitor;
use super::turns::{Done, Hand};
use crate::domain::Kind;
use crate::files::FilePath;
use crate::store::StoreError;
use crate::store::admin::deletion::{Deletion, Stopped, Walk};
use crate::store::admin::quarantine::ClaimLimits;

/// How long samples are kept: an hour for the charts, and some.
const SAMPLES_KEPT: Duration = Duration::from_mins(65);
/// How long the store of files may take for one.
const FILE_MAX: Duration = Duration::from_secs(10);
/// When a file is looked at again that could not be removed.
const FILE_RETRY: Duration = Duration::from_mins(10);
/// How many files one slice looks at: each may take its time.
const FILES_MAX: i64 = 100;

impl Janitor {
    /// Deletes some rows of ended processes past their retention, and the records that have none left.
    pub(super) async fn delete_expired(
        &self,
        cut: &ClaimLimits,
        hand: &Hand,
    ) -> Result<Done, StoreError> {
        self.give_up_undeliverable().await?;
        let deletion = Deletion::expired(&self.store, self.kept.ended, cut).await?;
        let taken = u64::try_from(deletion.claimed().len()).unwrap_or(u64::MAX);
        hand.take(deletion.claimed());
        if taken == 0 {
            return Ok(Done::of(0, cut.limit));
        }
        let mut stopped = self.stopped().clone();
        let finished = deletion.slice(self.rows(cut), &mut stopped).await?;
        *self.stopped() = stopped;
        self.telemetry.retention_deleted(finished);
        Ok(Done {
            something: true,
            more: finished < taken || taken >= cut.limit.unsigned_abs(),
        })
    }

    /// Deletes some records that were never opened.
    pub(super) async fn delete_unopened(
        &self,
        cut: &ClaimLimits,
        hand: &Hand,
    ) -> Result<Done, StoreError> {
        let Some(kept_for) = self.kept.unopened else {
            return Ok(Done::of(0, cut.limit));
        };
        let walk = *self.walk();
        let (deletion, next) = Deletion::unopened(&self.store, kept_for, walk, cut).await?;
        let taken = deletion.claimed().len();
        hand.take(deletion.claimed());
        if taken > 0 {
            let finished = deletion.whole(self.rows(cut), self.shard).await?;
            self.telemetry.retention_deleted(finished);
        }
        let (next, more) = match (next, walk.kind()) {
            // What was skipped may be behind, and is tried again.
            (Some(_), kind) if taken > 0 && !cut.skip.is_empty() => (Walk::begin(kind), true),
            (Some(next), _) => (next, true),
            (None, Kind::Upload) => (Walk::begin(Kind::Order), true),
            (None, Kind::Order) => (Walk::begin(Kind::Upload), false),
        };
        *self.walk() = next;
        Ok(Done {
            something: taken > 0,
            more,
        })
    }

    /// Removes the contents of files that belong to nobody; what fails is tried again later.
    pub(super) async fn remove_files(&self, limit: i64) -> Result<Done, StoreError> {
        let limit = limit.min(FILES_MAX);
        let (mut gone, mut failed) = (Vec::new(), Vec::new());
        let due = self.store.due_files(limit).await?;
        for (process, id) in &due {
            let (process, id) = (*process, *id);
            let removing = self.files.remove(FilePath { process, id });
            match tokio::time::timeout(FILE_MAX, removing).await {
                Ok(Ok(())) => gone.push((process, id)),
                Ok(Err(error)) => {
                    tracing::warn!(%error, "a file could not be removed");
                    failed.push((process, id));
                }
                Err(_) => {
                    tracing::warn!("a file could not be removed in time");
                    failed.push((process, id));
                    // The store may be away: the others may wait.
                    break;
                }
            }
        }
        self.store.delete_files(&gone).await?;
        self.store.defer_files(&failed, FILE_RETRY).await?;
        Ok(Done::of(gone.len().try_into().unwrap_or(u64::MAX), limit))
    }

    /// Deletes some of what was forgotten long ago.
    pub(super) async fn delete_tombstones(&self, limit: i64) -> Result<Done, StoreError> {
        let kept_for = self.kept.tombstones;
        let deleted = self.store.delete_tombstones(kept_for, limit).await?;
        Ok(Done::of(deleted, limit))
    }

    /// Deletes some dead letters that were kept long enough.
    pub(super) async fn delete_dead_letters(&self, limit: i64) -> Result<Done, StoreError> {
        let Some(kept_for) = self.kept.dead_letters else {
            return Ok(Done::of(0, limit));
        };
        let deleted = self
            .store
            .delete_old_dead_letters(kept_for, limit, self.shard)
            .await?;
        self.telemetry.dead_letters_expired(deleted);
        Ok(Done::of(deleted, limit))
    }

    /// Deletes some of what is older than the charts.
    pub(super) async fn delete_samples(&self, limit: i64) -> Result<Done, StoreError> {
        let deleted = self.store.delete_samples(SAMPLES_KEPT, limit).await?;
        Ok(Done::of(deleted, limit))
    }

    /// Lets go of what was set aside and is not wrong any more.
    pub(super) async fn release_quarantine(&self) -> Result<Done, StoreError> {
        let released = self.store.release_quarantine().await?;
        Ok(Done {
            something: released > 0,
            more: false,
        })
    }

    /// How many rows of each table a slice deletes: fewer, where fewer processes are taken.
    fn rows(&self, cut: &ClaimLimits) -> i64 {
        (self.rows.saturating_mul(cut.limit) / self.batch).max(1)
    }

    fn stopped(&self) -> MutexGuard<'_, Stopped> {
        self.stopped.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn walk(&self) -> MutexGuard<'_, Walk> {
        self.walk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
