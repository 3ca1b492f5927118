//! The table `stage`, and the columns of orders in `process`: with the parked pushes all that a
//! batch of order events needs besides the records.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;
use tokio_postgres::Row;
use uuid::Uuid;

use super::dead_letter::DeadLetter;
use super::parked::{self, ParkedRow, PushId};
use crate::domain::ProcessKey;
use crate::domain::form::Form;
use crate::domain::order::{Left, Stop};
use crate::store::connection::Values;
use crate::store::unreadable::get;
use crate::store::{Connection, StoreError, Unreadable, column, stamp};

pub(super) const LOAD: &str = include_str!("../queries/write/load_orders.sql");
pub(super) const LOAD_STOPS: &str = include_str!("../queries/write/load_stops.sql");
pub(super) const NEWEST: &str = include_str!("../queries/write/newest_workflows.sql");
pub(super) const UPDATE: &str = include_str!("../queries/write/update_orders.sql");
pub(super) const UPSERT_STOPS: &str = include_str!("../queries/write/upsert_stops.sql");

/// The state of an order besides its record.
#[derive(Debug, Clone, Default)]
pub struct OrderRow {
    /// The version of its workflow, once it is open; 0 without a workflow.
    pub version: Option<i32>,
    /// Its form.
    pub form: Form,
    /// Its stops.
    pub stops: Vec<Stop>,
    /// Its parked pushes.
    pub parked: Vec<ParkedRow>,
}

/// Orders by process, and the newest workflow versions.
#[derive(Debug, Default)]
pub struct LoadedOrders {
    /// The state of each.
    pub rows: HashMap<ProcessKey, OrderRow>,
    /// The newest version of each requested workflow that exists.
    pub newest: BTreeMap<String, i32>,
    /// Orders that this version can't read.
    pub unreadable: HashMap<ProcessKey, Unreadable>,
}

impl LoadedOrders {
    fn row(&mut self, key: Uuid) -> &mut OrderRow {
        self.rows.entry(ProcessKey(key)).or_default()
    }
}

/// The changes of orders in a batch.
#[derive(Debug, Default)]
pub struct OrderChanges {
    /// Changed records.
    pub orders: Vec<OrderChange>,
    /// Stops that were entered or left.
    pub stops: Vec<(ProcessKey, Stop)>,
    /// Pushes to park, each with the dead letter that it may become.
    pub parked: Vec<(ProcessKey, DeadLetter)>,
    /// Parked pushes that were applied.
    pub applied: Vec<PushId>,
    /// Parked pushes that were refused, with the reason and the problem.
    pub refused: Vec<(PushId, &'static str, String)>,
}

/// Changes in the record of an order.
#[derive(Debug)]
pub struct OrderChange {
    /// Its key.
    pub key: ProcessKey,
    /// The version of its workflow.
    pub version: Option<i32>,
    /// Its form.
    pub form: Form,
    /// The attachments of its earliest opening, where they have changed.
    pub attachments: Option<Option<String>>,
    /// Its retention, where it has ended and its workflow sets one.
    pub kept: Option<SignedDuration>,
}

/// Loads orders and the newest versions of workflows: one round trip.
pub(super) async fn load(
    connection: &Connection,
    keys: &[Uuid],
    workflows: &[&str],
) -> Result<LoadedOrders, StoreError> {
    let mut orders = LoadedOrders::default();
    if keys.is_empty() {
        return Ok(orders);
    }
    let by_key: Values<'_> = &[&keys];
    let by_name: Values<'_> = &[&workflows];
    let (kept, stops, parked, newest) = tokio::join!(
        biased;
        connection.rows(LOAD, by_key),
        connection.rows(LOAD_STOPS, by_key),
        connection.rows(parked::LOAD, by_key),
        connection.rows(NEWEST, by_name),
    );
    for row in kept? {
        let key = row.get(0);
        let form = match decode_form(row.get(2)) {
            Ok(form) => form,
            Err(unreadable) => {
                orders.unreadable.insert(ProcessKey(key), unreadable);
                continue;
            }
        };
        let order = orders.row(key);
        (order.version, order.form) = (row.get(1), form);
    }
    for row in stops? {
        let key = row.get(0);
        match stop(&row) {
            Ok(stop) => orders.row(key).stops.push(stop),
            Err(unreadable) => {
                orders.unreadable.insert(ProcessKey(key), unreadable);
            }
        }
    }
    for row in parked? {
        orders.row(row.get(0)).parked.push(parked::from_row(&row));
    }
    let newest = newest?;
    orders.newest = newest.iter().map(|row| (row.get(0), row.get(1))).collect();
    Ok(orders)
}

/// Writes the changes of orders, in the round trip of the commit.
pub(super) async fn write(
    connection: &Connection,
    changes: Option<&OrderChanges>,
    shard: i16,
) -> Result<(), StoreError> {
    let Some(changes) = changes else {
        return Ok(());
    };
    let (updated, stops, parked, applied, refused) = tokio::join!(
        biased;
        update(connection, &changes.orders),
        upsert_stops(connection, &changes.stops),
        parked::insert(connection, &changes.parked, shard),
        parked::delete(connection, &changes.applied, shard),
        parked::refuse(connection, &changes.refused, shard),
    );
    updated.and(stops).and(parked).and(applied).and(refused)
}

async fn update(connection: &Connection, orders: &[OrderChange]) -> Result<(), StoreError> {
    let values: Values<'_> = &[
        &column(orders, |o| o.key.0),
        &column(orders, |o| o.version),
        &column(orders, |o| encode_form(&o.form)),
        &column(orders, |o| o.attachments.as_ref()?.as_deref()),
        &column(orders, |o| o.attachments.is_some()),
        &column(orders, |o| o.kept.map(|kept| kept.as_secs_f64())),
    ];
    connection.run_for(orders, UPDATE, values).await.map(drop)
}

