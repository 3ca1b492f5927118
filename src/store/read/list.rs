//! Lists of a tenant's processes, the newest first, page by page.
//!
//! A page scans a bounded number of processes in the order of an index, whatever the filter, and
//! contains those that passed. Its `next` skips what the filter left out, so a reader that follows
//! it reaches the end and sees each process once: the place of a process changes only if an earlier
//! opening arrives.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::list_cursor::{ListCursor, Sort};
use super::list_selection::{Bound, Selection};
pub use super::list_statement::statement;
use crate::domain::{Kind, ProcessKey, Status};
use crate::store::connection::Values;
use crate::store::write::process;
use crate::store::{Connection, Store, StoreError, Unreadable, column, from_bigint, to_bigint};
const BEGIN: &str = include_str!("../queries/read/begin_list.sql");
const COUNT: &str = include_str!("../queries/read/count_listed.sql");

/// The most processes of one page.
pub const LIST_MAX: u64 = 1_000;
/// How many processes one page scans.
pub const LOOKED_AT_MAX: u64 = 10_000;

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    /// What passed and can be read by this version, the newest first.
    pub processes: Vec<Listed>,
    /// The cursor of the next page; `None` at the end.
    pub next: Option<ListCursor>,
}

/// One process of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its public name.
    pub token: String,
    /// Who owns it.
    pub tenant: String,
    /// What it tracks; until that is decided, what its first event says.
    pub kind: Kind,
    /// Its status.
    pub status: Status,
    /// How much is done.
    pub done: u64,
    /// How much there is, if an event said so.
    pub total: Option<u64>,
    /// How many of its items failed.
    pub failed: u64,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it was sealed, by the database's clock.
    pub sealed_at: Option<Timestamp>,
    /// When its first event was stored.
    pub created_at: Timestamp,
    /// The graph that an order walks.
    pub workflow: Option<String>,
    /// What it belongs to.
    pub group: Option<String>,
    /// The producer's name for the kind of work.
    pub module: Option<String>,
    /// Who opened it.
    pub source: Option<String>,
    /// The name of the uploaded file.
    pub filename: Option<String>,
    /// The code of how it ended, for programs.
    pub code: Option<String>,
    /// The message about it, for people.
    pub message: Option<String>,
}

impl Listed {
    /// What it tracks, once an opening or its end has decided that.
    #[must_use]
    pub fn decided_kind(&self) -> Option<Kind> {
        (self.status != Status::Waiting).then_some(self.kind)
    }
}

/// The length of a list, and a place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How many there are among the newest [`LOOKED_AT_MAX`] processes.
    pub total: u64,
    /// The cursor after the skipped ones; `None` at the start, or where there are fewer.
    pub place: Option<ListCursor>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The cursor belongs to a list with another sort order.
    #[error("the cursor belongs to a list with another sort order")]
    OtherSort,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Reads a page of a tenant's processes; `limit` is from 1 to [`LIST_MAX`].
    pub async fn list(
        &self,
        tenant: &str,
        selection: &Selection,
        after: Option<ListCursor>,
        limit: u64,
    ) -> Result<Listing, ListError> {
        let sort = selection.sort();
        if after.is_some_and(|place| place.sort != sort) {
            return Err(ListError::OtherSort);
        }
        let limit = limit.clamp(1, LIST_MAX);
        let connection = self.connection().await?;
        let bound = selection.bound(after);
        // One more than fits shows whether something follows.
        let row_limit = to_bigint(limit + 1);
        let query = (tenant, selection);
        let rows = read(&connection, statement(sort), query, bound, row_limit).await?;
        let far = rows.first().and_then(|row| place(row, 21, sort));
        let passed = rows.iter();
        let passed = passed.filter_map(|row| Some((place(row, 0, sort)?, row)));
        let passed: Vec<_> = passed.collect();
        let fits = usize::try_from(limit).unwrap_or(usize::MAX);
        let next = match passed.get(fits) {
            Some(_) => passed.get(fits - 1).map(|(last, _)| *last),
            None => far,
        };
        let processes = passed.iter().take(fits);
        // One that this version can't read is left out: the others are still listed.
        let processes = processes.filter_map(|(_, row)| listed(row).ok());
        Ok(Listing {
            processes: processes.collect(),
            next,
        })
    }

    /// Counts a list over a tenant's newest [`LOOKED_AT_MAX`] processes, and finds the cursor after
    /// the first `skipped` ones, for APIs whose clients page by offset.
    pub async fn count_listed(
        &self,
        tenant: &str,
        selection: &Selection,
        skipped: u64,
    ) -> Result<Counted, ListError> {
        let sort = selection.sort();
        if sort != Sort::Created {
            return Err(ListError::OtherSort);
        }
        let connection = self.connection().await?;
        let query = (tenant, selection);
        let bound = selection.bound(None);
        let rows = read(&connection, COUNT, query, bound, to_bigint(skipped)).await?;
        let row = rows.first().ok_or(StoreError::Corrupt("count of a list"))?;
        Ok(Counted {
            total: from_bigint(row.get(0)),
            place: place(row, 1, sort),
        })
    }
}

