//! Following one process for people: what is asked of the database again and again.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::feed_cursor::{self, Cursor};
use super::record::{self, LoggedEvent};
use crate::domain::{Kind, Process, ProcessKey};
use crate::store::write::process;
use crate::store::{Store, StoreError, column};

const PROCESS: &str = include_str!("../queries/read/watch_process.sql");
const NEW_STEPS: &str = include_str!("../queries/read/read_new_steps.sql");
const ENDED: &str = include_str!("../queries/read/ended_processes.sql");
const KIND: &str = include_str!("../queries/read/find_kind.sql");

/// How many new steps one look takes.
const STEPS_MAX: i64 = 1_000;

/// A look at a process.
#[derive(Debug, Clone)]
pub struct Glance {
    /// The record.
    pub process: Process,
    /// When it was first heard of.
    pub created_at: Timestamp,
    /// Steps that were logged since the look before, in the order they came.
    pub steps: Vec<LoggedEvent>,
    /// Where the next look begins.
    pub place: Cursor,
    /// Whether the steps were too many for one look.
    pub more: bool,
}

impl Store {
    /// Looks at a process, with the steps that were logged after `place`; `None` if nobody ever
    /// spoke of it.
    pub async fn glance(
        &self,
        key: ProcessKey,
        place: Cursor,
    ) -> Result<Option<Glance>, StoreError> {
        let connection = self.connection().await?;
        // The record first: what it says of an end then covers every step that is shown.
        let statement = connection.prepared(PROCESS).await?;
        let Some(row) = connection.query_opt(&statement, &[&key.0]).await? else {
            return Ok(None);
        };
        let process = process::from_row(&row)?;
        let ended = process.ended.is_some();
        let statement = connection.prepared(NEW_STEPS).await?;
        let Cursor { epoch, tx, pos } = place;
        let tx = tx.to_string();
        let steps = connection
            .query(&statement, &[&key.0, &epoch, &tx, &pos, &ended, &STEPS_MAX])
            .await?;
        let last = steps.last().map(|row| feed_cursor::from_row(row, 8));
        Ok(Some(Glance {
            process,
            created_at: row.get(30),
            place: last.transpose()?.unwrap_or(place),
            more: i64::try_from(steps.len()).is_ok_and(|count| count >= STEPS_MAX),
            steps: column(&steps, record::logged_event),
        }))
    }
}

impl Store {
    /// Which of these processes have ended.
    pub async fn ended(&self, keys: &[ProcessKey]) -> Result<Vec<ProcessKey>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(ENDED).await?;
        let keys = column(keys, |key| key.0);
        let rows = connection.query(&statement, &[&keys]).await?;
        Ok(column(&rows, |row| ProcessKey(row.get(0))))
    }

    /// What a process tracks; `None` if nobody ever spoke of it.
    pub async fn kind(&self, key: ProcessKey) -> Result<Option<Kind>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(KIND).await?;
        let row = connection.query_opt(&statement, &[&key.0]).await?;
        let kind = |row: Row| Kind::from_name(row.get(0)).ok_or(StoreError::Corrupt("kind"));
        row.map(kind).transpose()
    }
}
