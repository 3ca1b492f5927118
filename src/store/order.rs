//! The tables `stage` and `parked`, and what a record keeps of an order: all that a batch of order
//! events needs beside the records.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::dead_letter::DeadLetter;
use super::{Connection, StoreError, column, from_bigint, stamp};
use crate::core::form::Form;
use crate::core::order::{Left, Stop};
use crate::core::{ProcessKey, Stamp};

pub(super) const LOAD: &str = include_str!("queries/load_orders.sql");
pub(super) const LOAD_STOPS: &str = include_str!("queries/load_stops.sql");
pub(super) const LOAD_PARKED: &str = include_str!("queries/load_parked.sql");
pub(super) const NEWEST: &str = include_str!("queries/newest_workflows.sql");
pub(super) const UPDATE: &str = include_str!("queries/update_orders.sql");
pub(super) const UPSERT_STOPS: &str = include_str!("queries/upsert_stops.sql");
pub(super) const INSERT_PARKED: &str = include_str!("queries/insert_parked.sql");
pub(super) const DELETE_PARKED: &str = include_str!("queries/delete_parked.sql");
pub(super) const REFUSE_PARKED: &str = include_str!("queries/refuse_parked.sql");

/// What is kept of an order beside its record.
#[derive(Debug, Clone, Default)]
pub struct OrderRow {
    /// The version of its workflow, once it is open; 0 without a workflow.
    pub version: Option<i32>,
    /// What was filled in.
    pub form: Form,
    /// Its stops.
    pub stops: Vec<Stop>,
    /// The pushes that wait for one.
    pub parked: Vec<ParkedRow>,
}

/// A push that waits.
#[derive(Debug, Clone)]
pub struct ParkedRow {
    /// The event's.
    pub stamp: Stamp,
    /// What it says, as received.
    pub data: String,
}

/// Orders by process, and the workflow versions that openings get now.
#[derive(Debug, Default)]
pub struct Orders {
    /// What is kept of each.
    pub rows: HashMap<ProcessKey, OrderRow>,
    /// The newest version of each workflow that was asked for and is there.
    pub newest: BTreeMap<String, i32>,
}

/// Which push, and of which order.
pub type PushId = (ProcessKey, Stamp);

