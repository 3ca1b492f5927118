//! The current position of processes for lists: their last step, and the stages of orders.

use std::collections::HashMap;

use tokio_postgres::Row;

use crate::domain::ProcessKey;
use crate::store::connection::Values;
use crate::store::{Store, StoreError, column, from_bigint, to_bigint};

const READ: &str = include_str!("../queries/read/read_latest.sql");

/// The most steps of one process that are scanned.
const STEPS_MAX: u64 = 1_000;
/// The most stages of one process that are returned.
const STAGES_MAX: u64 = 5;

/// The current position of a process.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CurrentPosition {
    /// Its last step, if it has any.
    pub step: Option<LastStep>,
    /// The first [`STAGES_MAX`] current stages of an order.
    pub stages: Vec<String>,
}

/// The last step of a process that has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastStep {
    /// Its data, as received.
    Said(String),
    /// Unknown: the process has more steps than a list scans.
    OfTooMany,
}

impl Store {
    /// The current position of each of these processes.
    pub async fn latest(
        &self,
        keys: &[ProcessKey],
    ) -> Result<HashMap<ProcessKey, CurrentPosition>, StoreError> {
        let keys = column(keys, |key| key.0);
        let values: Values<'_> = &[&keys, &to_bigint(STEPS_MAX + 1), &to_bigint(STAGES_MAX)];
        let rows = self.rows_for(&keys, READ, values).await?;
        let keyed = rows.iter().map(|row| (ProcessKey(row.get(0)), latest(row)));
        Ok(keyed.collect())
    }
}

fn latest(row: &Row) -> CurrentPosition {
    let seen = row.get::<_, Option<i64>>(2).map_or(0, from_bigint);
    let step = match seen > STEPS_MAX {
        true => Some(LastStep::OfTooMany),
        false => row.get::<_, Option<_>>(1).map(LastStep::Said),
    };
    CurrentPosition {
        step,
        stages: row.get(3),
    }
}
