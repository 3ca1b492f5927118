//! The table `event`: the log of applied events, which also detects duplicates.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::domain::{Event, Kind, ProcessKey};
use crate::store::connection::Values;
use crate::store::{Connection, StoreError, column, from_bigint, to_bigint};

pub(super) const INSERT: &str = include_str!("../queries/write/insert_events.sql");

pub(super) const MARK_LATE: &str = include_str!("../queries/write/mark_late.sql");

pub(super) const REMOVE: &str = include_str!("../queries/write/remove_events.sql");

const FIND_LOGGED: &str = include_str!("../queries/write/find_logged.sql");
const RETAKE: &str = include_str!("../queries/write/retake_events.sql");

pub(super) const COUNT_SEQUENCED: &str = include_str!("../queries/write/count_sequenced.sql");

/// An event to log.
#[derive(Debug, Clone)]
pub struct NewEvent {
    /// The key of its process, computed once.
    pub key: ProcessKey,
    /// What happened.
    pub event: Event,
    /// Its type as producers write it.
    pub type_name: &'static str,
    /// Whether the producer gave its time.
    pub time_given: bool,
    /// Its data as received.
    pub data: String,
}

/// Corrections of the events just logged, made once the records are known. Places count from 0
/// among the inserted events.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Corrections {
    /// Late events.
    pub late: Vec<usize>,
    /// Events of another kind than their processes, to be removed.
    pub misplaced: Vec<usize>,
    /// Events that were in the log as refused and are now accepted.
    pub retaken: Vec<Retaken>,
    /// Records that were created for events that may not open them, to be removed.
    pub unmade: Vec<ProcessKey>,
    /// Records that turned out to be of the other kind: their items are deleted and written again.
    pub turned: Vec<ProcessKey>,
}

/// An event that was refused after it had been logged, was published again, and is now accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retaken {
    /// Its process.
    pub key: ProcessKey,
    /// Who produced it.
    pub source: String,
    /// Its id in that source.
    pub id: String,
    /// Its place among the events of the batch.
    pub place: usize,
    /// Whether its process has ended.
    pub late: bool,
}

/// The logged event with the identity of a received one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logged {
    /// The type.
    pub type_name: String,
    /// The time.
    pub time: Timestamp,
    /// The data; `None` where it is the same text.
    pub data: Option<String>,
    /// Whether it was refused after it had been logged.
    pub refused: bool,
}

/// The logged events of those identities that are not new, by their places.
pub(super) async fn logged(
    connection: &Connection,
    events: &[&NewEvent],
    new: &[bool],
) -> Result<HashMap<usize, Logged>, StoreError> {
    let known = events.iter().zip(new).enumerate();
    let known: Vec<(usize, &NewEvent)> = known
        .filter(|(_, (_, new))| !**new)
        .map(|(place, (event, _))| (place, *event))
        .collect();
    let values: Values<'_> = &[
        &column(&known, |(_, e)| e.key.0),
        &column(&known, |(_, e)| e.event.stamp.source.as_str()),
        &column(&known, |(_, e)| e.event.stamp.id.as_str()),
        &column(&known, |(_, e)| e.data.as_str()),
    ];
    let rows = connection.rows_for(&known, FIND_LOGGED, values).await?;
    let logged = rows.iter().filter_map(|row| {
        let number = usize::try_from(row.get::<_, i64>(0)).ok()?;
        let (place, _) = known.get(number.checked_sub(1)?)?;
        let logged = Logged {
            type_name: row.get(1),
            time: row.get(2),
            data: row.get(3),
            refused: row.get(4),
        };
        Some((*place, logged))
    });
    Ok(logged.collect())
}

/// Logs events, each identity once in `events`; returns for each whether it is new.
pub(super) async fn insert(
    connection: &Connection,
    events: &[&NewEvent],
) -> Result<Vec<bool>, StoreError> {
    let values: Values<'_> = &[
        &column(events, |e| e.key.0),
        &column(events, |e| e.event.stamp.source.as_str()),
        &column(events, |e| e.event.stamp.id.as_str()),
        &column(events, |e| e.type_name),
        &column(events, |e| e.event.stamp.time),
        &column(events, |e| e.event.stamp.sequence.map(to_bigint)),
        &column(events, |e| e.data.as_str()),
    ];
    let rows = connection.rows(INSERT, values).await?;
    let mut new = vec![false; events.len()];
    for row in rows {
        let place = usize::try_from(row.get::<_, i32>(0) - 1).unwrap_or(usize::MAX);
        if let Some(flag) = new.get_mut(place) {
            *flag = true;
        }
    }
    Ok(new)
}

/// Corrects what this transaction logged.
pub(super) async fn correct(
    connection: &Connection,
    corrections: &Corrections,
) -> Result<(), StoreError> {
    retake(connection, &corrections.retaken).await?;
    let wrong = [
        (MARK_LATE, &corrections.late),
        (REMOVE, &corrections.misplaced),
    ];
    for (statement, places) in wrong {
        if !places.is_empty() {
            let place = |place: &usize| i32::try_from(place + 1).unwrap_or(i32::MAX);
            let places = column(places, place);
            connection.run(statement, &[&places]).await?;
        }
    }
    Ok(())
}

/// Accepts rows that were refused: they move to a new place in the log.
async fn retake(connection: &Connection, retaken: &[Retaken]) -> Result<(), StoreError> {
    let pos = |event: &Retaken| i32::try_from(event.place + 1).unwrap_or(i32::MAX);
    let values: Values<'_> = &[
        &column(retaken, |event| event.key.0),
        &column(retaken, |event| event.source.as_str()),
        &column(retaken, |event| event.id.as_str()),
        &column(retaken, pos),
        &column(retaken, |event| event.late),
    ];
    connection.run_for(retaken, RETAKE, values).await.map(drop)
}

/// The sequences of a process in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sequences {
    /// The number of distinct ones.
    pub count: u64,
    /// One more than the greatest; 0 without any.
    pub declared: u64,
}

/// The sequences below the given one that each process has in the log.
pub(super) async fn count_sequenced(
    connection: &Connection,
    below: &[(ProcessKey, Kind, u64)],
) -> Result<HashMap<ProcessKey, Sequences>, StoreError> {
    let keys = column(below, |(key, ..)| key.0);
    let kinds = column(below, |(_, kind, _)| kind.name());
    let sequences = column(below, |(.., sequence)| to_bigint(*sequence));
    let rows = connection
        .rows_for(below, COUNT_SEQUENCED, &[&keys, &sequences, &kinds])
        .await?;
    let counts = rows.iter().map(|row| {
        let greatest: Option<i64> = row.get(2);
        let sequences = Sequences {
            count: from_bigint(row.get(1)),
            declared: greatest.map_or(0, |greatest| from_bigint(greatest) + 1),
        };
        (ProcessKey(row.get(0)), sequences)
    });
    Ok(counts.collect())
}
