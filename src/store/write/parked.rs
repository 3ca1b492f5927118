//! The table `parked`: pushes that arrived before their stops, and events that arrived before the
//! opening of their process, which decides its kind; each with the dead letter it may become.

use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::Row;
use uuid::Uuid;

use super::dead_letter::DeadLetter;
use crate::domain::{Kind, ProcessKey, Stamp};
use crate::store::admin::quarantine::{ClaimLimits, ClaimedRecord};
use crate::store::connection::Values;
use crate::store::{Connection, StoreError, column, from_bigint};

pub(super) const LOAD: &str = include_str!("../queries/write/load_parked.sql");
pub(super) const INSERT: &str = include_str!("../queries/write/insert_parked.sql");
pub(super) const DELETE: &str = include_str!("../queries/write/delete_parked.sql");
const LATE: &str = include_str!("../queries/write/late_parked.sql");
pub(super) const REFUSE: &str = include_str!("../queries/write/refuse_parked.sql");
pub(super) const LOAD_OTHERS: &str = include_str!("../queries/write/load_other_kind.sql");
pub(super) const REFUSE_OTHERS: &str = include_str!("../queries/write/refuse_other_kind.sql");
pub(super) const DELETE_EARLY: &str = include_str!("../queries/write/delete_early.sql");

/// The most parked events of another kind than the first event's, per process.
pub const OTHERS_MAX: usize = 1_000;
/// The most bytes of their data: an opening of their kind reads all of it.
pub const OTHERS_BYTES_MAX: usize = 16 << 20;

/// A parked push.
#[derive(Debug, Clone)]
pub struct ParkedRow {
    /// The event's stamp.
    pub stamp: Stamp,
    /// Its data, as received.
    pub data: String,
}

/// The parked events of a process that is not open and may become of their kind.
#[derive(Debug, Clone, Default)]
pub struct Others {
    count: usize,
    bytes: usize,
    /// The events, where an opening of their kind has arrived.
    pub rows: Vec<OtherRow>,
}

impl Others {
    /// Counts one more event with `bytes` of data; returns whether it is within the limits.
    #[must_use]
    pub fn add(&mut self, bytes: usize) -> bool {
        let has_room = self.count < OTHERS_MAX && self.bytes + bytes <= OTHERS_BYTES_MAX;
        if has_room {
            self.count += 1;
            self.bytes += bytes;
        }
        has_room
    }
}

/// A parked event of another kind than the first event's.
#[derive(Debug, Clone)]
pub struct OtherRow {
    /// The event's stamp.
    pub stamp: Stamp,
    /// Its type.
    pub type_name: String,
    /// Its data, as received.
    pub data: String,
}

/// Processes whose kinds were decided after events had been parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecidedKinds {
    /// The processes and their kinds.
    pub processes: Vec<(ProcessKey, Kind)>,
    /// The reason of the dead letters that events of the other kind become.
    pub reason: &'static str,
    /// The problem of those dead letters.
    pub problem: String,
}

/// Loads the number and size of the parked events of another kind than their process's first event,
/// and where an opening of that kind has arrived, the events.
pub(super) async fn load_others(
    connection: &Connection,
    processes: &[(Uuid, bool)],
) -> Result<HashMap<ProcessKey, Others>, StoreError> {
    let mut others: HashMap<_, Others> = HashMap::new();
    let keys = column(processes, |(key, _)| *key);
    let opened = column(processes, |(_, opened)| *opened);
    let limit = i64::try_from(OTHERS_MAX).unwrap_or(i64::MAX);
    for row in connection
        .rows_for(processes, LOAD_OTHERS, &[&keys, &opened, &limit])
        .await?
    {
        let others = others.entry(ProcessKey(row.get(0))).or_default();
        others.count += 1;
        others.bytes += usize::try_from(row.get::<_, i32>(7)).unwrap_or(0);
        if row.get::<_, Option<&str>>(5).is_some() {
            let ParkedRow { stamp, data } = from_row(&row);
            let type_name = row.get(6);
            others.rows.push(OtherRow {
                stamp,
                type_name,
                data,
            });
        }
    }
    Ok(others)
}

