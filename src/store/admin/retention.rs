//! Retention of tombstones, parked pushes and dead letters.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;
use ring::digest::{SHA256, digest};
use tokio_postgres::Row;
use uuid::Uuid;

use super::quarantine::{ClaimLimits, ClaimedRecord};
use crate::domain::{Event, ProcessKey};
use crate::store::connection::Values;
use crate::store::write::parked;
use crate::store::write::parked::PushId;
use crate::store::{Connection, Store, StoreError, column, from_bigint};

const FIND_TOMBSTONES: &str = include_str!("../queries/admin/find_tombstones.sql");
const LOAD_TOMBSTONES: &str = include_str!("../queries/admin/load_tombstones.sql");
const DELETE_TOMBSTONES: &str = include_str!("../queries/admin/delete_tombstones.sql");
const DELETE_DEAD_LETTERS: &str = include_str!("../queries/admin/delete_old_dead_letters.sql");

/// The tombstone of an attempt that ended and was deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tombstone {
    /// When it ended; missing in rows of versions without attempts.
    pub ended_at: Option<Timestamp>,
    /// When it was erased, if it was.
    pub erased_at: Option<Timestamp>,
    /// Hashes of its opening events; if it was erased, hashes of these under its token.
    pub openings: Vec<Vec<u8>>,
}

impl Tombstone {
    /// Whether an event belongs to this attempt or to an earlier one.
    #[must_use]
    pub fn covers(&self, event: &Event) -> bool {
        let until = self.ended_at.max(self.erased_at);
        until.is_some_and(|until| event.stamp.time <= until)
            || event.opens() && self.openings.contains(&self.hash(event))
    }

    /// The hash of an opening, as deletion computes it. Its source and id may be guessed; the token of
    /// an erased process is kept nowhere, so that its hashes say nothing without it.
    fn hash(&self, event: &Event) -> Vec<u8> {
        let stamp = &event.stamp;
        let identity = half_hash(format!("{}\n{}", stamp.source, stamp.id).as_bytes());
        match self.erased_at {
            Some(_) => half_hash(&[event.token.as_bytes(), b"\n", &identity].concat()),
            None => identity,
        }
    }
}

/// The first 16 bytes of a SHA-256.
fn half_hash(bytes: &[u8]) -> Vec<u8> {
    let hash = digest(&SHA256, bytes);
    hash.as_ref().iter().copied().take(16).collect()
}

/// Loads the tombstones of earlier attempts.
pub(in crate::store) async fn tombstones(
    connection: &Connection,
    keys: &[Uuid],
) -> Result<HashMap<ProcessKey, Tombstone>, StoreError> {
    let rows = connection.rows_for(keys, LOAD_TOMBSTONES, &[&keys]).await?;
    let tombstone = |row: &Row| {
        let tombstone = Tombstone {
            ended_at: row.get(1),
            openings: row.get(2),
            erased_at: row.get(3),
        };
        (ProcessKey(row.get(0)), tombstone)
    };
    Ok(rows.iter().map(tombstone).collect())
}

/// When a parked push expires, and the dead letter it becomes.
#[derive(Debug, Clone)]
pub struct ParkedExpiry {
    /// After this time.
    pub after: Duration,
    /// The dead letter's reason.
    pub reason: &'static str,
    /// Its problem.
    pub problem: String,
    /// The shard of the counts to change.
    pub shard: i16,
}

/// Expired parked pushes, their orders locked; dropped, it changes nothing.
pub struct LateParked {
    connection: Connection,
    late: Vec<(PushId, ClaimedRecord)>,
}

impl LateParked {
    /// Claims some.
    pub async fn take(
        store: &Store,
        after: Duration,
        limits: &ClaimLimits,
    ) -> Result<Self, StoreError> {
        let connection = store.connection().await?;
        connection.begin().await?;
        let late = parked::late(&connection, after, limits).await?;
        Ok(Self { connection, late })
    }

    /// The claimed orders.
    #[must_use]
    pub fn claimed(&self) -> Vec<ClaimedRecord> {
        let mut claimed = column(&self.late, |(_, record)| *record);
        claimed.sort_by_key(|record| record.key);
        claimed.dedup();
        claimed
    }

    /// Moves them to the dead letters; returns how many there were.
    pub async fn expire(self, expiry: &ParkedExpiry) -> Result<u64, StoreError> {
        let refused = self.late.into_iter();
        let refused = refused.map(|(push, _)| (push, expiry.reason, expiry.problem.clone()));
        let refused: Vec<_> = refused.collect();
        parked::refuse(&self.connection, &refused, expiry.shard).await?;
        self.connection.commit().await?;
        Ok(u64::try_from(refused.len()).unwrap_or(u64::MAX))
    }
}

impl Store {
    /// Which of these processes have a tombstone. The token may have a later process too: look for
    /// that first.
    pub async fn forgotten(&self, keys: &[ProcessKey]) -> Result<HashSet<ProcessKey>, StoreError> {
        let keys = column(keys, |key| key.0);
        let rows = self.rows(FIND_TOMBSTONES, &[&keys]).await?;
        Ok(rows.iter().map(|row| ProcessKey(row.get(0))).collect())
    }

    /// Deletes at most `limit` tombstones older than `kept_for`; returns how many.
    pub async fn delete_tombstones(
        &self,
        kept_for: Duration,
        limit: i64,
    ) -> Result<u64, StoreError> {
        self.alone(DELETE_TOMBSTONES, &[&kept_for.as_secs_f64(), &limit])
            .await
    }

    /// Deletes dead letters older than `kept_for` or than their tenant keeps them, at most `limit` of
    /// each; returns how many.
    pub async fn delete_old_dead_letters(
        &self,
        kept_for: Option<Duration>,
        limit: i64,
        shard: i16,
    ) -> Result<u64, StoreError> {
        let connection = self.connection().await?;
        connection.begin().await?;
        let kept_for = kept_for.map(|time| time.as_secs_f64());
        let values: Values<'_> = &[&kept_for, &limit, &shard];
        let row = connection.row(DELETE_DEAD_LETTERS, values).await?;
        connection.commit().await?;
        Ok(from_bigint(row.get(0)))
    }

    /// Runs one statement in its own transaction. Cancelled before the answer, it closes the
    /// connection, whose next user would have to wait for that statement.
    pub(in crate::store) async fn alone(
        &self,
        text: &str,
        values: Values<'_>,
    ) -> Result<u64, StoreError> {
        let connection = self.connection().await?;
        connection.set_in_transaction(true);
        let changed = connection.run(text, values).await?;
        connection.set_in_transaction(false);
        Ok(changed)
    }
}
