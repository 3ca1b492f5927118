//! What requests bring, for the document: their parameters and bodies, as the handlers read them.

#![expect(dead_code, reason = "only the document is made of these types")]

use jiff::Timestamp;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::view::schema::{EventType, Kind, PartName, Status};

/// Which process.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in super::super) struct Token {
    /// The public name of the process.
    token: String,
}

/// Which file of it.
#[derive(IntoParams)]
#[into_params(parameter_in = Path)]
pub(in super::super) struct FileId {
    /// The file, as its upload was answered.
    id: Uuid,
}

/// What is to be seen of a process.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Include {
    /// Parts beside the record.
    #[param(style = Form, explode = false, value_type = Vec<PartName>, required = false)]
    include: Option<Vec<String>>,
}

/// How long the client would wait.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct Prefer {
    /// `wait=10` waits at most 10 seconds, 60 at most, for the requested state.
    #[param(rename = "Prefer")]
    prefer: Option<String>,
}

/// What the client has already.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct IfNoneMatch {
    /// The `ETag` of what the client has already.
    #[param(rename = "If-None-Match")]
    if_none_match: Option<String>,
}

/// What the client calls its request.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct IdempotencyKey {
    /// A name for this request: what comes again under it is the same, and has its effect once.
    #[param(rename = "Idempotency-Key", min_length = 1, max_length = 190)]
    idempotency_key: Option<String>,
}

/// Which part of a file.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct Range {
    /// One range, such as `bytes=0-1023`; several, and what can't be read, are answered with the whole.
    #[param(rename = "Range")]
    range: Option<String>,
    /// The `ETag` of the parts that the client has: if it is another file by now, the whole comes.
    #[param(rename = "If-Range")]
    if_range: Option<String>,
}

/// Where a stream goes on.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
pub(in super::super) struct LastEventId {
    /// The last event that was received, which browsers send by themselves; it takes precedence over `after`.
    #[param(rename = "Last-Event-ID")]
    last_event_id: Option<String>,
}

/// Which events; the same names as in [`crate::http::api::feed_query`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Events {
    /// After this place: a cursor out of an answer, or `now`.
    after: Option<String>,
    /// How many at most.
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

/// Which processes; the same names as in [`crate::http::web::list_query`]. All filters have to fit.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct Processes {
    /// After this place: `next` of the page before.
    after: Option<String>,
    /// How many at most.
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
    /// With this in the name of the file; A to Z in capitals or not.
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

/// Processes to be answered in one call.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct BatchRequest {
    /// Each is answered at its place.
    #[schema(min_items = 1, max_items = 100)]
    requests: Vec<BatchEntry>,
}

/// A process that is asked for in a batch.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
struct BatchEntry {
    token: String,
    /// Parts beside the record.
    #[schema(value_type = Option<Vec<PartName>>)]
    include: Option<Vec<String>>,
    /// The cursor of one of its events: the process as it was after that.
    as_of: Option<String>,
}

/// Files, and what is said of all of them alike.
#[derive(ToSchema)]
pub(in super::super) struct Upload {
    /// 1 to 100 files: every part with a filename is one, whatever its name.
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
    use crate::http::web::list_query;
    use crate::store::read::feed::FEED_EVENTS_MAX;
    use crate::store::read::list::LIST_MAX;
    use crate::wire::Limits;

    fn told<T: IntoParams>(names: &[&str], most: u64) {
        let told = T::into_params(|| None);
        let name = |parameter: &Parameter| parameter.name.clone();
        assert_eq!(told.iter().map(name).collect::<Vec<_>>(), names);
        let limit = told.iter().find(|parameter| parameter.name == "limit");
        let limit = serde_json::to_value(limit).unwrap();
        assert_eq!(limit["schema"]["maximum"], most);
        let lengths = told.into_iter().map(|parameter| {
            let parameter = serde_json::to_value(parameter).unwrap();
            parameter["schema"]["maxLength"].as_u64()
        });
        let longest = Limits::NAME_BYTES_MAX as u64;
        assert!(lengths.flatten().all(|length| length == longest));
    }

    #[test]
    fn the_parameters_are_those_that_are_read() {
        told::<Events>(&feed_query::NAMES, FEED_EVENTS_MAX);
        told::<Processes>(&list_query::NAMES, LIST_MAX);
    }
}
