//! What goes out when an order reaches a stage: the next system binds a queue and does the work.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::completion::{JSON, Outbound, headers, json, numbered};

/// The type of the message.
pub(in crate::wire) const STAGE_ENTERED: &str = "stage.entered";

/// The most bytes of a form that the message carries: fields in the order of their names as long as
/// they fit, and `form_cut` where some do not.
pub(super) const FORM_BYTES_MAX: usize = 512 * 1024;

/// An order that has reached a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StageEntered {
    /// The stop, which a push names to leave it.
    pub data_id: Uuid,
    /// The order's token.
    pub token: String,
    /// Who owns the order.
    pub tenant: String,
    /// What it walks through.
    pub workflow: String,
    /// Where it stands now.
    pub stage: String,
    /// Since when.
    pub entered_at: Timestamp,
    /// Its place among the messages about this order, from 1.
    pub number: u64,
    /// What was filled in by then: JSON by field.
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
    let mut headers = headers(id, STAGE_ENTERED, token, &entered.tenant, at);
    headers.push(numbered(entered.number));
    Outbound {
        message_id: id,
        correlation_id: token.clone(),
        type_: STAGE_ENTERED,
        content_type: JSON,
        headers,
        body: json(&Body {
            token,
            tenant: &entered.tenant,
            data_id: id.to_string(),
            workflow: &entered.workflow,
            stage: &entered.stage,
            entered_at: at,
            form_cut: form.len() < entered.form.len(),
            form,
        }),
        routing_key: [entered.workflow.as_str(), entered.stage.as_str()].join("."),
        timestamp: at,
    }
}
