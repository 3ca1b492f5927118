//! Validates a batch: the box, the documents, and the events as of which they are requested.

use axum::http::Uri;

use super::proto::{DocumentId, GetDocflowBatchRequest, GetDocflowRequest};
use crate::domain::ProcessKey;
use crate::domain::access::Access;
use crate::http::web::{HttpProblem, ProblemKind};
use crate::store::read::feed_cursor::FeedCursor;

/// Most documents of one call.
const REQUESTS_MAX: usize = 100;
/// Most faults, or missing documents, that one response names.
const NAMED_MAX: usize = 5;
/// Some clients append it to the name of a box.
const BOX_DOMAIN: &str = "@diadoc.ru";

const NO_BOX: &str = "the parameter boxId is missing: it is the name of your tenant";
const FOREIGN_BOX: &str = "this key gives no access to the box of the parameter boxId: it must be the \
                           name of the key's tenant";

/// One requested document.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DocumentRequest {
    pub(super) message_id: String,
    pub(super) entity_id: String,
    pub(super) key: ProcessKey,
    pub(super) as_of: Option<FeedCursor>,
    pub(super) inject: bool,
}

impl DocumentRequest {
    /// The item that it names, unless it is the process as a whole.
    pub(super) fn item(&self) -> Option<&str> {
        (self.entity_id != self.message_id).then_some(self.entity_id.as_str())
    }

    fn read(request: GetDocflowRequest, tenant: &str) -> Result<Self, String> {
        let DocumentId {
            message_id,
            entity_id,
        } = request.document_id;
        name("DocumentId.MessageId", &message_id)?;
        name("DocumentId.EntityId", &entity_id)?;
        let event = request.last_event_id.filter(|event| !event.is_empty());
        let as_of = event.map(|event| event.parse()).transpose();
        let as_of = as_of.map_err(|_| format!("LastEventId {NO_EVENT}"))?;
        Ok(Self {
            key: ProcessKey::of(tenant, &message_id),
            message_id,
            entity_id,
            as_of,
            inject: request.inject_entity_content.unwrap_or_default(),
        })
    }
}

/// The fault of an invalid event id.
pub(super) const NO_EVENT: &str =
    "must be one from a response for this document, or the cursor of one of its events";

/// Checks that the box is the tenant of the key.
pub(super) fn own_box(uri: &Uri, access: &Access) -> Result<(), HttpProblem> {
    let given = parameter(uri, "boxId").filter(|given| !given.is_empty());
    let given = given.ok_or_else(|| HttpProblem::new(ProblemKind::InvalidParameter, NO_BOX))?;
    let tenant = access.tenant.as_str();
    if given == tenant || given.strip_suffix(BOX_DOMAIN) == Some(tenant) {
        return Ok(());
    }
    Err(HttpProblem::new(ProblemKind::Forbidden, FOREIGN_BOX))
}

/// Validates a batch; all faults are reported at once.
pub(super) fn requests(
    batch: GetDocflowBatchRequest,
    tenant: &str,
) -> Result<Vec<DocumentRequest>, HttpProblem> {
    let count = batch.requests.len();
    if count > REQUESTS_MAX {
        let detail = format!(
            "Requests must name at most {REQUESTS_MAX} documents, not {count}; send more than one call"
        );
        return Err(HttpProblem::new(ProblemKind::InvalidBody, &detail));
    }
    let mut requests = Vec::with_capacity(count);
    let mut faults = Vec::new();
    for (place, request) in batch.requests.into_iter().enumerate() {
        match DocumentRequest::read(request, tenant) {
            Ok(one) => requests.push(one),
            Err(fault) => faults.push(format!("Requests[{place}].{fault}")),
        }
    }
    match faults.is_empty() {
        true => Ok(requests),
        false => Err(HttpProblem::new(
            ProblemKind::InvalidBody,
            &several(&faults),
        )),
    }
}

/// The first of these faults, and how many more there are.
pub(super) fn several(faults: &[String]) -> String {
    let named: Vec<_> = faults.iter().take(NAMED_MAX).map(String::as_str).collect();
    let named = named.join("; ");
    match faults.len().saturating_sub(NAMED_MAX) {
        0 => named,
        more => format!("{named}; and {more} more"),
    }
}

/// A parameter of the query; its name is not case-sensitive.
pub(super) fn parameter(uri: &Uri, name: &str) -> Option<String> {
    let query = uri.query().unwrap_or_default().as_bytes();
    let mut given = form_urlencoded::parse(query);
    let found = given.find(|(given, _)| given.eq_ignore_ascii_case(name));
    found.map(|(_, value)| value.into_owned())
}

fn name(field: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{field} is missing"));
    }
    if text.chars().any(char::is_control) {
        return Err(format!("{field} must not contain control characters"));
    }
    Ok(())
}
