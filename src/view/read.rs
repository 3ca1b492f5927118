//! Processes as somebody asks for them, one or many, now or as of one of their events: each with its
//! parts, all of them in a fixed number of questions to the database.

use std::collections::HashSet;

use super::as_of;
use super::found::FoundProcess;
use super::order::{self};
use super::parts::LISTED_MAX;
use super::parts::{Part, Parts};
use super::record::{View, view};
use crate::domain::ProcessKey;
use crate::store::read::feed_cursor::Cursor;
use crate::store::read::history::{Log, LogPlace};
use crate::store::read::record::{self, RecordQuery};
use crate::store::{Store, StoreError, Unreadable};

/// How much data of events, and again of items, all that is asked for at once may bring.
const BYTES_MAX: i64 = 16 * 1024 * 1024;

/// What somebody wants to see.
#[derive(Debug, Clone)]
pub struct ReadQuery {
    /// Which process.
    pub key: ProcessKey,
    /// With which parts.
    pub parts: Parts,
    /// As it was after the event at this place, or as it is.
    pub as_of: Option<Cursor>,
}

/// Why there is nothing to see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// Nobody ever spoke of the process, as far as anybody remembers.
    Unknown,
    /// It was there, has ended, and is not kept any more.
    Forgotten,
    /// The place is of no event of the process.
    NoEvent,
    /// Its log is too long to be merged anew.
    TooLong,
    /// This version can't read what is stored of it here.
    Unreadable(&'static str),
}

/// Reads these processes, each at its place.
pub async fn read(
    store: &Store,
    wishes: &[ReadQuery],
) -> Result<Vec<Result<FoundProcess, Absent>>, StoreError> {
    let wanted: Vec<_> = wishes.iter().map(ReadQuery::wanted).collect();
    let records = store.records(&wanted, BYTES_MAX).await?;
    let wants_order = |wish: &ReadQuery| wish.parts.has(Part::Stages);
    let with_stages = wishes.iter().zip(&records);
    let with_stages = with_stages.filter(|(wish, _)| wants_order(wish));
    let with_stages = with_stages.filter_map(|(_, record)| record.as_ref()?.as_ref().ok());
    let orders = order::load(store, with_stages).await?;
    let absent = wishes.iter().zip(&records);
    let absent = absent.filter(|(_, record)| record.is_none());
    let absent: Vec<_> = absent.map(|(wish, _)| wish.key).collect();
    let forgotten = match absent.is_empty() {
        true => HashSet::new(),
        false => store.forgotten(&absent).await?,
    };
    let places: Vec<_> = wishes.iter().filter_map(ReadQuery::place).collect();
    let mut logs = store.logs(&places).await?.into_iter();
    let found = |(wish, record): (&ReadQuery, record::StoredRecord)| {
        let log = wish.as_of.and_then(|_| logs.next());
        let order = orders.get(&wish.key).filter(|_| wants_order(wish));
        let record = record.ok_or_else(|| match forgotten.contains(&wish.key) {
            true => Absent::Forgotten,
            false => Absent::Unknown,
        })?;
        let unreadable = |why: Unreadable| Absent::Unreadable(why.column());
        let record = record.map_err(unreadable)?;
        let order = order.cloned().transpose().map_err(unreadable)?;
        FoundProcess { record, order }.after(log)
    };
    Ok(wishes.iter().zip(records).map(found).collect())
}

impl ReadQuery {
    /// The past brings its own lists.
    fn wanted(&self) -> RecordQuery {
        let most = |parts: &[Part]| match self.parts.has_any(parts) && self.as_of.is_none() {
            true => i64::try_from(LISTED_MAX).unwrap_or(i64::MAX),
            false => 0,
        };
        RecordQuery {
            key: self.key,
            events: most(&[Part::Steps, Part::Events, Part::Late]),
            items: most(&[Part::Items, Part::Errors]),
            data: self.parts.has(Part::Data),
            counts: self.parts.counts() && self.as_of.is_none(),
        }
    }

    fn place(&self) -> Option<LogPlace> {
        let key = self.key;
        self.as_of.map(|cursor| LogPlace { key, cursor })
    }
}

impl FoundProcess {
    /// Reads the form out of it.
    #[must_use]
    pub fn view<'a>(&'a self, parts: &Parts) -> View<'a> {
        view(&self.record, self.order.as_ref(), parts)
    }

    /// As it was after that part of its log.
    fn after(mut self, log: Option<Log>) -> Result<Self, Absent> {
        match log {
            None => Ok(self),
            Some(Log::NoEvent) => Err(Absent::NoEvent),
            Some(Log::TooLong) => Err(Absent::TooLong),
            Some(Log::Whole(part)) => {
                as_of::put_back(&mut self, part).ok_or(Absent::Unreadable("log"))?;
                Ok(self)
            }
        }
    }
}
