//! Reads processes, one or many, current or as of one of their events, each with its parts, in a
//! fixed number of queries.

use std::collections::HashSet;

use super::as_of;
use super::order;
use super::parts::{LISTED_MAX, Part, Parts};
use super::record::FoundProcess;
use crate::domain::ProcessKey;
use crate::store::read::feed_cursor::FeedCursor;
use crate::store::read::history::{Log, LogPlace};
use crate::store::read::record::{self, RecordQuery};
use crate::store::{Store, StoreError, Unreadable};

/// The maximum size of the data of events, and of the data of items, of one read.
const BYTES_MAX: i64 = 16 * 1024 * 1024;

/// What to read of one process.
#[derive(Debug, Clone)]
pub struct ReadQuery {
    /// The process.
    pub key: ProcessKey,
    /// The requested parts.
    pub parts: Parts,
    /// The cursor of the event after which it is shown; without one, it is current.
    pub as_of: Option<FeedCursor>,
}

/// Why a process can't be shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// No process and no tombstone has this token.
    Unknown,
    /// It was deleted; its tombstone is still there.
    Forgotten,
    /// The cursor is not of an event of the process.
    NoEvent,
    /// Its log is too long to be merged again.
    TooLong,
    /// This version can't read what is stored in this column.
    Unreadable(&'static str),
}

/// Reads these processes; the results are in the order of the queries.
pub async fn read(
    store: &Store,
    queries: &[ReadQuery],
) -> Result<Vec<Result<FoundProcess, Absent>>, StoreError> {
    let record_queries: Vec<_> = queries.iter().map(ReadQuery::record_query).collect();
    let records = store.records(&record_queries, BYTES_MAX).await?;
    let has_order = |query: &ReadQuery| query.parts.has(Part::Stages);
    let with_stages = queries.iter().zip(&records);
    let with_stages = with_stages.filter(|(query, _)| has_order(query));
    let with_stages = with_stages.filter_map(|(_, record)| record.as_ref()?.as_ref().ok());
    let orders = order::load(store, with_stages).await?;
    let absent = queries.iter().zip(&records);
    let absent = absent.filter(|(_, record)| record.is_none());
    let absent: Vec<_> = absent.map(|(query, _)| query.key).collect();
    let forgotten = match absent.is_empty() {
        true => HashSet::new(),
        false => store.forgotten(&absent).await?,
    };
    let places: Vec<_> = queries.iter().filter_map(ReadQuery::log_place).collect();
    let mut logs = store.logs(&places).await?.into_iter();
    let found = |(query, record): (&ReadQuery, record::StoredRecord)| {
        let log = query.as_of.and_then(|_| logs.next());
        let order = orders.get(&query.key).filter(|_| has_order(query));
        let record = record.ok_or_else(|| match forgotten.contains(&query.key) {
            true => Absent::Forgotten,
            false => Absent::Unknown,
        })?;
        let unreadable = |why: Unreadable| Absent::Unreadable(why.column());
        let record = record.map_err(unreadable)?;
        let order = order.cloned().transpose().map_err(unreadable)?;
        FoundProcess { record, order }.after(log)
    };
    Ok(queries.iter().zip(records).map(found).collect())
}

impl ReadQuery {
    /// The query of a process as it is now.
    #[must_use]
    pub fn now(key: ProcessKey, parts: Parts) -> Self {
        let as_of = None;
        Self { key, parts, as_of }
    }

    /// The query of the record; a past state has its own lists.
    fn record_query(&self) -> RecordQuery {
        let limit = |parts: &[Part]| match self.parts.has_any(parts) && self.as_of.is_none() {
            true => i64::try_from(LISTED_MAX).unwrap_or(i64::MAX),
            false => 0,
        };
        RecordQuery {
            key: self.key,
            events: limit(&[Part::Steps, Part::Events, Part::Late]),
            items: limit(&[Part::Items, Part::Errors]),
            data: self.parts.has(Part::Data),
            counts: self.parts.counts() && self.as_of.is_none(),
        }
    }

    fn log_place(&self) -> Option<LogPlace> {
        let key = self.key;
        self.as_of.map(|cursor| LogPlace { key, cursor })
    }
}

impl FoundProcess {
    /// The process after that part of its log.
    fn after(mut self, log: Option<Log>) -> Result<Self, Absent> {
        match log {
            None => Ok(self),
            Some(Log::NoEvent) => Err(Absent::NoEvent),
            Some(Log::TooLong) => Err(Absent::TooLong),
            Some(Log::Whole(part)) => {
                as_of::rewind(&mut self, part).ok_or(Absent::Unreadable("log"))?;
                Ok(self)
            }
        }
    }
}
