//! Following one process for people: what is asked of the database again and again.

use jiff::Timestamp;
use tokio_postgres::Row;

use super::record::LoggedEvent;
use super::{Store, StoreError, column, process, record};
use crate::core::{Process, ProcessKey};

const PROCESS: &str = include_str!("queries/watch_process.sql");
const NEW_STEPS: &str = include_str!("queries/read_new_steps.sql");

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
    pub position: i64,
    /// Whether the steps were too many for one look.
    pub more: bool,
}

impl Store {
    /// Looks at a process, with the steps that were logged after `position` (0 at first); `None`
    /// if nobody ever spoke of it.
    pub async fn glance(
        &self,
        key: ProcessKey,
        position: i64,
    ) -> Result<Option<Glance>, StoreError> {
        let connection = self.connection().await?;
        // The record first: what it says of an end then covers every step that is shown.
        let statement = connection.prepared(PROCESS).await?;
        let Some(row) = connection.query_opt(&statement, &[&key.0]).await? else {
            return Ok(None);
        };
        let statement = connection.prepared(NEW_STEPS).await?;
        let steps = connection
            .query(&statement, &[&key.0, &position, &STEPS_MAX])
            .await?;
        let last = |row: &Row| row.get(8);
        Ok(Some(Glance {
            process: process::from_row(&row)?,
            created_at: row.get(30),
            position: steps.last().map_or(position, last),
            more: i64::try_from(steps.len()).is_ok_and(|count| count >= STEPS_MAX),
            steps: column(&steps, record::logged_event),
        }))
    }
}
