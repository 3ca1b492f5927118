//! Stored values that this version can't read: a newer version wrote them, or they are damaged.

use std::fmt;

use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use super::StoreError;

/// How much of a value is shown, in characters.
const SHOWN_MAX: usize = 100;

/// A stored value that this version can't read. Displayed, or as an error, it names only the
/// column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    column: &'static str,
    /// The column, with its value if that may be shown.
    text: String,
}

impl Unreadable {
    /// A column with this value, which must not come from a producer.
    #[must_use]
    pub fn value(column: &'static str, value: &str) -> Self {
        let shown: String = value.chars().take(SHOWN_MAX).collect();
        let text = format!("{column} is {shown:?}");
        Self { column, text }
    }

    /// A column whose contents have another format.
    #[must_use]
    pub fn contents(column: &'static str) -> Self {
        let text = format!("{column} has contents of another format");
        Self { column, text }
    }

    /// A version of a workflow.
    #[must_use]
    pub fn workflow(name: &str, version: i32) -> Self {
        Self {
            column: "workflow",
            text: format!("workflow {name} version {version} is missing or has another format"),
        }
    }

    /// The column.
    #[must_use]
    pub fn column(&self) -> &'static str {
        self.column
    }

    /// The message for people, with the value.
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

/// Reads a column whose type has values that the Rust type can't represent.
pub(super) fn get<'a, T: FromSql<'a>>(
    row: &'a Row,
    index: usize,
    column: &'static str,
) -> Result<T, Unreadable> {
    row.try_get(index).map_err(|_| Unreadable::contents(column))
}
