//! The files of processes: their metadata; the contents are stored elsewhere.
//!
//! Each attempt to write a file has an object and a row of its own; the first that is complete becomes
//! the file. A row is inserted before its object is written and deleted after it was removed, so a
//! crash never leaves an object without a row.

use std::time::Duration;

use uuid::Uuid;

use crate::domain::ProcessKey;
use crate::store::connection::Values;
use crate::store::{Connection, Store, StoreError, column, from_bigint, to_bigint};

const BEGIN: &str = include_str!("../queries/write/begin_file.sql");
const FINISH: &str = include_str!("../queries/write/finish_file.sql");
const FIND: &str = include_str!("../queries/write/find_file.sql");
const DUE: &str = include_str!("../queries/write/due_files.sql");
const DELETE: &str = include_str!("../queries/write/delete_files.sql");
const NAME: &str = include_str!("../queries/write/name_files.sql");
const WITHDRAW: &str = include_str!("../queries/write/withdraw_files.sql");
pub(super) const REFUSE: &str = include_str!("../queries/write/refuse_files.sql");

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
    /// Its object in the file store, below its process.
    pub object: Uuid,
}

/// An attempt to write a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempt {
    /// The process of the file.
    pub process: ProcessKey,
    /// Its own object.
    pub object: Uuid,
}

/// Makes the files of refused openings due, unless another event may name them.
pub(super) async fn refuse(connection: &Connection, keys: &[Uuid]) -> Result<(), StoreError> {
    connection.run_for(keys, REFUSE, &[&keys]).await.map(drop)
}

impl Store {
    /// Inserts an attempt whose object is about to be written. It is removed unless an event names
    /// the file within `abandoned_after`.
    pub async fn begin_file(
        &self,
        attempt: Attempt,
        (name, media_type): (&str, &str),
        abandoned_after: Duration,
    ) -> Result<(), StoreError> {
        let after = abandoned_after.as_secs_f64();
        let Attempt { process, object } = attempt;
        self.run(BEGIN, &[&process.0, &object, &name, &media_type, &after])
            .await
            .map(drop)
    }

    /// Makes a complete attempt the file with this id; returns false if another one is it already, or
    /// if the attempt was removed.
    pub async fn finish_file(
        &self,
        attempt: Attempt,
        id: Uuid,
        size: u64,
        sha256: &str,
    ) -> Result<bool, StoreError> {
        let Attempt { process, object } = attempt;
        let values: Values<'_> = &[&process.0, &object, &id, &to_bigint(size), &sha256];
        Ok(self.run(FINISH, values).await? > 0)
    }

    /// A file that was stored completely.
    pub async fn file(&self, process: ProcessKey, id: Uuid) -> Result<Option<File>, StoreError> {
        let row = self.row_if_any(FIND, &[&process.0, &id]).await?;
        Ok(row.map(|row| File {
            name: row.get(0),
            media_type: row.get(1),
            size: from_bigint(row.get(2)),
            sha256: row.get(3),
            object: row.get(4),
        }))
    }

    /// Notes that an event that names these files is about to be published, and keeps them for
    /// `kept_for`, or as long as their process; returns false if one of them is missing.
    pub async fn name_files(
        &self,
        files: &[(Uuid, Uuid)],
        kept_for: Duration,
    ) -> Result<bool, StoreError> {
        let (processes, ids): (Vec<_>, Vec<_>) = files.iter().copied().unzip();
        let values: Values<'_> = &[&processes, &ids, &kept_for.as_secs_f64()];
        let named = self.run(NAME, values).await?;
        Ok(named == files.len() as u64)
    }

    /// Makes files due that no published event names.
    pub async fn withdraw_files(&self, files: &[(Uuid, Uuid)]) -> Result<(), StoreError> {
        let (processes, ids): (Vec<_>, Vec<_>) = files.iter().copied().unzip();
        self.run(WITHDRAW, &[&processes, &ids]).await.map(drop)
    }

    /// Claims at most `limit` due files, as process and object, of those that no accepted event can
    /// name. They are due again after `retry_after`.
    pub async fn due_files(
        &self,
        limit: i64,
        retry_after: Duration,
    ) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
        let connection = self.connection().await?;
        connection.set_in_transaction(true);
        let values: Values<'_> = &[&limit, &retry_after.as_secs_f64()];
        let rows = connection.rows(DUE, values).await?;
        connection.set_in_transaction(false);
        Ok(column(&rows, |row| (row.get(0), row.get(1))))
    }

    /// Deletes files whose objects were removed.
    pub async fn delete_files(&self, gone: &[(Uuid, Uuid)]) -> Result<(), StoreError> {
        if gone.is_empty() {
            return Ok(());
        }
        let (processes, objects): (Vec<_>, Vec<_>) = gone.iter().copied().unzip();
        self.alone(DELETE, &[&processes, &objects]).await.map(drop)
    }
}