async fn upsert_stops(
    connection: &Connection,
    stops: &[(ProcessKey, Stop)],
) -> Result<(), StoreError> {
    let left_at = |(_, stop): &(ProcessKey, Stop)| stop.left.as_ref().map(|left| left.at);
    let values: Values<'_> = &[
        &column(stops, |(key, _)| key.0),
        &column(stops, |(_, stop)| stop.data_id),
        &column(stops, |(_, stop)| stop.stage.as_str()),
        &column(stops, |(_, stop)| stop.number.cast_signed()),
        &column(stops, |(_, stop)| stop.entered_at),
        &column(stops, |(_, stop)| stop.due_at),
        &column(stops, left_at),
        &column(stops, |(_, stop)| stop.left.as_ref()?.outcome.as_deref()),
        &column(stops, |(_, stop)| stop.seen_at),
        &column(stops, |(_, stop)| {
            stop.left.as_ref().map(|left| left.seen_at)
        }),
    ];
    connection
        .run_for(stops, UPSERT_STOPS, values)
        .await
        .map(drop)
}

/// Reads the columns of `load_stops.sql`.
pub(in crate::store) fn stop(row: &Row) -> Result<Stop, Unreadable> {
    let entered_at: Timestamp = get(row, 4, "entered_at")?;
    let left_at: Option<Timestamp> = get(row, 6, "left_at")?;
    // Earlier versions did not write these two.
    let seen_at: Option<Timestamp> = get(row, 8, "seen_at")?;
    let left_seen_at: Option<Timestamp> = get(row, 9, "left_seen_at")?;
    Ok(Stop {
        data_id: row.get(1),
        stage: row.get(2),
        number: row.get::<_, i32>(3).cast_unsigned(),
        entered_at,
        seen_at: seen_at.unwrap_or(entered_at),
        due_at: get(row, 5, "due_at")?,
        left: left_at.map(|at| Left {
            at,
            seen_at: left_seen_at.unwrap_or(at),
            outcome: row.get(7),
        }),
    })
}

fn encode_form(form: &Form) -> String {
    let pairs = form.fields.iter().filter_map(|(id, (stamp, json))| {
        let raw: &RawValue = serde_json::from_str(json).ok()?;
        Some((id, (stamp::encode(stamp), raw)))
    });
    let fields: BTreeMap<_, _> = pairs.collect();
    serde_json::to_string(&fields).unwrap_or_default()
}

fn decode_form(text: Option<&str>) -> Result<Form, Unreadable> {
    let other = |_| Unreadable::contents("form");
    let fields: BTreeMap<String, (String, Box<RawValue>)> =
        serde_json::from_str(text.unwrap_or("{}")).map_err(other)?;
    let mut form = Form::default();
    for (id, (text, raw)) in fields {
        let value = (stamp::decode("form", &text)?, raw.get().to_owned());
        form.fields.insert(id, value);
    }
    Ok(form)
}
