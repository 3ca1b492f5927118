//! Reading the logs of many processes, each from its start to one of its events.

use tokio_postgres::Row;

use super::feed_cursor::FeedCursor;
use super::record::{LoggedEvent, logged_event};
use crate::domain::ProcessKey;
use crate::store::connection::Values;
use crate::store::{Store, StoreError, column};

const READ: &str = include_str!("../queries/read/read_logs.sql");

/// The most events that one query reads, over all logs.
const EVENTS_MAX: i64 = 10_000;
/// The most bytes of their data.
const BYTES_MAX: i64 = 16 * 1024 * 1024;

/// A place in the log, expected to be that of an event of this process.
#[derive(Debug, Clone, Copy)]
pub struct LogPlace {
    /// The process.
    pub key: ProcessKey,
    /// The place.
    pub cursor: FeedCursor,
}

/// The log of a process up to a place.
#[derive(Debug, Clone)]
pub enum Log {
    /// The process has no event at that place, or the event is not visible to the feed yet.
    NoEvent,
    /// It is longer than one query reads.
    TooLong,
    /// All of it.
    Whole(LogPart),
}

/// The first part of a log.
#[derive(Debug, Clone)]
pub struct LogPart {
    /// Its events in the order of commits.
    pub events: Vec<LoggedEvent>,
    /// The place of the last one.
    pub end: FeedCursor,
    /// Whether all later events are late.
    pub is_last: bool,
}

impl Store {
    /// The logs up to these places, in one round trip, each whole or not at all: at most 10,000
    /// events with 16 MiB of data over all logs.
    pub async fn logs(&self, places: &[LogPlace]) -> Result<Vec<Log>, StoreError> {
        let keys = column(places, |place| place.key.0);
        let epochs = column(places, |place| place.cursor.epoch);
        let transactions = column(places, |place| place.cursor.tx.to_string());
        let positions = column(places, |place| place.cursor.pos);
        let values: Values<'_> = &[
            &keys,
            &epochs,
            &transactions,
            &positions,
            &EVENTS_MAX,
            &BYTES_MAX,
        ];
        let rows = self.rows_for(places, READ, values).await?;
        let mut logs = vec![Log::NoEvent; places.len()];
        for row in &rows {
            let place = usize::try_from(row.get::<_, i64>(8) - 1);
            let place = place
                .ok()
                .and_then(|at| places.get(at).zip(logs.get_mut(at)));
            let (place, log) = place.ok_or(StoreError::Corrupt("place in the log"))?;
            log.add(place.cursor, row);
        }
        Ok(logs)
    }
}

impl Log {
    /// Adds a row. An existing place has a row even if none of its log was read.
    fn add(&mut self, end: FeedCursor, row: &Row) {
        if row.get::<_, Option<&str>>(0).is_none() {
            *self = Self::TooLong;
            return;
        }
        let event = logged_event(row);
        if let Self::Whole(part) = self {
            part.events.push(event);
        } else {
            *self = Self::Whole(LogPart {
                events: vec![event],
                end,
                is_last: row.get(9),
            });
        }
    }
}
