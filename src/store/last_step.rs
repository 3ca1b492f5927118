//! The last step of many processes, for a list of them.

use std::collections::HashMap;

use super::{Store, StoreError, column, from_bigint, to_bigint};
use crate::core::ProcessKey;

const LAST: &str = include_str!("queries/last_steps.sql");

/// Steps of one process that are looked through.
const STEPS_MAX: u64 = 1_000;

/// What is known of the last step of a process that has any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LastStep {
    /// Its data, as received.
    Said(String),
    /// There are more than a list looks through.
    OfTooMany,
}

impl Store {
    /// The last step of each of these processes that has any.
    pub async fn last_steps(
        &self,
        keys: &[ProcessKey],
    ) -> Result<HashMap<ProcessKey, LastStep>, StoreError> {
        if keys.is_empty() {
            return Ok(HashMap::new());
        }
        let connection = self.connection().await?;
        let statement = connection.prepared(LAST).await?;
        let keys = column(keys, |key| key.0);
        let rows = connection
            .query(&statement, &[&keys, &to_bigint(STEPS_MAX + 1)])
            .await?;
        let steps = rows.iter().map(|row| {
            let step = match from_bigint(row.get(2)) > STEPS_MAX {
                true => LastStep::OfTooMany,
                false => LastStep::Said(row.get(1)),
            };
            (ProcessKey(row.get(0)), step)
        });
        Ok(steps.collect())
    }
}
