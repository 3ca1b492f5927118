//! Lists of a tenant's processes, the newest first, page by page.
//!
//! A page looks at a bounded number of processes in the order of an index, whatever the filter, and
//! holds those that passed. Its `next` moves on over what the filter left out, so a reader that
//! follows it comes to the end, and sees each process once: the place of one never changes, but for
//! an opening that is found to be earlier.

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::list_cursor::{ListCursor, Sort};
use super::list_selection::{Bound, Selection};
pub use super::list_statement::statement;
use crate::domain::{Kind, ProcessKey, Status};
use crate::store::write::process;
use crate::store::{Connection, Store, StoreError, Unreadable, column, from_bigint, to_bigint};
const BEGIN: &str = include_str!("../queries/read/begin_list.sql");
const COUNT: &str = include_str!("../queries/read/count_listed.sql");

/// The most processes of one page.
pub const LIST_MAX: u64 = 1_000;
/// How many processes one page looks at.
pub const LOOKED_AT_MAX: u64 = 10_000;

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    /// What passed and can be read by this version, the newest first.
    pub processes: Vec<Listed>,
    /// After what to ask next; nothing at the end.
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
    /// Where it stands.
    pub status: Status,
    /// How much is done.
    pub done: u64,
    /// How much there is, where somebody said so.
    pub total: Option<u64>,
    /// How many of its items failed.
    pub failed: u64,
    /// When it was opened.
    pub opened_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// When it was sealed, by the database's clock.
    pub sealed_at: Option<Timestamp>,
    /// When it was first heard of.
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
    /// What programs read of how it ended.
    pub code: Option<String>,
    /// What people read of it.
    pub message: Option<String>,
}

impl Listed {
    /// What it tracks, once an opening or its end has decided that.
    #[must_use]
    pub fn decided_kind(&self) -> Option<Kind> {
        (self.status != Status::Waiting).then_some(self.kind)
    }
}

/// How much a list holds, and where it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// How many there are among the newest [`LOOKED_AT_MAX`] processes.
    pub total: u64,
    /// After what to ask; nothing where the list begins, and where fewer there are.
    pub place: Option<ListCursor>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// The place is one of a list that is sorted by something else.
    #[error("the place belongs to a list in another order")]
    OtherSort,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Store {
    /// Reads a page of at most so many of a tenant's processes, from 1 to [`LIST_MAX`].
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
        // One more than fits tells whether something follows.
        let taken = to_bigint(limit + 1);
        let asked = (tenant, selection);
        let rows = read(&connection, statement(sort), asked, bound, taken).await?;
        let place = |row: &Row, column: usize| {
            let at: Option<Timestamp> = row.get(column);
            let key: Option<Uuid> = row.get(column + 1);
            at.zip(key).map(|(at, key)| ListCursor {
                sort,
                at,
                key: ProcessKey(key),
            })
        };
        let far = rows.first().and_then(|row| place(row, 21));
        let passed = rows.iter().filter_map(|row| Some((place(row, 0)?, row)));
        let passed: Vec<_> = passed.collect();
        let fits = usize::try_from(limit).unwrap_or(usize::MAX);
        let next = match passed.get(fits) {
            Some(_) => passed.get(fits - 1).map(|(last, _)| *last),
            None => far,
        };
        let processes = passed.iter().take(fits);
        // One that this version can't read is left out: the others are listed all the same.
        let processes = processes.filter_map(|(_, row)| listed(row).ok());
        Ok(Listing {
            processes: processes.collect(),
            next,
        })
    }

    /// Counts what a list holds of a tenant's newest [`LOOKED_AT_MAX`] processes, and finds the place
    /// after so many of them, for those who can't hold a place themselves.
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
        let asked = (tenant, selection);
        let bound = selection.bound(None);
        let rows = read(&connection, COUNT, asked, bound, to_bigint(skipped)).await?;
        let row = rows.first().ok_or(StoreError::Corrupt("count of a list"))?;
        let (at, key): (Option<Timestamp>, Option<Uuid>) = (row.get(1), row.get(2));
        let place = at.zip(key).map(|(at, key)| ListCursor {
            sort,
            at,
            key: ProcessKey(key),
        });
        Ok(Counted {
            total: from_bigint(row.get(0)),
            place,
        })
    }
}

async fn read(
    connection: &Connection,
    statement: &'static str,
    (tenant, selection): (&str, &Selection),
    (at, key): Bound,
    taken: i64,
) -> Result<Vec<Row>, StoreError> {
    let looked_at = to_bigint(LOOKED_AT_MAX);
    let statement = connection.prepared(statement).await?;
    let statuses = column(&selection.statuses, |status| status.name());
    let filename = selection.filename.as_deref().map(containing);
    let values: [&(dyn ToSql + Sync); 17] = [
        &tenant,
        &at,
        &key,
        &looked_at,
        &taken,
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
    // One round trip: what is polled together is sent together, in this order.
    let (begun, rows, committed) = tokio::join!(
        biased;
        connection.batch_execute(BEGIN),
        connection.query(&statement, &values),
        connection.batch_execute("commit"),
    );
    begun?;
    committed?;
    connection.set_in_transaction(false);
    Ok(rows?)
}

/// The pattern of what holds that text; none of its characters means something else.
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
