//! The files of processes: their metadata; the contents are stored elsewhere.
//!
//! A file's row is inserted before its contents are written and deleted after they were removed, so
//! a crash never leaves contents without a row.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::ProcessKey;
use crate::store::{Store, StoreError, column, from_bigint, to_bigint};

const BEGIN: &str = include_str!("../queries/write/begin_file.sql");
const FINISH: &str = include_str!("../queries/write/finish_file.sql");
const FIND: &str = include_str!("../queries/write/find_file.sql");
const DUE: &str = include_str!("../queries/write/due_files.sql");
const DELETE: &str = include_str!("../queries/write/delete_files.sql");
const DEFER: &str = include_str!("../queries/write/defer_files.sql");

/// A file that was stored completely.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its sanitized name.
    pub name: String,
    /// Its media type, detected from its contents.
    pub media_type: String,
    /// Bytes.
    pub size: u64,
    /// The SHA-256 of its contents, in hexadecimal.
    pub sha256: String,
}

impl Store {
    /// Inserts a file whose contents are about to be written. It is removed unless its process
    /// exists after `orphan_after`.
    pub async fn begin_file(
        &self,
        process: ProcessKey,
        id: Uuid,
        (name, media_type): (&str, &str),
        orphan_after: Duration,
    ) -> Result<(), StoreError> {
        let after = orphan_after.as_secs_f64();
        self.run(BEGIN, &[&process.0, &id, &name, &media_type, &after])
            .await
            .map(drop)
    }

    /// Records that the contents of a file are complete.
    pub async fn finish_file(
        &self,
        process: ProcessKey,
        id: Uuid,
        size: u64,
        sha256: &str,
    ) -> Result<(), StoreError> {
        self.run(FINISH, &[&process.0, &id, &to_bigint(size), &sha256])
            .await
            .map(drop)
    }

    /// A file that was stored completely.
    pub async fn file(&self, process: ProcessKey, id: Uuid) -> Result<Option<File>, StoreError> {
        let row = self.row_if_any(FIND, &[&process.0, &id]).await?;
        Ok(row.map(|row| File {
            name: row.get(0),
            media_type: row.get(1),
            size: from_bigint(row.get(2)),
            sha256: row.get(3),
        }))
    }

    /// Of at most `limit` due files those whose process does not exist, as process and id.
    pub async fn due_files(&self, limit: i64) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        let connection = self.connection().await?;
        connection.set_in_transaction(true);
        let rows = connection.rows(DUE, &[&limit]).await?;
        connection.set_in_transaction(false);
        Ok(column(&rows, |row| (row.get(0), row.get(1))))
    }

    /// Deletes files whose contents were removed.
    pub async fn delete_files(&self, gone: &[(Uuid, Uuid)]) -> Result<(), StoreError> {
        if gone.is_empty() {
            return Ok(());
        }
        let processes = column(gone, |(process, _)| *process);
        let ids = column(gone, |(_, id)| *id);
        self.alone(DELETE, &[&processes, &ids]).await.map(drop)
    }

    /// Makes files due again only after `after`.
    pub async fn defer_files(
        &self,
        files: &[(Uuid, Uuid)],
        after: Duration,
    ) -> Result<(), StoreError> {
        if files.is_empty() {
            return Ok(());
        }
        let processes = column(files, |(process, _)| *process);
        let ids = column(files, |(_, id)| *id);
        let after = after.as_secs_f64();
        self.alone(DEFER, &[&processes, &ids, &after])
            .await
            .map(drop)
    }
}
