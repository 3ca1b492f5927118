//! What a list says of where processes are just now: their last step, and the stages of orders.

use std::collections::HashMap;

use tokio_postgres::Row;

use crate::domain::ProcessKey;
use crate::store::{Store, StoreError, column, from_bigint, to_bigint};

const READ: &str = include_str!("../queries/read/read_latest.sql");

/// Steps of one process that are looked through.
const STEPS_MAX: u64 = 1_000;
/// Stages of one process that are told.
const STAGES_MAX: u64 = 5;

/// Where a process is just now.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Latest {
    /// Its last step, if it has any.
    pub step: Option<LastStep>,
    /// The first [`STAGES_MAX`] stages where it stands, if it is an order.
    pub stages: Vec<String>,
}

/// What is known of the last step of a process that has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastStep {
    /// Its data, as received.
    Said(String),
    /// There are more than a list looks through.
    OfTooMany,
}

impl Store {
    /// Where each of these processes is.
    pub async fn latest(
        &self,
        keys: &[ProcessKey],
    ) -> Result<HashMap<ProcessKey, Latest>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let connection = self.connection().await?;
        let statement = connection.prepared(READ).await?;
        let keys = column(keys, |key| key.0);
        let rows = connection
            .query(
                &statement,
                &[&keys, &to_bigint(STEPS_MAX + 1), &to_bigint(STAGES_MAX)],
            )
            .await?;
        let keyed = rows.iter().map(|row| (ProcessKey(row.get(0)), latest(row)));
        Ok(keyed.collect())
    }
}

fn latest(row: &Row) -> Latest {
    let seen = row.get::<_, Option<i64>>(2).map_or(0, from_bigint);
    let step = match seen > STEPS_MAX {
        true => Some(LastStep::OfTooMany),
        false => row.get::<_, Option<_>>(1).map(LastStep::Said),
    };
    Latest {
        step,
        stages: row.get(3),
    }
}
