//! Deleting processes with all that hangs on them, bounded by rows: a large one goes slice by slice,
//! its record last.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::quarantine::{ClaimLimits, ClaimedRecord};
use crate::domain::Kind;
use crate::store::write::{counters, process};
use crate::store::{Connection, Store, StoreError, column, from_bigint, to_bigint};

const CLAIM_EXPIRED: &str = include_str!("../queries/admin/claim_expired.sql");
const WALK_UNOPENED: &str = include_str!("../queries/admin/walk_unopened.sql");
const CLAIM_UNOPENED: &str = include_str!("../queries/admin/claim_unopened.sql");
const EVENTS: &str = include_str!("../queries/admin/delete_process_events.sql");
const ITEMS: &str = include_str!("../queries/admin/delete_process_items.sql");
const STAGES: &str = include_str!("../queries/admin/delete_process_stages.sql");
const PARKED: &str = include_str!("../queries/admin/delete_process_parked.sql");
const RECORDS: &str = include_str!("../queries/admin/delete_processes.sql");
const BEGIN: &str = include_str!("../queries/admin/begin_deleting.sql");

/// Futures that are polled together send their statements in order only if all are prepared.
const STATEMENTS: [&str; 6] = [EVENTS, ITEMS, STAGES, PARKED, RECORDS, BEGIN];

/// Open records of a kind that one step of a walk looks at.
const WALK_STEP: usize = 1_000;

/// Processes that are locked in order to be deleted; dropped, it changes nothing.
pub struct Deletion {
    connection: Connection,
    taken: Vec<ClaimedRecord>,
}

/// In which processes the last slice has stopped, and after which rows: what is there before these was
/// deleted. Forgotten, the next slice only takes longer.
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

    /// Forgets what is not in these processes.
    fn keep_to(&mut self, keys: &[Uuid]) {
        self.events.take_if(|(process, _)| !keys.contains(process));
        self.items.take_if(|(process, _)| !keys.contains(process));
    }
}

/// Where a walk through the open records of a kind is: after one of that time and key.
#[derive(Debug, Clone, Copy)]
pub struct Walk {
    kind: Kind,
    after: (Timestamp, Uuid),
}

impl Walk {
    /// Before the first record of a kind.
    #[must_use]
    pub const fn begin(kind: Kind) -> Self {
        Self {
            kind,
            after: (Timestamp::UNIX_EPOCH, Uuid::nil()),
        }
    }

    /// Of which records.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

impl Deletion {
    /// Takes ended processes that are past their retention.
    pub async fn expired(
        store: &Store,
        retention: Duration,
        cut: &ClaimLimits,
    ) -> Result<Self, StoreError> {
        let connection = store.connection().await?;
        connection.begin().await?;
        let statement = connection.prepared(CLAIM_EXPIRED).await?;
        let rows = connection
            .query(
                &statement,
                &[&retention.as_secs_f64(), &cut.limit, &cut.skip],
            )
            .await?;
        let taken = column(&rows, |row| ClaimedRecord::from_row(row, 0, 1));
        Ok(Self { connection, taken })
    }

    /// Walks on through the open records that are older than that and takes those that were never
    /// opened; says where the walk goes on, and nothing at its end.
    pub async fn unopened(
        store: &Store,
        kept_for: Duration,
        walk: Walk,
        cut: &ClaimLimits,
    ) -> Result<(Self, Option<Walk>), StoreError> {
        let connection = store.connection().await?;
        connection.begin().await?;
        let statement = connection.prepared(WALK_UNOPENED).await?;
        let (at, key) = walk.after;
        let (kind, age) = (walk.kind.name(), kept_for.as_secs_f64());
        let rows = connection
            .query(
                &statement,
                &[&kind, &age, &at, &to_bigint(WALK_STEP as u64), &key],
            )
            .await?;
        let last = rows.last().filter(|_| rows.len() >= WALK_STEP);
        let after = last.map(|row| (row.get(1), row.get(0)));
        let keys = never_opened(&rows, cut);
        let statement = connection.prepared(CLAIM_UNOPENED).await?;
        let rows = connection.query(&statement, &[&keys]).await?;
        let taken = column(&rows, |row| ClaimedRecord::from_row(row, 0, 1));
        let next = match taken.is_empty() {
            true => after.map(|after| Walk { after, ..walk }),
            // Once they are deleted there may be more at the same place.
            false => Some(walk),
        };
        Ok((Self { connection, taken }, next))
    }

    /// The processes.
    #[must_use]
    pub fn claimed(&self) -> &[ClaimedRecord] {
        &self.taken
    }

