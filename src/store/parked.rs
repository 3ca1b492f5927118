//! The table `parked`: pushes that came before their stops, each with the letter it may become.

use std::time::Duration;

use tokio_postgres::Row;

use super::dead_letter::DeadLetter;
use super::order::{PushId, query};
use super::quarantine::{Cut, Taken};
use super::{Connection, StoreError, column, from_bigint};
use crate::core::{ProcessKey, Stamp};

pub(super) const LOAD: &str = include_str!("queries/load_parked.sql");
pub(super) const INSERT: &str = include_str!("queries/insert_parked.sql");
pub(super) const DELETE: &str = include_str!("queries/delete_parked.sql");
const LATE: &str = include_str!("queries/late_parked.sql");
pub(super) const REFUSE: &str = include_str!("queries/refuse_parked.sql");

/// A push that waits.
#[derive(Debug, Clone)]
pub struct ParkedRow {
    /// The event's.
    pub stamp: Stamp,
    /// What it says, as received.
    pub data: String,
}

/// Keeps pushes.
pub(super) async fn insert(
    connection: &Connection,
    parked: &[(ProcessKey, DeadLetter)],
    shard: i16,
) -> Result<(), StoreError> {
    if parked.is_empty() {
        return Ok(());
    }
    query(
        connection,
        INSERT,
        &[
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
        ],
    )
    .await?;
    Ok(())
}

/// Forgets those whose stops were reached.
pub(super) async fn delete(
    connection: &Connection,
    applied: &[PushId],
    shard: i16,
) -> Result<(), StoreError> {
    if applied.is_empty() {
        return Ok(());
    }
    let keys = column(applied, |push| push.process.0);
    let sources = column(applied, |push| push.source.as_str());
    let ids = column(applied, |push| push.id.as_str());
    query(connection, DELETE, &[&keys, &sources, &ids, &shard]).await?;
    Ok(())
}

/// Makes dead letters of those that will find no stop.
pub(super) async fn refuse(
    connection: &Connection,
    refused: &[(PushId, &'static str, String)],
    shard: i16,
) -> Result<(), StoreError> {
    if refused.is_empty() {
        return Ok(());
    }
    let keys = column(refused, |(push, ..)| push.process.0);
    let sources = column(refused, |(push, ..)| push.source.as_str());
    let ids = column(refused, |(push, ..)| push.id.as_str());
    let reasons = column(refused, |(_, reason, _)| *reason);
    let problems = column(refused, |(_, _, problem)| problem.as_str());
    query(
        connection,
        REFUSE,
        &[&keys, &sources, &ids, &reasons, &problems, &shard],
    )
    .await?;
    Ok(())
}

/// Locks the orders of pushes that have waited too long, some of them, so that no batch applies one
/// at the same time; says which pushes.
pub(super) async fn late(
    connection: &Connection,
    after: Duration,
    cut: &Cut,
) -> Result<Vec<(PushId, Taken)>, StoreError> {
    let after = after.as_secs_f64();
    let rows = query(connection, LATE, &[&after, &cut.limit, &cut.skip]).await?;
    let push = |row: &Row| {
        let push = PushId {
            process: ProcessKey(row.get(0)),
            source: row.get(1),
            id: row.get(2),
        };
        (push, Taken::from_row(row, 0, 3))
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
