//! Parameters and bodies of requests for the document, as the handlers read them.

#![expect(dead_code, reason = "these types only describe the document")]

use jiff::Timestamp;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::view::schema::{AuditAction, EventType, Kind, PartName, Status};

/// The process.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in super::super) struct Token {
    /// The public name of the process.
    token: String,
}

/// The file of a process.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in super::super) struct FileId {
    /// The id of the file, from the response to its upload.
    id: Uuid,
}

/// The parts of a process to include.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Include {
    /// Parts to include with the record.
    #[param(style = Form, explode = false, value_type = Vec<PartName>, required = false)]
    include: Option<Vec<String>>,
}

/// How long the client prefers to wait.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct Prefer {
    /// `wait=10` waits up to 10 seconds for the requested state; 60 is the most.
    #[param(rename = "Prefer")]
    prefer: Option<String>,
}

/// The version that the client has already.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct IfNoneMatch {
    /// The `ETag` of the version that the client has already.
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// The client's id of a request.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct IdempotencyKey {
    /// An id of this request: a retry with the same key is the same request and takes effect once.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 190)]
    idempotency_key: Option<String>,
}

/// The part of a file.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct RangeHeaders {
    /// One range, such as `bytes=0-1023`; several, and unreadable ones, get the whole file.
    #[param(rename = "Range")]
    range: Option<String>,
    /// The `ETag` of the parts that the client has: a file that has changed is sent whole.
    #[param(rename = "If-Range")]
    if_range: Option<String>,
}

/// Where a stream continues.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct LastEventId {
    /// The last event that was received; it takes precedence over `after`. Browsers set it.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<String>,
}

/// Filters of events; the same names as in [`crate::http::api::feed_query`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Events {
    /// Start after this cursor of a response, or `now`.
    after: Option<String>,
    /// Page size.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// Of processes of this kind.
    #[param(value_type = Option<Kind>)]
    kind: Option<String>,
    /// Of these types.
    #[param(style = Form, explode = false, value_type = Vec<EventType>, required = false, min_items = 1)]
    r#type: Option<Vec<String>>,
    /// Of this process.
    token: Option<String>,
}

/// Filters of processes; the same names as in [`crate::http::web::list_query`]. All must match.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Processes {
    /// Start after this cursor: `next` of the previous page.
    after: Option<String>,
    /// Page size.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// Of this kind.
    #[param(value_type = Option<Kind>)]
    kind: Option<String>,
    /// With one of these statuses.
    #[param(style = Form, explode = false, value_type = Vec<Status>, required = false, min_items = 1)]
    status: Option<Vec<String>>,
    /// Of this workflow.
    #[param(min_length = 1, max_length = 255)]
    workflow: Option<String>,
    /// Orders that are at this stage.
    #[param(min_length = 1, max_length = 255)]
    stage: Option<String>,
    /// Of this group.
    #[param(min_length = 1, max_length = 255)]
    group: Option<String>,
    /// Of this module.
    #[param(min_length = 1, max_length = 255)]
    module: Option<String>,
    /// Opened by this source.
    #[param(min_length = 1, max_length = 255)]
    source: Option<String>,
    /// With this text in the name of the file; the case of A to Z is ignored.
    #[param(min_length = 1, max_length = 255)]
    filename: Option<String>,
    /// Opened at this moment or later.
    opened_after: Option<Timestamp>,
    /// Opened before this moment.
    opened_before: Option<Timestamp>,
    /// Ended at this moment or later.
    ended_after: Option<Timestamp>,
    /// Ended before this moment.
    ended_before: Option<Timestamp>,
}

/// Filters of acts; the same names as in [`crate::http::web::audit_query`]. All must match.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Audit {
    /// Start after this cursor: `next` of the previous page.
    after: Option<String>,
    /// Page size.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u64>,
    /// Only this action.
    #[param(value_type = Option<AuditAction>)]
    action: Option<String>,
    /// Of this actor: the id of a key, or the user of a command line.
    #[param(min_length = 1, max_length = 255)]
    actor: Option<String>,
    /// On this object, such as the id of a key or a token.
    #[param(min_length = 1, max_length = 255)]
    object: Option<String>,
    /// Done at this moment or later.
    since: Option<Timestamp>,
    /// Done before this moment.
    until: Option<Timestamp>,
}

/// The processes of one call.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct BatchRequest {
    /// The results are in this order.
    #[schema(min_items = 1, max_items = 100)]
    requests: Vec<BatchEntry>,
}

/// A process of a batch.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchEntry {
    token: String,
    /// Parts to include with the record.
    #[schema(value_type = Option<Vec<PartName>>)]
    include: Option<Vec<String>>,
    /// The cursor of one of its events: returns the process as it was after that event.
    as_of: Option<String>,
}

/// Files, and fields that apply to all of them.
#[derive(ToSchema)]
pub(in super::super) struct Upload {
    /// 1 to 100 files: every part with a filename is one, of any name.
    #[schema(value_type = Vec<String>, format = Binary, min_items = 1, max_items = 100)]
    file: Vec<Vec<u8>>,
    #[schema(min_length = 1)]
    workflow_id: Option<String>,
    #[schema(min_length = 1)]
    module: Option<String>,
    #[schema(min_length = 1)]
    group: Option<String>,
    /// As JSON.
    documents: Option<Value>,
    /// As JSON.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Value>,
}

#[cfg(test)]
mod tests {
    use utoipa::openapi::path::Parameter;

    use super::*;
    use crate::http::api::feed_query;
    use crate::http::web::{audit_query, list_query};
    use crate::store::read::feed::FEED_EVENTS_MAX;
    use crate::store::read::list::LIST_MAX;
    use crate::wire::Limits;

    fn check<T: IntoParams>(names: &[&str], max: u64) {
        let documented = T::into_params(|| None);
        let name = |parameter: &Parameter| parameter.name.clone();
        assert_eq!(documented.iter().map(name).collect::<Vec<_>>(), names);
        let limit = documented
            .iter()
            .find(|parameter| parameter.name == "limit");
        let limit = serde_json::to_value(limit).unwrap();
        assert_eq!(limit["schema"]["maximum"], max);
        let lengths = documented.into_iter().map(|parameter| {
            let parameter = serde_json::to_value(parameter).unwrap();
            parameter["schema"]["maxLength"].as_u64()
        });
        let longest = Limits::NAME_BYTES_MAX as u64;
        assert!(lengths.flatten().all(|length| length == longest));
    }

    #[test]
    fn the_parameters_are_those_that_are_read() {
        check::<Events>(&feed_query::NAMES, FEED_EVENTS_MAX);
        check::<Processes>(&list_query::NAMES, LIST_MAX);
        check::<Audit>(&audit_query::NAMES, audit_query::LIMIT_MAX);
    }
}