/// Moves parked events of another kind than their process to the dead letters, and deletes those of
/// the same kind, except pushes that wait for their stops.
pub(super) async fn decide(
    connection: &Connection,
    decided: Option<&DecidedKinds>,
    shard: i16,
) -> Result<(), StoreError> {
    let Some(decided) = decided else {
        return Ok(());
    };
    let keys = column(&decided.processes, |(key, _)| key.0);
    let kinds = column(&decided.processes, |(_, kind)| kind.name());
    let (reason, problem) = (decided.reason, decided.problem.as_str());
    let refused: Values<'_> = &[&keys, &kinds, &reason, &problem, &shard];
    let early: Values<'_> = &[&keys];
    let (refused, deleted) = tokio::join!(
        biased;
        connection.run(REFUSE_OTHERS, refused),
        connection.run(DELETE_EARLY, early),
    );
    refused.and(deleted).map(|_| ())
}

/// Parks events.
pub(super) async fn insert(
    connection: &Connection,
    parked: &[(ProcessKey, DeadLetter)],
    shard: i16,
) -> Result<(), StoreError> {
    let values: Values<'_> = &[
        &column(parked, |(key, _)| key.0),
        &column(parked, |(_, l)| l.source.as_deref()),
        &column(parked, |(_, l)| l.event_id.as_deref()),
        &column(parked, |(_, l)| l.id),
        &column(parked, |(_, l)| l.tenant.as_deref()),
        &column(parked, |(_, l)| l.token.as_deref()),
        &column(parked, |(_, l)| l.type_name.as_deref()),
        &column(parked, |(_, l)| l.exchange.as_str()),
        &column(parked, |(_, l)| l.routing_key.as_str()),
        &column(parked, |(_, l)| l.queue.as_str()),
        &column(parked, |(_, l)| l.properties.as_str()),
        &column(parked, |(_, l)| l.headers.as_str()),
        &column(parked, |(_, l)| l.body.as_slice()),
        &shard,
    ];
    connection.run_for(parked, INSERT, values).await.map(drop)
}

/// Deletes pushes whose stops were reached.
pub(super) async fn delete(
    connection: &Connection,
    applied: &[PushId],
    shard: i16,
) -> Result<(), StoreError> {
    let keys = column(applied, |push| push.process.0);
    let sources = column(applied, |push| push.source.as_str());
    let ids = column(applied, |push| push.id.as_str());
    connection
        .run_for(applied, DELETE, &[&keys, &sources, &ids, &shard])
        .await
        .map(drop)
}

/// Moves pushes whose stops will not be reached to the dead letters.
pub(in crate::store) async fn refuse(
    connection: &Connection,
    refused: &[(PushId, &'static str, String)],
    shard: i16,
) -> Result<(), StoreError> {
    let keys = column(refused, |(push, ..)| push.process.0);
    let sources = column(refused, |(push, ..)| push.source.as_str());
    let ids = column(refused, |(push, ..)| push.id.as_str());
    let reasons = column(refused, |(_, reason, _)| *reason);
    let problems = column(refused, |(_, _, problem)| problem.as_str());
    let values: Values<'_> = &[&keys, &sources, &ids, &reasons, &problems, &shard];
    connection.run_for(refused, REFUSE, values).await.map(drop)
}

/// Claims some pushes that have waited too long, and locks their orders, so that no batch applies
/// one at the same time.
pub(in crate::store) async fn late(
    connection: &Connection,
    after: Duration,
    limits: &ClaimLimits,
) -> Result<Vec<(PushId, ClaimedRecord)>, StoreError> {
    let after = after.as_secs_f64();
    let rows = connection
        .rows(LATE, &[&after, &limits.limit, &limits.skip])
        .await?;
    let push = |row: &Row| {
        let push = PushId {
            process: ProcessKey(row.get(0)),
            source: row.get(1),
            id: row.get(2),
        };
        (push, ClaimedRecord::from_row(row, 0, 3))
    };
    Ok(rows.iter().map(push).collect())
}

/// Reads the columns of `load_parked.sql`.
pub(super) fn from_row(row: &Row) -> ParkedRow {
    ParkedRow {
        stamp: Stamp {
            source: row.get(1),
            id: row.get(2),
            time: row.get(3),
            sequence: row.get::<_, Option<i64>>(4).map(from_bigint),
        },
        data: row.get(5),
    }
}

/// The identity of a push and its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PushId {
    /// The order's key.
    pub process: ProcessKey,
    /// Who produced it.
    pub source: String,
    /// Its id in that source.
    pub id: String,
}