/// What a batch changes of its orders.
#[derive(Debug, Default)]
pub struct OrderChanges {
    /// The version and the form; with an opening its attachments.
    pub orders: Vec<OrderChange>,
    /// Stops that were entered or left.
    pub stops: Vec<(ProcessKey, Stop)>,
    /// Pushes that wait, each with the letter that it may become.
    pub parked: Vec<(ProcessKey, DeadLetter)>,
    /// Pushes that wait no longer.
    pub applied: Vec<PushId>,
    /// Pushes that waited in vain, with the reason and the problem.
    pub refused: Vec<(PushId, &'static str, String)>,
}

/// What changes in the record of an order.
#[derive(Debug)]
pub struct OrderChange {
    /// Which one.
    pub key: ProcessKey,
    /// The version of its workflow.
    pub version: Option<i32>,
    /// What was filled in.
    pub form: Form,
    /// What came with its opening.
    pub attachments: Option<String>,
}

/// Loads what is kept of orders, and the newest versions of workflows.
pub(super) async fn load(
    connection: &Connection,
    keys: &[Uuid],
    workflows: &[&str],
) -> Result<Orders, StoreError> {
    let mut orders = Orders::default();
    if keys.is_empty() {
        return Ok(orders);
    }
    let row_of = |orders: &mut Orders, key: Uuid, change: &mut dyn FnMut(&mut OrderRow)| {
        change(orders.rows.entry(ProcessKey(key)).or_default());
    };
    let statement = connection.prepared(LOAD).await?;
    for row in connection.query(&statement, &[&keys]).await? {
        let form = decode_form(row.get(2))?;
        row_of(&mut orders, row.get(0), &mut |order| {
            order.version = row.get(1);
            order.form = form.clone();
        });
    }
    let statement = connection.prepared(LOAD_STOPS).await?;
    for row in connection.query(&statement, &[&keys]).await? {
        row_of(&mut orders, row.get(0), &mut |order| {
            order.stops.push(stop(&row))
        });
    }
    let statement = connection.prepared(LOAD_PARKED).await?;
    for row in connection.query(&statement, &[&keys]).await? {
        let parked = ParkedRow {
            stamp: Stamp {
                source: row.get(1),
                id: row.get(2),
                time: row.get(3),
                sequence: row.get::<_, Option<i64>>(4).map(from_bigint),
            },
            data: row.get(5),
        };
        row_of(&mut orders, row.get(0), &mut |order| {
            order.parked.push(parked.clone())
        });
    }
    if !workflows.is_empty() {
        let statement = connection.prepared(NEWEST).await?;
        let rows = connection.query(&statement, &[&workflows]).await?;
        orders.newest = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
    }
    Ok(orders)
}

/// Writes what a batch changed of its orders.
pub(super) async fn write(
    connection: &Connection,
    changes: &OrderChanges,
    shard: i16,
) -> Result<(), StoreError> {
    update(connection, &changes.orders).await?;
    upsert_stops(connection, &changes.stops).await?;
    insert_parked(connection, &changes.parked).await?;
    if !changes.applied.is_empty() {
        let statement = connection.prepared(DELETE_PARKED).await?;
        let keys = column(&changes.applied, |(key, _)| key.0);
        let sources = column(&changes.applied, |(_, stamp)| stamp.source.as_str());
        let ids = column(&changes.applied, |(_, stamp)| stamp.id.as_str());
        connection
            .execute(&statement, &[&keys, &sources, &ids])
            .await?;
    }
    if !changes.refused.is_empty() {
        let refused = &changes.refused;
        let statement = connection.prepared(REFUSE_PARKED).await?;
        connection
            .execute(
                &statement,
                &[
                    &column(refused, |((key, _), ..)| key.0),
                    &column(refused, |((_, stamp), ..)| stamp.source.as_str()),
                    &column(refused, |((_, stamp), ..)| stamp.id.as_str()),
                    &column(refused, |(_, reason, _)| *reason),
                    &column(refused, |(_, _, problem)| problem.as_str()),
                    &shard,
                ],
            )
            .await?;
    }
    Ok(())
}

async fn update(connection: &Connection, orders: &[OrderChange]) -> Result<(), StoreError> {
    if orders.is_empty() {
        return Ok(());
    }
    let statement = connection.prepared(UPDATE).await?;
    connection
        .execute(
            &statement,
            &[
                &column(orders, |o| o.key.0),
                &column(orders, |o| o.version),
                &column(orders, |o| encode_form(&o.form)),
                &column(orders, |o| o.attachments.as_deref()),
            ],
        )
        .await?;
    Ok(())
}

async fn upsert_stops(
    connection: &Connection,
    stops: &[(ProcessKey, Stop)],
) -> Result<(), StoreError> {
    if stops.is_empty() {
        return Ok(());
    }
    let statement = connection.prepared(UPSERT_STOPS).await?;
    let left_at = |(_, stop): &(ProcessKey, Stop)| stop.left.as_ref().map(|left| left.at);
    connection
        .execute(
            &statement,
            &[
                &column(stops, |(key, _)| key.0),
                &column(stops, |(_, stop)| stop.data_id),
                &column(stops, |(_, stop)| stop.stage.as_str()),
                &column(stops, |(_, stop)| stop.number.cast_signed()),
                &column(stops, |(_, stop)| stop.entered_at),
                &column(stops, |(_, stop)| stop.due_at),
                &column(stops, left_at),
                &column(stops, |(_, stop)| stop.left.as_ref()?.outcome.as_deref()),
            ],
        )
        .await?;
    Ok(())
}

async fn insert_parked(
    connection: &Connection,
    parked: &[(ProcessKey, DeadLetter)],
) -> Result<(), StoreError> {
    if parked.is_empty() {
        return Ok(());
    }
    let statement = connection.prepared(INSERT_PARKED).await?;
    connection
        .execute(
            &statement,
            &[
                &column(parked, |(key, _)| key.0),
                &column(parked, |(_, l)| l.source.as_deref()),
                &column(parked, |(_, l)| l.event_id.as_deref()),
                &column(parked, |(_, l)| l.id),
                &column(parked, |(_, l)| l.tenant.as_deref()),
                &column(parked, |(_, l)| l.token.as_deref()),
                &column(parked, |(_, l)| l.type_name.as_deref()),
                &column(parked, |(_, l)| l.exchange.as_str()),
                &column(parked, |(_, l)| l.routing_key.as_str()),
                &column(parked, |(_, l)| l.queue.as_str()),
                &column(parked, |(_, l)| l.properties.as_str()),
                &column(parked, |(_, l)| l.headers.as_str()),
                &column(parked, |(_, l)| l.body.as_slice()),
            ],
        )
        .await?;
    Ok(())
}

fn stop(row: &tokio_postgres::Row) -> Stop {
    let left_at: Option<Timestamp> = row.get(6);
    Stop {
        data_id: row.get(1),
        stage: row.get(2),
        number: row.get::<_, i32>(3).cast_unsigned(),
        entered_at: row.get(4),
        due_at: row.get(5),
        left: left_at.map(|at| Left {
            at,
            outcome: row.get(7),
        }),
    }
}

fn encode_form(form: &Form) -> String {
    let pair = |(id, (stamp, json)): (&String, &(Stamp, String))| {
        let raw = RawValue::from_string(json.clone()).ok()?;
        Some((id.clone(), (stamp::encode(stamp), raw)))
    };
    let fields: BTreeMap<_, _> = form.fields.iter().filter_map(pair).collect();
    serde_json::to_string(&fields).unwrap_or_default()
}

fn decode_form(text: Option<&str>) -> Result<Form, StoreError> {
    let corrupt = |_| StoreError::Corrupt("form");
    let fields: BTreeMap<String, (String, Box<RawValue>)> =
        serde_json::from_str(text.unwrap_or("{}")).map_err(corrupt)?;
    let mut form = Form::default();
    for (id, (text, raw)) in fields {
        let value = (stamp::decode(&text)?, raw.get().to_owned());
        form.fields.insert(id, value);
    }
    Ok(form)
}
