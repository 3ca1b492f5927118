//! The table `quarantine`: processes that the janitor can't seal or delete, set aside so that the
//! others are not blocked. And the limits of its claims, with which it finds them.

use std::time::Duration;

use tokio_postgres::Row;
use uuid::Uuid;

use crate::domain::ProcessKey;
use crate::store::{Store, StoreError};

const SET_ASIDE: &str = include_str!("../queries/admin/set_aside.sql");
const RELEASE: &str = include_str!("../queries/admin/release_quarantine.sql");

/// How long a process stays set aside before it is retried.
const RETRY_AFTER: Duration = Duration::from_hours(1);
/// The longest reason that is kept, in characters.
const REASON_MAX: usize = 500;

/// Limits of a claim.
#[derive(Debug, Clone)]
pub struct ClaimLimits {
    /// The most processes.
    pub limit: i64,
    /// Processes to skip.
    pub skip: Vec<Uuid>,
}

/// A claimed process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClaimedRecord {
    /// Its key.
    pub key: ProcessKey,
    /// Whether it had been set aside and is retried.
    pub again: bool,
}

named! {
    /// What failed for a process.
    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub enum QuarantinedFor {
        /// It is due and can't be sealed.
        Seal = "seal",
        /// Its parked pushes can't be turned into dead letters.
        Park = "park",
        /// Its retention is over and it can't be deleted.
        Delete = "delete",
    }
}

impl ClaimLimits {
    /// Limits without processes to skip.
    #[must_use]
    pub const fn of(limit: i64) -> Self {
        let skip = Vec::new();
        Self { limit, skip }
    }
}

impl ClaimedRecord {
    /// Reads the columns `key` and `again`.
    pub(in crate::store) fn from_row(row: &Row, key: usize, again: usize) -> Self {
        Self {
            key: ProcessKey(row.get(key)),
            again: row.get(again),
        }
    }
}

impl Store {
    /// Sets a process aside, for an hour.
    pub async fn set_aside(
        &self,
        key: ProcessKey,
        what: QuarantinedFor,
        reason: &str,
    ) -> Result<(), StoreError> {
        let reason: String = reason.chars().take(REASON_MAX).collect();
        let after = RETRY_AFTER.as_secs_f64();
        self.alone(SET_ASIDE, &[&key.0, &what.name(), &reason, &after])
            .await
            .map(drop)
    }

    /// Releases processes that are no longer affected; returns how many.
    pub async fn release_quarantine(&self) -> Result<u64, StoreError> {
        self.alone(RELEASE, &[]).await
    }
}
