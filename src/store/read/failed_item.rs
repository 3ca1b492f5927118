//! All failed items of a process, in pages.

use crate::domain::ProcessKey;
use crate::store::{Store, StoreError, column};

const FAILED: &str = include_str!("../queries/read/failed_items.sql");

/// The most items of a page.
const ITEMS_MAX: i64 = 1_000;
/// The most bytes of a page's messages, without those of its last item.
const BYTES_MAX: i64 = 1 << 20;

/// A failed item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedItem {
    /// Its name.
    pub identifier: String,
    /// What people read.
    pub messages: Vec<String>,
    /// The document it became nevertheless.
    pub document_id: Option<String>,
}

impl Store {
    /// The failed items after an identifier, or the first ones after an empty one.
    pub async fn failed_items(
        &self,
        key: ProcessKey,
        after: &str,
    ) -> Result<Vec<FailedItem>, StoreError> {
        let rows = self
            .rows(FAILED, &[&key.0, &after, &ITEMS_MAX, &BYTES_MAX])
            .await?;
        Ok(column(&rows, |row| FailedItem {
            identifier: row.get(0),
            messages: row.get(1),
            document_id: row.get(2),
        }))
    }
}
