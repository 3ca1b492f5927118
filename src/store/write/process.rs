//! The table `process`: rows to records and back.

use std::collections::HashMap;

use jiff::Timestamp;
use ring::digest::{Digest, SHA256, digest};
use tokio_postgres::Row;
use uuid::Uuid;

use super::outbox::{MessageKind, OutboxRow};
use crate::domain::completion::FORMAT;
use crate::domain::{
    Ended, Ending, EndingKind, Event, ItemCounts, Kind, Opening, Process, ProcessKey, Stamp, Status,
};
use crate::store::admin::quarantine::{ClaimLimits, ClaimedRecord};
use crate::store::connection::Values;
use crate::store::unreadable::{Unreadable, get};
use crate::store::{Connection, StoreError, column, from_bigint, stamp, to_bigint};

pub(super) const INSERT: &str = include_str!("../queries/write/insert_processes.sql");
const REMOVE: &str = include_str!("../queries/write/remove_processes.sql");
pub(super) const LOCK: &str = include_str!("../queries/write/lock_processes.sql");
pub(super) const UPDATE: &str = include_str!("../queries/write/update_processes.sql");
pub(super) const UPDATE_COUNTS: &str = include_str!("../queries/write/update_counts.sql");
pub(super) const DUE: &str = include_str!("../queries/write/due_processes.sql");

/// Creates missing records from one event of each process in key order; returns their keys and
/// kinds.
pub(super) async fn insert(
    connection: &Connection,
    first_events: &[(ProcessKey, &Event)],
    deadline_seconds: Option<f64>,
) -> Result<Vec<(ProcessKey, Kind)>, StoreError> {
    let values: Values<'_> = &[
        &column(first_events, |(key, _)| key.0),
        &column(first_events, |(_, event)| event.tenant.as_str()),
        &column(first_events, |(_, event)| event.token.as_str()),
        &column(first_events, |(_, event)| event.kind.name()),
        &deadline_seconds,
    ];
    let rows = connection.rows_for(first_events, INSERT, values).await?;
    rows.iter()
        .map(|row| Ok((ProcessKey(row.get(0)), kind(row.get(1))?)))
        .collect()
}

/// Locked records.
#[derive(Debug, Default)]
pub(super) struct Locked {
    /// In key order.
    pub(super) processes: Vec<Process>,
    /// Those that this version can't read.
    pub(super) unreadable: HashMap<ProcessKey, Unreadable>,
    /// The database's time.
    pub(super) now: Timestamp,
}

/// Loads and locks records in key order.
pub(super) async fn lock(connection: &Connection, keys: &[Uuid]) -> Result<Locked, StoreError> {
    let mut locked = Locked::default();
    locked.processes.reserve(keys.len());
    for row in connection.rows(LOCK, &[&keys]).await? {
        locked.now = row.get(29);
        match from_row(&row) {
            Ok(process) => locked.processes.push(process),
            Err(why) => {
                locked.unreadable.insert(ProcessKey(row.get(0)), why);
            }
        }
    }
    Ok(locked)
}

/// Deletes records that this transaction created.
pub(super) async fn remove(connection: &Connection, keys: &[ProcessKey]) -> Result<(), StoreError> {
    let keys = column(keys, |key| key.0);
    connection.run_for(&keys, REMOVE, &[&keys]).await.map(drop)
}

/// Claims due processes.
pub(super) async fn due(
    connection: &Connection,
    limits: &ClaimLimits,
) -> Result<Vec<ClaimedRecord>, StoreError> {
    let rows = connection.rows(DUE, &[&limits.limit, &limits.skip]).await?;
    Ok(column(&rows, |row| ClaimedRecord::from_row(row, 0, 1)))
}

