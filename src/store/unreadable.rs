//! Stored values that this version can't read: a newer version wrote them, or they are damaged.

use std::fmt;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::StoreError;

/// How much of a value is shown, in characters.
const SHOWN_MAX: usize = 100;

/// A stored value that this version can't read. Displayed, and as an error, it names the column only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    column: &'static str,
    /// The column with its value, as far as that may be shown.
    text: String,
}

impl Unreadable {
    /// A column with this value, which must be none of a producer's contents.
    #[must_use]
    pub fn value(column: &'static str, value: &str) -> Self {
        let shown: String = value.chars().take(SHOWN_MAX).collect();
        let text = format!("{column} is {shown:?}");
        Self { column, text }
    }

    /// A column with contents of another form.
    #[must_use]
    pub fn contents(column: &'static str) -> Self {
        let text = format!("{column} has contents of another form");
        Self { column, text }
    }

    /// A version of a workflow.
    #[must_use]
    pub fn workflow(name: &str, version: i32) -> Self {
        Self {
            column: "workflow",
            text: format!("workflow {name} version {version} is not there or of another form"),
        }
    }

    /// The column.
    #[must_use]
    pub fn column(&self) -> &'static str {
        self.column
    }

    /// What people read of it, with the value.
    #[must_use]
    pub fn detail(&self) -> String {
        format!("this version can't read what is stored: {}", self.text)
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "the stored {} can't be read", self.column)
    }
}

impl From<Unreadable> for StoreError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Corrupt(unreadable.column)
    }
}

/// A column whose type has values that this program has none for.
pub(super) fn get<'a, T: FromSql<'a>>(
    row: &'a Row,
    index: usize,
    column: &'static str,
) -> Result<T, Unreadable> {
    row.try_get(index).map_err(|_| Unreadable::contents(column))
}