/// Reads two columns, which may both be null.
fn place(row: &Row, first: usize, sort: Sort) -> Option<ListCursor> {
    let (at, key): (Option<_>, Option<_>) = (row.get(first), row.get(first + 1));
    at.zip(key).map(|(at, key)| ListCursor {
        sort,
        at,
        key: ProcessKey(key),
    })
}

async fn read(
    connection: &Connection,
    statement: &'static str,
    (tenant, selection): (&str, &Selection),
    (at, key): Bound,
    row_limit: i64,
) -> Result<Vec<Row>, StoreError> {
    let scanned = to_bigint(LOOKED_AT_MAX);
    connection.prepare_all(&[statement]).await?;
    let statuses = column(&selection.statuses, |status| status.name());
    let filename = selection.filename.as_deref().map(containing);
    let values: Values<'_> = &[
        &tenant,
        &at,
        &key,
        &scanned,
        &row_limit,
        &selection.kind.map(Kind::name),
        &(!statuses.is_empty()).then_some(statuses),
        &selection.workflow,
        &selection.group,
        &selection.module,
        &selection.source,
        &filename,
        &selection.opened.after,
        &selection.opened.before,
        &selection.ended.after,
        &selection.ended.before,
        &selection.stage,
    ];
    connection.set_in_transaction(true);
    // One round trip: futures polled at once send their statements in this order.
    let (begun, rows, committed) = tokio::join!(
        biased;
        connection.batch_execute(BEGIN),
        connection.rows(statement, values),
        connection.batch_execute("commit"),
    );
    begun?;
    committed?;
    connection.set_in_transaction(false);
    rows
}

/// The `like` pattern of values that contain this text, with its wildcards escaped.
fn containing(text: &str) -> String {
    let mut pattern = String::from("%");
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern + "%"
}

fn listed(row: &Row) -> Result<Listed, Unreadable> {
    let (done, items) = (from_bigint(row.get(6)), from_bigint(row.get(8)));
    Ok(Listed {
        tenant: row.get(2),
        token: row.get(3),
        kind: process::kind(row.get(4))?,
        status: process::status(row.get(5))?,
        done: if items > 0 { items } else { done },
        total: row.get::<_, Option<i64>>(7).map(from_bigint),
        failed: from_bigint(row.get(9)),
        opened_at: row.get(10),
        ended_at: row.get(11),
        created_at: row.get(12),
        workflow: row.get(13),
        group: row.get(14),
        module: row.get(15),
        source: row.get(16),
        filename: row.get(17),
        code: row.get(18),
        message: row.get(19),
        sealed_at: row.get(20),
    })
}