    /// Deletes at most so many events, as many items and as many stops of ended processes, and the
    /// records that have nothing left; says how many of these there were. The others are gone for
    /// their readers from now on. `stopped` is where the slice before has stopped, and becomes where
    /// this one does.
    pub async fn slice(self, rows: i64, stopped: &mut Stopped) -> Result<u64, StoreError> {
        let connection = &self.connection;
        prepare(connection).await?;
        let keys = self.keys();
        stopped.keep_to(&keys);
        let went_on = stopped.is_somewhere();
        let more = delete_rows(connection, &keys, rows, (true, stopped)).await?;
        // Whether there is nothing left of a process that a slice stopped in is looked at only at its
        // end, since the look passes by all that was deleted.
        let ready: Vec<Uuid> = keys
            .iter()
            .copied()
            .filter(|key| !stopped.is_in(key))
            .collect();
        let finished = delete_records(connection, &ready, !more && !went_on).await?;
        let finished = finished.values().map(|count| from_bigint(*count)).sum();
        if finished < u64::try_from(keys.len()).unwrap_or(u64::MAX) {
            let begin = connection.prepared(BEGIN).await?;
            connection.execute(&begin, &[&keys]).await?;
        }
        connection.commit().await?;
        Ok(finished)
    }

    /// Deletes records that were never opened, whole, with their parked pushes, in statements of at
    /// most so many rows; says how many of these there were. They are not final, so nothing may be
    /// seen of them half deleted: what comes for one of them meanwhile waits for its lock.
    pub async fn whole(self, rows: i64, shard: i16) -> Result<u64, StoreError> {
        let connection = &self.connection;
        prepare(connection).await?;
        let keys = self.keys();
        let mut stopped = Stopped::default();
        while delete_rows(connection, &keys, rows, (false, &mut stopped)).await? {}
        let parked = connection.prepared(PARKED).await?;
        connection.execute(&parked, &[&keys, &shard]).await?;
        // The lock has kept others from adding any.
        let finished = delete_records(connection, &keys, true).await?;
        let closed = finished.iter().map(|(kind, count)| (*kind, -count));
        counters::add_open(connection, &closed.collect(), shard).await?;
        connection.commit().await?;
        Ok(finished.values().map(|count| from_bigint(*count)).sum())
    }

    fn keys(&self) -> Vec<Uuid> {
        column(&self.taken, |taken| taken.key.0)
    }
}

/// The keys of at most so many records that were never opened.
fn never_opened(rows: &[Row], cut: &ClaimLimits) -> Vec<Uuid> {
    let most = usize::try_from(cut.limit).unwrap_or(usize::MAX);
    let unopened = rows.iter().filter(|row| !row.get::<_, bool>(2));
    let keys = unopened.map(|row| row.get(0));
    keys.filter(|key| !cut.skip.contains(key))
        .take(most)
        .collect()
}

/// Deletes at most so many rows of each table, with or without tombstones; says whether there may be
/// more.
async fn delete_rows(
    connection: &Connection,
    keys: &[Uuid],
    rows: i64,
    (tombstones, stopped): (bool, &mut Stopped),
) -> Result<bool, StoreError> {
    let items = connection.prepared(ITEMS).await?;
    let stages = connection.prepared(STAGES).await?;
    let events = connection.prepared(EVENTS).await?;
    let (process, identifier) = stopped.items.clone().unzip();
    let after_item: &[&(dyn ToSql + Sync)] = &[&keys, &rows, &process, &identifier];
    let (process, event) = stopped.events.clone().unzip();
    let (source, id) = event.unzip();
    let after_event: &[&(dyn ToSql + Sync)] = &[&keys, &rows, &tombstones, &process, &source, &id];
    let these: &[&(dyn ToSql + Sync)] = &[&keys, &rows];
    // The events last: with them the tenants' horizons are locked.
    let (items, stages, events) = tokio::join!(
        biased;
        connection.query_opt(&items, after_item),
        connection.execute(&stages, these),
        connection.query_opt(&events, after_event),
    );
    let (items, stages, events) = (items?, stages?, events?);
    stopped.items = items.map(|row| (row.get(0), row.get(1)));
    stopped.events = events.map(|row| (row.get(0), (row.get(1), row.get(2))));
    Ok(stopped.is_somewhere() || stages >= from_bigint(rows))
}

async fn prepare(connection: &Connection) -> Result<(), StoreError> {
    for statement in STATEMENTS {
        connection.prepared(statement).await?;
    }
    Ok(())
}

/// Deletes records, those that have nothing left unless `all` have not; says how many, by kind.
async fn delete_records(
    connection: &Connection,
    keys: &[Uuid],
    all: bool,
) -> Result<BTreeMap<Kind, i64>, StoreError> {
    let statement = connection.prepared(RECORDS).await?;
    let rows = connection.query(&statement, &[&keys, &all]).await?;
    let counted = rows.iter();
    let counted = counted.map(|row| Ok((process::kind(row.get(0))?, row.get(1))));
    counted.collect()
}
