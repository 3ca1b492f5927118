//! Encodes the message that an order has reached a stage, for the service that does the work.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::completion::{Outbound, numbered};

/// The type of the message.
pub(in crate::wire) const STAGE_ENTERED: &str = "stage.entered";

/// The most bytes of a form in the message: the first fields by name that fit, and `form_cut` if
/// some do not.
pub(super) const FORM_BYTES_MAX: usize = 512 * 1024;

/// An order that has reached a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageEntered {
    /// The id of the stop, which a push names to leave it.
    pub data_id: Uuid,
    /// The order's token.
    pub token: String,
    /// Who owns the order.
    pub tenant: String,
    /// Its workflow.
    pub workflow: String,
    /// The stage it has reached.
    pub stage: String,
    /// When it was entered.
    pub entered_at: Timestamp,
    /// Its number among the messages about this order, from 1.
    pub number: u64,
    /// The form at that time: JSON by field.
    pub form: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Body<'a> {
    token: &'a str,
    tenant: &'a str,
    data_id: String,
    workflow: &'a str,
    stage: &'a str,
    entered_at: Timestamp,
    form: BTreeMap<&'a str, &'a RawValue>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    form_cut: bool,
}

/// The message, the same for every copy.
#[must_use]
pub fn stage_entered(entered: &StageEntered) -> Outbound {
    let (id, token, at) = (entered.data_id, &entered.token, entered.entered_at);
    let mut bytes = 0;
    let fields = entered.form.iter().take_while(|(field, json)| {
        bytes += field.len() + json.len();
        bytes <= FORM_BYTES_MAX
    });
    let form: BTreeMap<_, _> = fields
        .filter_map(|(field, json)| Some((field.as_str(), serde_json::from_str(json).ok()?)))
        .collect();
    let body = Body {
        token,
        tenant: &entered.tenant,
        data_id: id.to_string(),
        workflow: &entered.workflow,
        stage: &entered.stage,
        entered_at: at,
        form_cut: form.len() < entered.form.len(),
        form,
    };
    let mut outbound = Outbound::new((id, STAGE_ENTERED), (&entered.tenant, token), at, &body);
    outbound.headers.push(numbered(entered.number));
    outbound.routing_key = [entered.workflow.as_str(), entered.stage.as_str()].join(".");
    outbound
}
