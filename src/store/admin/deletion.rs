//! Deleting processes with all their rows, a bounded number at a time: a large one slice by slice,
//! its record last.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use uuid::Uuid;

use super::quarantine::{ClaimLimits, ClaimedRecord};
use crate::domain::Kind;
use crate::store::connection::Values;
use crate::store::write::{counters, process};
use crate::store::{Connection, Store, StoreError, column, from_bigint, to_bigint};

const CLAIM_EXPIRED: &str = include_str!("../queries/admin/claim_expired.sql");
const CLAIM_ERASED: &str = include_str!("../queries/admin/claim_erased.sql");
const WALK_UNOPENED: &str = include_str!("../queries/admin/walk_unopened.sql");
const CLAIM_UNOPENED: &str = include_str!("../queries/admin/claim_unopened.sql");
const EVENTS: &str = include_str!("../queries/admin/delete_process_events.sql");
const ITEMS: &str = include_str!("../queries/admin/delete_process_items.sql");
const STAGES: &str = include_str!("../queries/admin/delete_process_stages.sql");
const PARKED: &str = include_str!("../queries/admin/delete_process_parked.sql");
const RECORDS: &str = include_str!("../queries/admin/delete_processes.sql");
const BEGIN: &str = include_str!("../queries/admin/begin_deleting.sql");

/// Futures polled at once send their statements in order only if all are prepared.
const STATEMENTS: [&str; 6] = [EVENTS, ITEMS, STAGES, PARKED, RECORDS, BEGIN];

/// Open records of a kind that one step of a walk scans.
const WALK_STEP: usize = 1_000;

/// Processes that are locked for deletion; dropped, it changes nothing.
pub struct Deletion {
    connection: Connection,
    claimed: Vec<ClaimedRecord>,
}

/// In which processes the last slice stopped, and after which rows: the rows before were deleted.
/// Without it, the next slice only takes longer.
#[derive(Debug, Clone, Default)]
pub struct Stopped {
    /// After the event of that source and id.
    events: Option<(Uuid, (String, String))>,
    /// After that item.
    items: Option<(Uuid, String)>,
}

impl Stopped {
    fn is_in(&self, key: &Uuid) -> bool {
        let in_events = self
            .events
            .as_ref()
            .is_some_and(|(process, _)| process == key);
        in_events
            || self
                .items
                .as_ref()
                .is_some_and(|(process, _)| process == key)
    }

    fn is_somewhere(&self) -> bool {
        self.events.is_some() || self.items.is_some()
    }

    /// Drops what is not in these processes.
    fn keep_to(&mut self, keys: &[Uuid]) {
        self.events.take_if(|(process, _)| !keys.contains(process));
        self.items.take_if(|(process, _)| !keys.contains(process));
    }
}

/// The place of a walk through the open records of a kind: after this time and key.
#[derive(Debug, Clone, Copy)]
pub struct OpenRecordsCursor {
    kind: Kind,
    after: (Timestamp, Uuid),
}

impl OpenRecordsCursor {
    /// Before the first record of a kind.
    #[must_use]
    pub const fn begin(kind: Kind) -> Self {
        Self {
            kind,
            after: (Timestamp::UNIX_EPOCH, Uuid::nil()),
        }
    }

    /// The kind of the records.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

impl Deletion {
    /// Claims ended processes that are past their retention.
    pub async fn expired(
        store: &Store,
        retention: Duration,
        limits: &ClaimLimits,
    ) -> Result<Self, StoreError> {
        let connection = store.connection().await?;
        connection.begin().await?;
        let values: Values<'_> = &[&retention.as_secs_f64(), &limits.limit, &limits.skip];
        let rows = connection.rows(CLAIM_EXPIRED, values).await?;
        let claimed = column(&rows, |row| ClaimedRecord::from_row(row, 0, 1));
        Ok(Self {
            connection,
            claimed,
        })
    }

    /// Continues a walk through the open records that are older than `kept_for` and claims those
    /// that were never opened; returns where the walk continues, `None` at its end.
    pub async fn unopened(
        store: &Store,
        kept_for: Duration,
        walk: OpenRecordsCursor,
        limits: &ClaimLimits,
    ) -> Result<(Self, Option<OpenRecordsCursor>), StoreError> {
        let connection = store.connection().await?;
        connection.begin().await?;
        let (at, key) = walk.after;
        let (kind, age) = (walk.kind.name(), kept_for.as_secs_f64());
        let values: Values<'_> = &[&kind, &age, &at, &to_bigint(WALK_STEP as u64), &key];
        let rows = connection.rows(WALK_UNOPENED, values).await?;
        let last = rows.last().filter(|_| rows.len() >= WALK_STEP);
        let after = last.map(|row| (row.get(1), row.get(0)));
        let keys = never_opened(&rows, limits);
        let rows = connection.rows(CLAIM_UNOPENED, &[&keys]).await?;
        let claimed = column(&rows, |row| ClaimedRecord::from_row(row, 0, 1));
        let next = match claimed.is_empty() {
            true => after.map(|after| OpenRecordsCursor { after, ..walk }),
            // Once they are deleted there may be more at the same place.
            false => Some(walk),
        };
        Ok((
            Self {
                connection,
                claimed,
            },
            next,
        ))
    }

