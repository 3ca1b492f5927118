//! The status of an order as JSON; the command line reads it too.

use std::borrow::Cow;
use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{OrderDetails, WaitingJoin, outcomes};
use crate::domain::order::Stop;
use crate::domain::workflow::{Field, FieldKind, Stage};

/// The status of an order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Order)]
pub struct OrderView<'a> {
    pub(crate) version: Option<i32>,
    pub(crate) stands_at: Vec<PlaceView<'a>>,
    pub(crate) joins: Vec<WaitingJoin<'a>>,
    pub(crate) parked: ParkedView,
    pub(crate) form: BTreeMap<Cow<'a, str>, Value>,
    pub(crate) attachments: Option<Value>,
    pub(crate) left: Vec<LeftView<'a>>,
    pub(crate) stops: u64,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Place)]
pub(crate) struct PlaceView<'a> {
    pub(crate) stage: Cow<'a, str>,
    pub(crate) data_id: String,
    pub(crate) number: u32,
    pub(crate) since: Timestamp,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) on_deadline: Option<Cow<'a, str>>,
    pub(crate) outcomes: Vec<Cow<'a, str>>,
    pub(crate) form: Vec<FieldView<'a>>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Field)]
pub(crate) struct FieldView<'a> {
    pub(crate) id: Cow<'a, str>,
    #[serde(rename = "type")]
    pub(crate) kind: Cow<'a, str>,
    pub(crate) required: bool,
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    pub(crate) choices: Cow<'a, [String]>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = Parked)]
pub(crate) struct ParkedView {
    pub(crate) count: u64,
    pub(crate) stages: BTreeMap<String, u64>,
}

#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = LeftPlace)]
pub(crate) struct LeftView<'a> {
    pub(crate) stage: Cow<'a, str>,
    pub(crate) data_id: String,
    pub(crate) number: u32,
    pub(crate) since: Timestamp,
    pub(crate) left_at: Timestamp,
    pub(crate) outcome: Option<Cow<'a, str>>,
}

/// The JSON view of an order.
pub fn order_view(order: &OrderDetails) -> OrderView<'_> {
    let status = &order.status;
    OrderView {
        version: status.version,
        stands_at: order.active().map(|stop| place(order, stop)).collect(),
        joins: order.joins(),
        parked: ParkedView {
            count: status.parked_count,
            stages: order.parked_for(),
        },
        form: status
            .form
            .iter()
            .map(|(id, json)| (Cow::from(id), parsed(json)))
            .collect(),
        attachments: status.attachments.as_deref().map(parsed),
        left: status.stops.iter().filter_map(left).collect(),
        stops: status.stops_count,
    }
}

fn place<'a>(order: &'a OrderDetails, stop: &'a Stop) -> PlaceView<'a> {
    let stage = order.stage(&stop.stage);
    let deadline = stage.and_then(|stage| stage.deadline.as_ref());
    PlaceView {
        stage: Cow::from(&stop.stage),
        data_id: stop.data_id.to_string(),
        number: stop.number,
        since: stop.entered_at,
        due_at: stop.due_at,
        on_deadline: deadline
            .and_then(|deadline| deadline.outcome.as_deref())
            .map(Cow::from),
        outcomes: stage.map_or_else(Vec::new, named),
        form: stage.map_or_else(Vec::new, |stage| {
            stage.form.iter().map(FieldView::of).collect()
        }),
    }
}

fn named(stage: &Stage) -> Vec<Cow<'_, str>> {
    outcomes(stage).into_iter().map(Cow::from).collect()
}

impl<'a> FieldView<'a> {
    /// The JSON view of a field.
    pub(crate) fn of(field: &'a Field) -> Self {
        Self {
            id: Cow::from(&field.id),
            kind: field.kind.name().into(),
            required: field.required,
            choices: match &field.kind {
                FieldKind::Choice(choices) => Cow::from(choices),
                _ => Cow::default(),
            },
        }
    }
}

fn left(stop: &Stop) -> Option<LeftView<'_>> {
    let left = stop.left.as_ref()?;
    Some(LeftView {
        stage: Cow::from(&stop.stage),
        data_id: stop.data_id.to_string(),
        number: stop.number,
        since: stop.entered_at,
        left_at: left.at,
        outcome: left.outcome.as_deref().map(Cow::from),
    })
}

/// Parses JSON as received; what `serde_json` can't represent (an enormous number) stays a text.
pub fn parsed(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_else(|_| Value::String(json.to_owned()))
}