/// Updates the counts of records.
pub(super) async fn update_counts(
    connection: &Connection,
    changed: &[&Process],
) -> Result<(), StoreError> {
    let values: Values<'_> = &[
        &column(changed, |p| p.key.0),
        &column(changed, |p| to_bigint(p.progress_done)),
        &column(changed, |p| p.total().map(to_bigint)),
        &column(changed, |p| p.total.as_ref().map(|(s, _)| stamp::encode(s))),
        &column(changed, |p| to_bigint(p.items.seen)),
        &column(changed, |p| to_bigint(p.items.failed)),
    ];
    let written = connection.run_for(changed, UPDATE_COUNTS, values).await?;
    debug_assert_eq!(written as usize, changed.len(), "every record is locked");
    Ok(())
}

/// Updates whole records; ended ones with the hash of their completion.
pub(super) async fn update(
    connection: &Connection,
    changed: &[&Process],
    outbox: &[OutboxRow],
) -> Result<(), StoreError> {
    let opened = column(changed, |p| p.opening.as_ref().map(|(_, opening)| opening));
    let stamps = column(changed, |p| p.opening.as_ref().map(|(stamp, _)| stamp));
    let ended = column(changed, |p| p.ended.as_ref());
    let ending = column(changed, |p| p.ending.as_ref().map(ending_columns));
    let values: Values<'_> = &[
        &column(changed, |p| p.key.0),
        &column(changed, |p| p.status().name()),
        &column(&stamps, |s| s.map(|s| s.time)),
        &column(&stamps, |s| s.map(stamp::encode)),
        &column(&stamps, |s| s.map(|s| s.source.as_str())),
        &column(&opened, |o| o.and_then(|o| o.filename.as_deref())),
        &column(&opened, |o| o.and_then(|o| o.module.as_deref())),
        &column(&opened, |o| o.and_then(|o| o.workflow.as_deref())),
        &column(&opened, |o| o.and_then(|o| o.group.as_deref())),
        &column(&opened, |o| o.and_then(|o| o.attributes.as_deref())),
        &column(&opened, |o| o.and_then(|o| o.reply_to.as_deref())),
        &column(&opened, |o| o.and_then(|o| o.traceparent.as_deref())),
        &column(&opened, |o| o.and_then(|o| o.tracestate.as_deref())),
        &column(changed, |p| to_bigint(p.progress_done)),
        &column(changed, |p| p.total().map(to_bigint)),
        &column(changed, |p| p.total.as_ref().map(|(s, _)| stamp::encode(s))),
        &column(changed, |p| to_bigint(p.items.seen)),
        &column(changed, |p| to_bigint(p.items.failed)),
        &column(&ending, |e| e.as_ref().map(|e| e.name)),
        &column(&ending, |e| e.as_ref().map(|e| e.stamp.as_str())),
        &column(&ending, |e| e.as_ref()?.sequence),
        &column(&ending, |e| e.as_ref()?.code),
        &column(&ending, |e| e.as_ref()?.message),
        &column(changed, |p| p.settle_at),
        &column(changed, |p| p.deadline_at),
        &column(&ended, |e| e.map(|e| e.at)),
        &column(&ended, |e| e.and_then(|e| e.code.as_deref())),
        &column(&ended, |e| e.and_then(|e| e.message.as_deref())),
        &completion_hashes(changed, outbox),
        &FORMAT,
        &column(changed, |p| p.kind.name()),
    ];
    let written = connection.run_for(changed, UPDATE, values).await?;
    debug_assert_eq!(written as usize, changed.len(), "every record is locked");
    Ok(())
}

fn completion_hashes(changed: &[&Process], outbox: &[OutboxRow]) -> Vec<Option<Vec<u8>>> {
    let completions = outbox
        .iter()
        .filter(|row| row.what == MessageKind::Completion);
    let hash = |row: &OutboxRow| Some((row.process, body_hash(row.payload.as_ref()?)));
    let hashes: HashMap<ProcessKey, Digest> = completions.filter_map(hash).collect();
    let hash = |p: &&Process| hashes.get(&p.key).map(|hash| hash.as_ref().to_vec());
    changed.iter().map(hash).collect()
}

/// The hash of a completion's body, which shows whether a rebuilt body equals the one sent.
#[must_use]
pub fn body_hash(body: &str) -> Digest {
    digest(&SHA256, body.as_bytes())
}

