//! All failed items of a process, however many, in pages.

use crate::domain::ProcessKey;
use crate::store::{Store, StoreError, column};

const FAILED: &str = include_str!("../queries/read/failed_items.sql");

/// A page has at most so many.
const ITEMS_MAX: i64 = 1_000;
/// What the messages of a page may take, but for its last item's.
const BYTES_MAX: i64 = 1 << 20;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedItem {
    /// Its name.
    pub identifier: String,
    /// What people read.
    pub messages: Vec<String>,
    /// The document it became all the same.
    pub document_id: Option<String>,
}

impl Store {
    /// The next of them after an identifier, or the first after an empty one; none after the last.
    pub async fn failed_items(
        &self,
        key: ProcessKey,
        after: &str,
    ) -> Result<Vec<FailedItem>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(FAILED).await?;
        let rows = connection
            .query(&statement, &[&key.0, &after, &ITEMS_MAX, &BYTES_MAX])
            .await?;
        Ok(column(&rows, |row| FailedItem {
            identifier: row.get(0),
            messages: row.get(1),
            document_id: row.get(2),
        }))
    }
}
