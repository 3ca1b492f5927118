//! The change feed: the log of all processes in the order of commits, read with a cursor.
//!
//! A reader that follows its cursor sees every event once: only events below every running
//! transaction are read, so none can still appear before a cursor that was returned. A write
//! transaction that stays open, anywhere in the cluster, delays the feed; it never causes a gap.
//!
//! # Cursors after a crash, a promotion or a recovery
//!
//! A cursor is the place of an event that was visible, and below every running transaction, when
//! the cursor was returned; or it is a horizon. It never names a transaction that logged no event:
//! a synchronous replica is certain to have only what is committed, and after a crash or a
//! promotion the server may assign a transaction id again that it had not written down. So the
//! event of every cursor exists after the promotion of a synchronous replica, and after a crash
//! unless `synchronous_commit` was off.
//!
//! The new time line begins a new [epoch](super::epoch), and all its events come after those of the
//! epochs before, so no cursor of theirs skips them. A reader that has seen events which the
//! recovery has undone gets an error: its cursor has no event and is above every horizon, or it
//! lies after the place where the log ended when the next epoch began. This has one limit: of two
//! transactions that overlapped at the moment of the recovery the later one may have survived
//! alone, and a cursor at its event stays valid although the reader has seen the other one's.
//!
//! Earlier versions returned cursors at the end of a transaction that need not have logged an
//! event. They stay valid, since it is unknown whether a recovery has undone what their reader has
//! seen.

use std::collections::HashSet;

use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use super::feed_cursor::{self, FeedCursor};
use super::record::{self, LoggedEvent};
use crate::domain::{Kind, ProcessKey};
use crate::store::connection::Values;
use crate::store::{Connection, Store, StoreError, to_bigint};

const READ: &str = include_str!("../queries/read/read_feed.sql");
const READ_PROCESS: &str = include_str!("../queries/read/read_feed_process.sql");
pub(in crate::store) const END: &str = include_str!("../queries/read/feed_end.sql");
const LOST: &str = include_str!("../queries/read/lost_place.sql");
const SCAN: &str = include_str!("../queries/read/scan_feed.sql");

/// The most events of one page.
pub const FEED_EVENTS_MAX: u64 = 1_000;
/// A page ends once its data reaches this; a single event may be larger.
pub const FEED_BYTES_MAX: i64 = 4 * 1024 * 1024;
/// How many events one scan for tenants covers.
const SCAN_EVENTS_MAX: i64 = 2_000;
/// How many events a filtered query scans for each that it requests.
const SCANNED_PER_EVENT: u64 = 10;

/// A query of the feed.
#[derive(Debug, Clone)]
pub struct FeedQuery<'a> {
    /// After this place; `None` for the whole log: from the horizon, or all that is kept of one
    /// process.
    pub after: Option<FeedCursor>,
    /// The most events of the page, from 1 to [`FEED_EVENTS_MAX`].
    pub limit: u64,
    /// Only this tenant's.
    pub tenant: Option<&'a str>,
    /// Only of uploads, or only of orders.
    pub kind: Option<Kind>,
    /// Only of these types, as producers write them; empty for all.
    pub types: &'a [&'a str],
    /// Only of this process.
    pub process: Option<ProcessKey>,
    /// The page ends at this many bytes of data, at most [`FEED_BYTES_MAX`].
    pub bytes_max: i64,
}

/// A page of the feed.
#[derive(Debug, Clone)]
pub struct Feed {
    /// What passed the filter, in the order of commits.
    pub events: Vec<FeedEvent>,
    /// The cursor of the next page; it skips what the filter left out.
    pub next: FeedCursor,
    /// Whether there may be more already: the page was cut, and what follows was not scanned.
    pub more: bool,
}

/// What a scan has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedScan {
    /// The tenants of the events.
    pub tenants: HashSet<String>,
    /// The place of the last one, if there are any.
    pub end: Option<FeedCursor>,
    /// Whether there may be more after it.
    pub more: bool,
}

/// One event of the feed.
#[derive(Debug, Clone)]
pub struct FeedEvent {
    /// Its place.
    pub cursor: FeedCursor,
    /// The tenant of its process.
    pub tenant: String,
    /// The token of its process.
    pub token: String,
    /// The kind that its type names.
    pub kind: Kind,
    /// What was logged.
    pub logged: LoggedEvent,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Events after that cursor have been deleted: the reader may have missed some.
    #[error("the cursor is older than what is kept")]
    Gone {
        /// The oldest cursor that still misses nothing.
        oldest: FeedCursor,
    },
    /// The database was recovered to a moment before that cursor was returned: the reader has seen
    /// events that no longer exist.
    #[error("a recovery of the database has undone events that this cursor includes")]
    Undone,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Default for FeedQuery<'_> {
    /// All of it, one event a page.
    fn default() -> Self {
        Self {
            after: None,
            limit: 1,
            tenant: None,
            kind: None,
            types: &[],
            process: None,
            bytes_max: FEED_BYTES_MAX,
        }
    }
}