struct EndingColumns<'a> {
    name: &'static str,
    stamp: String,
    sequence: Option<i64>,
    code: Option<&'a str>,
    message: Option<&'a str>,
}

fn ending_columns(ending: &Ending) -> EndingColumns<'_> {
    let (name, code, message) = match &ending.kind {
        EndingKind::Completed => ("completed", None, None),
        EndingKind::Failed { message, code } => ("failed", code.as_deref(), message.as_deref()),
        EndingKind::Cancelled { reason } => ("cancelled", None, reason.as_deref()),
    };
    EndingColumns {
        name,
        stamp: stamp::encode(&ending.stamp),
        sequence: ending.stamp.sequence.map(to_bigint),
        code,
        message,
    }
}

/// Reads the columns of `lock_processes.sql`.
pub(in crate::store) fn from_row(row: &Row) -> Result<Process, Unreadable> {
    let status = status(row.get(4))?;
    let ended_at: Option<Timestamp> = get(row, 26, "ended_at")?;
    Ok(Process {
        key: ProcessKey(row.get(0)),
        tenant: row.get(1),
        token: row.get(2),
        kind: kind(row.get(3))?,
        attempt: row.get::<_, i32>("attempt").cast_unsigned(),
        opening: opening(row)?,
        progress_done: from_bigint(row.get(14)),
        total: total(row)?,
        items: ItemCounts {
            seen: from_bigint(row.get(17)),
            failed: from_bigint(row.get(18)),
        },
        sequenced: from_bigint(row.get(19)),
        declared: 0,
        stops: 0,
        through: None,
        ending: ending(row)?,
        settle_at: get(row, 24, "settle_at")?,
        deadline_at: get(row, 25, "deadline_at")?,
        ended: ended_at.map(|at| Ended {
            status,
            at,
            code: row.get(27),
            message: row.get(28),
        }),
    })
}

pub(in crate::store) fn kind(name: &str) -> Result<Kind, Unreadable> {
    Kind::from_name(name).ok_or_else(|| Unreadable::value("kind", name))
}

pub(in crate::store) fn status(name: &str) -> Result<Status, Unreadable> {
    Status::from_name(name).ok_or_else(|| Unreadable::value("status", name))
}

fn stamp_at(row: &Row, index: usize, column: &'static str) -> Result<Option<Stamp>, Unreadable> {
    let text: Option<&str> = row.get(index);
    text.map(|text| stamp::decode(column, text)).transpose()
}

fn opening(row: &Row) -> Result<Option<(Stamp, Opening)>, Unreadable> {
    let opening = |stamp| {
        let opening = Opening {
            filename: row.get(6),
            module: row.get(7),
            workflow: row.get(8),
            group: row.get(9),
            total: None,
            attributes: row.get(10),
            order: None,
            reply_to: row.get(11),
            traceparent: row.get(12),
            tracestate: row.get(13),
        };
        (stamp, opening)
    };
    Ok(stamp_at(row, 5, "opening_stamp")?.map(opening))
}

fn total(row: &Row) -> Result<Option<(Stamp, u64)>, Unreadable> {
    let total: Option<i64> = row.get(15);
    Ok(stamp_at(row, 16, "total_stamp")?.zip(total.map(from_bigint)))
}

fn ending(row: &Row) -> Result<Option<Ending>, Unreadable> {
    let Some(stamp) = stamp_at(row, 21, "ending_stamp")? else {
        return Ok(None);
    };
    let (code, message): (Option<String>, Option<String>) = (row.get(22), row.get(23));
    let kind = match row.get(20) {
        Some("completed") => EndingKind::Completed,
        Some("failed") => EndingKind::Failed { message, code },
        Some("cancelled") => EndingKind::Cancelled { reason: message },
        ending => return Err(Unreadable::value("ending", ending.unwrap_or(""))),
    };
    Ok(Some(Ending { stamp, kind }))
}
