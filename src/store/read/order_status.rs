//! The status of orders, for people: their forms, their stops, and their parked pushes.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::value::RawValue;
use tokio_postgres::Row;

use crate::domain::ProcessKey;
use crate::domain::order::Stop;
use crate::store::connection::Values;
use crate::store::write::stage;
use crate::store::{Store, StoreError, Unreadable, column, from_bigint};

const STATUS: &str = include_str!("../queries/read/read_order_status.sql");
const STOPS: &str = include_str!("../queries/read/read_stops.sql");
const PARKED: &str = include_str!("../queries/read/read_parked.sql");

/// The status of an order.
#[derive(Debug, Clone, Default)]
pub struct OrderStatus {
    /// The version of the workflow it opened with; 0 without one, `None` before the opening.
    pub version: Option<i32>,
    /// What was filled in: JSON by field.
    pub form: BTreeMap<String, String>,
    /// What came with the opening, JSON.
    pub attachments: Option<String>,
    /// The current stops, then those it left.
    pub stops: Vec<Stop>,
    /// How many stops there are.
    pub stops_count: u64,
    /// The parked pushes.
    pub parked: Vec<ParkedPush>,
    /// How many of them there are.
    pub parked_count: u64,
}

/// A parked push.
#[derive(Debug, Clone)]
pub struct ParkedPush {
    /// Who produced it.
    pub source: String,
    /// Its id.
    pub id: String,
    /// When it was parked.
    pub parked_at: Timestamp,
    /// Its data, JSON as received.
    pub data: String,
}

impl Store {
    /// The statuses of orders, each with at most `max` stops and `max` parked pushes, in one round
    /// trip.
    pub async fn order_statuses(
        &self,
        keys: &[ProcessKey],
        max: i64,
    ) -> Result<HashMap<ProcessKey, Result<OrderStatus, Unreadable>>, StoreError> {
        let keys = column(keys, |key| key.0);
        let by_key: Values<'_> = &[&keys];
        let limited: Values<'_> = &[&keys, &max];
        let connection = self.connection().await?;
        let (kept, stops, parked) = tokio::join!(
            biased;
            connection.rows(STATUS, by_key),
            connection.rows(STOPS, limited),
            connection.rows(PARKED, limited),
        );
        let mut order_statuses = HashMap::with_capacity(keys.len());
        for row in kept? {
            order_statuses.insert(ProcessKey(row.get(0)), order_status(&row));
        }
        for row in stops? {
            let Some(entry) = order_statuses.get_mut(&ProcessKey(row.get(0))) else {
                continue;
            };
            if let Ok(order_status) = entry {
                match stage::stop(&row) {
                    Ok(stop) => order_status.stops.push(stop),
                    Err(unreadable) => *entry = Err(unreadable),
                }
            }
        }
        for row in parked? {
            if let Some(Ok(order_status)) = order_statuses.get_mut(&ProcessKey(row.get(0))) {
                order_status.parked.push(parked_push(&row));
            }
        }
        Ok(order_statuses)
    }
}

/// The columns of the record, without the lists.
fn order_status(row: &Row) -> Result<OrderStatus, Unreadable> {
    Ok(OrderStatus {
        version: row.get(1),
        form: form(row.get(2))?,
        attachments: row.get(3),
        stops: Vec::new(),
        stops_count: from_bigint(row.get(4)),
        parked: Vec::new(),
        parked_count: from_bigint(row.get(5)),
    })
}

/// The values without their stamps.
fn form(text: Option<&str>) -> Result<BTreeMap<String, String>, Unreadable> {
    let other = |_| Unreadable::contents("form");
    let fields: BTreeMap<String, (String, Box<RawValue>)> =
        serde_json::from_str(text.unwrap_or("{}")).map_err(other)?;
    let value = |(id, (_, raw)): (String, (String, Box<RawValue>))| (id, raw.get().to_owned());
    Ok(fields.into_iter().map(value).collect())
}

fn parked_push(row: &Row) -> ParkedPush {
    ParkedPush {
        source: row.get(1),
        id: row.get(2),
        parked_at: row.get(3),
        data: row.get(4),
    }
}