impl Store {
    /// Reads a page of the feed. It scans a bounded number of events whatever the filter; with
    /// `process`, the events of that process.
    pub async fn feed(&self, query: &FeedQuery<'_>) -> Result<Feed, FeedError> {
        let connection = self.connection().await?;
        let limit = query.limit.clamp(1, FEED_EVENTS_MAX);
        let (rows, lost) = tokio::join!(
            read(&connection, query, limit),
            is_lost(&connection, query.after)
        );
        let rows = rows?;
        if lost? {
            return Err(FeedError::Undone);
        }
        let first = rows.first().ok_or(StoreError::Corrupt("horizon"))?;
        let horizon = feed_cursor::from_row(first, 14)?;
        let after = query.after.unwrap_or(horizon);
        if after < horizon {
            return Err(FeedError::Gone { oldest: horizon });
        }
        let newest = feed_cursor::from_optional(first, 17)?;
        let far = feed_cursor::from_optional(first, 20)?;
        let passed: i64 = first.get(23);
        let events = rows.iter().filter_map(|row| event(row).transpose());
        let events = events.collect::<Result<Vec<_>, StoreError>>()?;
        let returned = i64::try_from(events.len()).unwrap_or(i64::MAX);
        let cut = returned < passed || passed >= to_bigint(limit);
        let stop = match events.last() {
            Some(last) if cut => Some(last.cursor),
            _ => far,
        };
        Ok(Feed {
            events,
            next: stop.or(newest).unwrap_or(after),
            more: stop.is_some(),
        })
    }

    /// The cursor of a reader that wants only future events.
    pub async fn feed_end(&self) -> Result<FeedCursor, StoreError> {
        end(&self.connection().await?).await
    }

    /// Which tenants have events after a place, so that one polled query serves all waiting readers.
    pub async fn scan_feed(&self, after: FeedCursor) -> Result<FeedScan, StoreError> {
        let FeedCursor { epoch, tx, pos } = after;
        let values: Values<'_> = &[&epoch, &tx.to_string(), &pos, &SCAN_EVENTS_MAX];
        let Some(row) = self.row_if_any(SCAN, values).await? else {
            return Ok(FeedScan::default());
        };
        let tenants: Vec<String> = row.get(4);
        Ok(FeedScan {
            tenants: tenants.into_iter().collect(),
            end: Some(feed_cursor::from_row(&row, 0)?),
            more: row.get::<_, i64>(3) >= SCAN_EVENTS_MAX,
        })
    }
}

/// The place before every event that is not committed yet, and after every one that is visible.
pub(in crate::store) async fn end(connection: &Connection) -> Result<FeedCursor, StoreError> {
    feed_cursor::from_row(&connection.row(END, &[]).await?, 0)
}

/// Whether a recovery has undone what the reader has seen.
async fn is_lost(connection: &Connection, after: Option<FeedCursor>) -> Result<bool, StoreError> {
    let Some(FeedCursor { epoch, tx, pos }) = after.filter(|after| after.is_of_event()) else {
        return Ok(false);
    };
    let row = connection
        .row(LOST, &[&epoch, &tx.to_string(), &pos])
        .await?;
    Ok(row.get(0))
}

async fn read(
    connection: &Connection,
    query: &FeedQuery<'_>,
    limit: u64,
) -> Result<Vec<Row>, StoreError> {
    let filtered = query.tenant.is_some() || query.kind.is_some() || !query.types.is_empty();
    let scanned = match filtered {
        true => limit * SCANNED_PER_EVENT,
        false => limit,
    };
    let scanned = to_bigint(scanned);
    let (statement, scope): (_, &(dyn ToSql + Sync)) = match &query.process {
        Some(ProcessKey(key)) => (READ_PROCESS, key),
        None => (READ, &scanned),
    };
    let after = match query.process {
        Some(_) => Some(query.after.unwrap_or_default()),
        None => query.after,
    };
    let values: Values<'_> = &[
        &after.map(|after| after.epoch),
        &after.map(|after| after.tx.to_string()),
        &after.map(|after| after.pos),
        scope,
        &to_bigint(limit),
        &query.bytes_max.clamp(1, FEED_BYTES_MAX),
        &query.tenant,
        &query.kind.map(Kind::name),
        &(!query.types.is_empty()).then_some(query.types),
    ];
    connection.rows(statement, values).await
}

/// Reads the columns of an event, if the row holds one.
fn event(row: &Row) -> Result<Option<FeedEvent>, StoreError> {
    let Some(cursor) = feed_cursor::from_optional(row, 11)? else {
        return Ok(None);
    };
    Ok(Some(FeedEvent {
        cursor,
        tenant: row.get(8),
        token: row.get(9),
        kind: Kind::from_name(row.get(10)).ok_or(StoreError::Corrupt("kind"))?,
        logged: record::logged_event(row),
    }))
}
