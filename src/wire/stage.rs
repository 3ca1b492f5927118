//! What goes out when an order reaches a stage: the next system binds a queue and does the work.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::completion::{JSON, Outbound, headers, json};

/// The type of the message.
pub(super) const STAGE_ENTERED: &str = "stage.entered";

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
}

/// The message, the same for every copy.
#[must_use]
pub fn stage_entered(entered: &StageEntered) -> Outbound {
    let (id, token, at) = (entered.data_id, &entered.token, entered.entered_at);
    let form = entered.form.iter().filter_map(|(field, json)| {
        let raw = serde_json::from_str(json).ok()?;
        Some((field.as_str(), raw))
    });
    Outbound {
        message_id: id,
        correlation_id: token.clone(),
        type_: STAGE_ENTERED,
        content_type: JSON,
        headers: headers(id, STAGE_ENTERED, token, &entered.tenant, at),
        body: json(&Body {
            token,
            tenant: &entered.tenant,
            data_id: id.to_string(),
            workflow: &entered.workflow,
            stage: &entered.stage,
            entered_at: at,
            form: form.collect(),
        }),
        routing_key: [entered.workflow.as_str(), entered.stage.as_str()].join("."),
        timestamp: at,
    }
}
