//! Where an order stands as JSON for programs.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{Order, WaitingJoin, outcomes};
use crate::core::order::Stop;
use crate::core::workflow::{Field, FieldKind};
use crate::view::record::parsed;

/// What an order adds to the answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView<'a> {
    version: Option<i32>,
    stands_at: Vec<PlaceView<'a>>,
    joins: Vec<WaitingJoin<'a>>,
    parked: ParkedView,
    form: BTreeMap<&'a str, Value>,
    attachments: Option<Value>,
    left: Vec<LeftView<'a>>,
    stops: u64,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Place)]
struct PlaceView<'a> {
    stage: &'a str,
    data_id: String,
    number: u32,
    since: Timestamp,
    due_at: Option<Timestamp>,
    on_deadline: Option<&'a str>,
    outcomes: Vec<&'a str>,
    form: Vec<FieldView<'a>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Field)]
struct FieldView<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'static str,
    required: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    choices: &'a [String],
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Parked)]
struct ParkedView {
    count: u64,
    stages: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeftPlace)]
struct LeftView<'a> {
    stage: &'a str,
    data_id: String,
    number: u32,
    since: Timestamp,
    left_at: Timestamp,
    outcome: Option<&'a str>,
}

/// Reads the form out of an order.
pub fn order_view(order: &Order) -> OrderView<'_> {
    let standing = &order.standing;
    OrderView {
        version: standing.version,
        stands_at: order.active().map(|stop| place(order, stop)).collect(),
        joins: order.joins(),
        parked: ParkedView {
            count: standing.parked_count,
            stages: order.parked_for(),
        },
        form: standing
            .form
            .iter()
            .map(|(id, json)| (id.as_str(), parsed(json)))
            .collect(),
        attachments: standing.attachments.as_deref().map(parsed),
        left: standing.stops.iter().filter_map(left).collect(),
        stops: standing.stops_count,
    }
}

fn place<'a>(order: &'a Order, stop: &'a Stop) -> PlaceView<'a> {
    let stage = order.stage(&stop.stage);
    let deadline = stage.and_then(|stage| stage.deadline.as_ref());
    PlaceView {
        stage: &stop.stage,
        data_id: stop.data_id.to_string(),
        number: stop.number,
        since: stop.entered_at,
        due_at: stop.due_at,
        on_deadline: deadline.and_then(|deadline| deadline.outcome.as_deref()),
        outcomes: stage.map(outcomes).unwrap_or_default(),
        form: stage.map_or_else(Vec::new, |stage| stage.form.iter().map(field).collect()),
    }
}

fn field(field: &Field) -> FieldView<'_> {
    FieldView {
        id: &field.id,
        kind: field.kind.name(),
        required: field.required,
        choices: match &field.kind {
            FieldKind::Choice(choices) => choices,
            _ => &[],
        },
    }
}

fn left(stop: &Stop) -> Option<LeftView<'_>> {
    let left = stop.left.as_ref()?;
    Some(LeftView {
        stage: &stop.stage,
        data_id: stop.data_id.to_string(),
        number: stop.number,
        since: stop.entered_at,
        left_at: left.at,
        outcome: left.outcome.as_deref(),
    })
}
