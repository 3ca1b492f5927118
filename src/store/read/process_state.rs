//! One fact about a process: whether it has ended, and its kind.

use tokio_postgres::Row;

use crate::domain::{Kind, ProcessKey};
use crate::store::{Store, StoreError, column};

const ENDED: &str = include_str!("../queries/read/ended_processes.sql");
const KIND: &str = include_str!("../queries/read/find_kind.sql");

impl Store {
    /// Which of these processes have ended.
    pub async fn ended(&self, keys: &[ProcessKey]) -> Result<Vec<ProcessKey>, StoreError> {
        let keys = column(keys, |key| key.0);
        let rows = self.rows(ENDED, &[&keys]).await?;
        Ok(column(&rows, |row| ProcessKey(row.get(0))))
    }

    /// What a process tracks; `None` for an unknown token.
    pub async fn kind(&self, key: ProcessKey) -> Result<Option<Kind>, StoreError> {
        let row = self.row_if_any(KIND, &[&key.0]).await?;
        let kind = |row: Row| Kind::from_name(row.get(0)).ok_or(StoreError::Corrupt("kind"));
        row.map(kind).transpose()
    }
}
