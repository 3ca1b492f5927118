//! Reading where an order stands, for people: its form, its stops, and the pushes that wait.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{Connection, Store, StoreError, column, from_bigint};
use crate::core::ProcessKey;
use crate::core::order::{Left, Stop};

const STANDING: &str = include_str!("queries/read_standing.sql");
const STOPS: &str = include_str!("queries/read_stops.sql");
const PARKED: &str = include_str!("queries/read_parked.sql");

/// What a record keeps of an order.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The version of the workflow it opened with; 0 without one, none before the opening.
    pub version: Option<i32>,
    /// What was filled in: JSON by field.
    pub form: BTreeMap<String, String>,
    /// What came with the opening, JSON.
    pub attachments: Option<String>,
    /// Where it stands, then what it left.
    pub stops: Vec<Stop>,
    /// How many stops there are.
    pub stops_count: u64,
    /// The pushes that wait for their stops.
    pub parked: Vec<ParkedPush>,
    /// How many of them there are.
    pub parked_count: u64,
}

/// A push that waits for its stop.
#[derive(Debug, Clone)]
pub struct ParkedPush {
    /// Who produced it.
    pub source: String,
    /// Its id.
    pub id: String,
    /// Since when.
    pub parked_at: Timestamp,
    /// Its data, JSON as received.
    pub data: String,
}

impl Store {
    /// Where an order stands, with at most so many stops and so many pushes that wait; empty for
    /// what is no order.
    pub async fn standing(&self, key: ProcessKey, max: i64) -> Result<Standing, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(STANDING).await?;
        let Some(row) = connection.query_opt(&statement, &[&key.0]).await? else {
            return Ok(Standing::default());
        };
        Ok(Standing {
            version: row.get(0),
            form: form(row.get(1))?,
            attachments: row.get(2),
            stops: stops(&connection, key.0, max).await?,
            stops_count: from_bigint(row.get(3)),
            parked: parked(&connection, key.0, max).await?,
            parked_count: from_bigint(row.get(4)),
        })
    }
}

/// The values without their stamps.
fn form(text: Option<&str>) -> Result<BTreeMap<String, String>, StoreError> {
    let corrupt = |_| StoreError::Corrupt("form");
    let fields: BTreeMap<String, (String, Box<RawValue>)> =
        serde_json::from_str(text.unwrap_or("{}")).map_err(corrupt)?;
    let value = |(id, (_, raw)): (String, (String, Box<RawValue>))| (id, raw.get().to_owned());
    Ok(fields.into_iter().map(value).collect())
}

async fn stops(connection: &Connection, key: Uuid, max: i64) -> Result<Vec<Stop>, StoreError> {
    let statement = connection.prepared(STOPS).await?;
    let rows = connection.query(&statement, &[&key, &max]).await?;
    Ok(column(&rows, |row| Stop {
        data_id: row.get(0),
        stage: row.get(1),
        number: row.get::<_, i32>(2).cast_unsigned(),
        entered_at: row.get(3),
        due_at: row.get(4),
        left: row.get::<_, Option<Timestamp>>(5).map(|at| Left {
            at,
            outcome: row.get(6),
        }),
    }))
}

async fn parked(
    connection: &Connection,
    key: Uuid,
    max: i64,
) -> Result<Vec<ParkedPush>, StoreError> {
    let statement = connection.prepared(PARKED).await?;
    let rows = connection.query(&statement, &[&key, &max]).await?;
    Ok(column(&rows, |row| ParkedPush {
        source: row.get(0),
        id: row.get(1),
        parked_at: row.get(2),
        data: row.get(3),
    }))
}
