//! Lists of a tenant's processes, the newest first, page by page.
//!
//! A page looks at a bounded number of processes in the order of an index, whatever the filter, and
//! holds those that passed. Its `next` moves on over what the filter left out, so a reader that
//! follows it comes to the end, and sees each process once: the place of one never changes, but for
//! an opening that is found to be earlier.

use std::sync::LazyLock;

use jiff::Timestamp;
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;
use uuid::Uuid;

use super::place::{Place, Sort};
use super::selection::{Bound, Selection};
use super::{Connection, Store, StoreError, column, from_bigint, process, to_bigint};
use crate::core::{Kind, ProcessKey, Status};

const BEGIN: &str = include_str!("queries/begin_list.sql");
const LIST: &str = include_str!("queries/list_processes.sql");
/// Where the column stands that a list is sorted by.
const COLUMN: &str = "{at}";
/// What a line ends with, and in which lists it is.
const ONLY: &str = " -- only ";

/// The most processes of one page.
pub const LIST_MAX: u64 = 1_000;
/// How many processes one page looks at.
const LOOKED_AT_MAX: i64 = 10_000;

/// The statement of each list.
static STATEMENTS: LazyLock<[String; 4]> = LazyLock::new(|| Sort::ALL.map(filled_in));

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Listing {
    /// What passed, the newest first.
    pub processes: Vec<Listed>,
    /// After what to ask next; nothing at the end.
    pub next: Option<Place>,
}

/// One process of a list.
#[derive(Debug, Clone)]
pub struct Listed {
    /// Its public name.
    pub token: String,
    /// Who owns it.
    pub tenant: String,
    /// What it tracks.
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
        after: Option<Place>,
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
        let rows = read(&connection, tenant, selection, bound, taken).await?;
        let place = |row: &Row, column: usize| {
            let at: Option<Timestamp> = row.get(column);
            let key: Option<Uuid> = row.get(column + 1);
            at.zip(key).map(|(at, key)| Place {
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
        let processes = passed.iter().take(fits).map(|(_, row)| listed(row));
        Ok(Listing {
            processes: processes.collect::<Result<_, _>>()?,
            next,
        })
    }
}

/// The statement of a page in that order.
#[must_use]
pub fn statement(sort: Sort) -> &'static str {
    let [created, opened, ended, group] = &*STATEMENTS;
    match sort {
        Sort::Created => created,
        Sort::Opened => opened,
        Sort::Ended => ended,
        Sort::Group => group,
    }
}

/// The text of all lists as that of one of them.
fn filled_in(sort: Sort) -> String {
    let (column, own) = match sort {
        Sort::Created => ("created_at", ""),
        Sort::Opened => ("opened_at", "by opened_at"),
        Sort::Ended => ("ended_at", "by ended_at"),
        Sort::Group => ("created_at", "of a group"),
    };
    let line = |line: &str| {
        let (text, list) = line.split_once(ONLY).unwrap_or((line, own));
        (list == own).then(|| text.replace(COLUMN, column) + "\n")
    };
    LIST.lines().filter_map(line).collect()
}

async fn read(
    connection: &Connection,
    tenant: &str,
    selection: &Selection,
    (at, key): Bound,
    taken: i64,
) -> Result<Vec<Row>, StoreError> {
    let statement = statement(selection.sort());
    let statement = connection.prepared(statement).await?;
    let statuses = column(&selection.statuses, |status| status.name());
    let filename = selection.filename.as_deref().map(containing);
    let values: [&(dyn ToSql + Sync); 17] = [
        &tenant,
        &at,
        &key,
        &LOOKED_AT_MAX,
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

fn listed(row: &Row) -> Result<Listed, StoreError> {
    let (done, items) = (from_bigint(row.get(6)), from_bigint(row.get(8)));
    Ok(Listed {
        tenant: row.get(2),
        token: row.get(3),
        kind: process::kind(row.get(4))?,
        status: Status::from_name(row.get(5)).ok_or(StoreError::Corrupt("status"))?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_has_its_column_and_its_own_bound_alone() {
        for (sort, own, others) in [
            (Sort::Created, "(p.created_at, p.key) <", 0),
            (Sort::Opened, "p.opened_at >= coalesce($13", 2),
            (Sort::Ended, "p.ended_at >= coalesce($15", 2),
            (Sort::Group, "and p.group_name = $9", 2),
        ] {
            let statement = statement(sort);
            assert_eq!(statement.matches(own).count(), 2, "{statement}");
            let bounds = ["p.opened_at >=", "p.ended_at >=", "p.group_name ="];
            let bounds = bounds.map(|bound| statement.matches(bound).count());
            assert_eq!(bounds.iter().sum::<usize>(), others, "{statement}");
            assert!(statement.lines().skip(3).all(|line| !line.contains(COLUMN)));
        }
    }
}