    /// Claims processes that are being erased.
    pub async fn erased(store: &Store, keys: &[Uuid]) -> Result<Self, StoreError> {
        let connection = store.connection().await?;
        connection.begin().await?;
        let rows = connection.rows(CLAIM_ERASED, &[&keys]).await?;
        let claimed = column(&rows, |row| ClaimedRecord::from_row(row, 0, 1));
        Ok(Self {
            connection,
            claimed,
        })
    }

    /// The claimed processes.
    #[must_use]
    pub fn claimed(&self) -> &[ClaimedRecord] {
        &self.claimed
    }

    /// Deletes at most `rows` events, `rows` items and `rows` stops of ended processes, and the
    /// records that have no rows left; returns the number of deleted records. The others are `gone`
    /// for readers from now on. `stopped` is where the last slice stopped; it becomes where this
    /// one does.
    pub async fn slice(self, rows: i64, stopped: &mut Stopped) -> Result<u64, StoreError> {
        let connection = &self.connection;
        connection.prepare_all(&STATEMENTS).await?;
        let keys = self.keys();
        stopped.keep_to(&keys);
        let went_on = stopped.is_somewhere();
        let more = delete_rows(connection, &keys, rows, (true, stopped)).await?;
        // A process that a slice stopped in is checked for left rows only at its end, since the
        // check scans over all that was deleted.
        let ready: Vec<Uuid> = keys
            .iter()
            .copied()
            .filter(|key| !stopped.is_in(key))
            .collect();
        let finished = delete_records(connection, &ready, !more && !went_on).await?;
        let finished = finished.values().map(|count| from_bigint(*count)).sum();
        if finished < u64::try_from(keys.len()).unwrap_or(u64::MAX) {
            connection.run(BEGIN, &[&keys]).await?;
        }
        connection.commit().await?;
        Ok(finished)
    }

    /// Deletes records that were never opened, whole, with their parked pushes, in statements of at
    /// most `rows` rows; returns the number of deleted records. They have not ended, so readers
    /// must not see them half deleted: events that arrive for them meanwhile wait for the lock.
    pub async fn whole(self, rows: i64, shard: i16) -> Result<u64, StoreError> {
        let connection = &self.connection;
        connection.prepare_all(&STATEMENTS).await?;
        let keys = self.keys();
        let mut stopped = Stopped::default();
        while delete_rows(connection, &keys, rows, (false, &mut stopped)).await? {}
        connection.run(PARKED, &[&keys, &shard]).await?;
        // The lock has prevented new rows.
        let finished = delete_records(connection, &keys, true).await?;
        let closed = finished.iter().map(|(kind, count)| (*kind, -count));
        counters::add_open(connection, &closed.collect(), shard).await?;
        connection.commit().await?;
        Ok(finished.values().map(|count| from_bigint(*count)).sum())
    }

    /// Unlocks them without any change.
    pub async fn release(self) -> Result<(), StoreError> {
        self.connection.roll_back().await
    }

    fn keys(&self) -> Vec<Uuid> {
        column(&self.claimed, |record| record.key.0)
    }
}

/// The keys of records that were never opened, up to the limit.
fn never_opened(rows: &[Row], limits: &ClaimLimits) -> Vec<Uuid> {
    let most = usize::try_from(limits.limit).unwrap_or(usize::MAX);
    let unopened = rows.iter().filter(|row| !row.get::<_, bool>(2));
    let keys = unopened.map(|row| row.get(0));
    keys.filter(|key| !limits.skip.contains(key))
        .take(most)
        .collect()
}

/// Deletes at most `rows` rows of each table, with or without tombstones; returns whether there may
/// be more.
async fn delete_rows(
    connection: &Connection,
    keys: &[Uuid],
    rows: i64,
    (tombstones, stopped): (bool, &mut Stopped),
) -> Result<bool, StoreError> {
    let (process, identifier) = stopped.items.clone().unzip();
    let after_item: Values<'_> = &[&keys, &rows, &process, &identifier];
    let (process, event) = stopped.events.clone().unzip();
    let (source, id) = event.unzip();
    let after_event: Values<'_> = &[&keys, &rows, &tombstones, &process, &source, &id];
    let these: Values<'_> = &[&keys, &rows];
    // The events last: their statement locks the tenants' horizons.
    let (items, stages, events) = tokio::join!(
        biased;
        connection.row_if_any(ITEMS, after_item),
        connection.run(STAGES, these),
        connection.row_if_any(EVENTS, after_event),
    );
    let (items, stages, events) = (items?, stages?, events?);
    stopped.items = items.map(|row| (row.get(0), row.get(1)));
    stopped.events = events.map(|row| (row.get(0), (row.get(1), row.get(2))));
    Ok(stopped.is_somewhere() || stages >= from_bigint(rows))
}

/// Deletes records: all of them, or without `all` those that have no rows left; returns their
/// number by kind.
async fn delete_records(
    connection: &Connection,
    keys: &[Uuid],
    all: bool,
) -> Result<BTreeMap<Kind, i64>, StoreError> {
    let rows = connection.rows(RECORDS, &[&keys, &all]).await?;
    let counted = rows.iter();
    let counted = counted.map(|row| Ok((process::kind(row.get(0))?, row.get(1))));
    counted.collect()
}
