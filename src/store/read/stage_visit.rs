//! Look-ups of stops, for APIs that address an order by number and a stop by `data_id`.

use uuid::Uuid;

use super::numeric_id;
use crate::store::connection::Values;
use crate::store::{Store, StoreError, column};

const FIND: &str = include_str!("../queries/read/find_stop.sql");
const ACTIVE: &str = include_str!("../queries/read/find_active_stops.sql");

/// A stop that has not been left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveStop {
    /// Its id.
    pub data_id: Uuid,
    /// Its stage.
    pub stage: String,
}

/// The order at a stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageVisit {
    /// Its token.
    pub token: String,
    /// Its stage.
    pub stage: String,
    /// The version of its workflow.
    pub version: i32,
}

impl Store {
    /// The current stops of a tenant's order on a workflow, by its number; empty if there is none.
    pub async fn active_stops(
        &self,
        tenant: &str,
        workflow: &str,
        number: u64,
    ) -> Result<Vec<ActiveStop>, StoreError> {
        let Some((least, greatest)) = numeric_id::keys(number) else {
            return Ok(Vec::new());
        };
        let values: Values<'_> = &[&tenant, &workflow, &least, &greatest];
        let rows = self.rows(ACTIVE, values).await?;
        Ok(column(&rows, |row| ActiveStop {
            data_id: row.get(0),
            stage: row.get(1),
        }))
    }

    /// The tenant's order on a workflow that is at this stop.
    pub async fn find_stop(
        &self,
        tenant: &str,
        workflow: &str,
        data_id: Uuid,
    ) -> Result<Option<StageVisit>, StoreError> {
        let row = self
            .row_if_any(FIND, &[&tenant, &workflow, &data_id])
            .await?;
        Ok(row.map(|row| StageVisit {
            token: row.get(0),
            stage: row.get(1),
            version: row.get::<_, Option<i32>>(2).unwrap_or(0),
        }))
    }
}
