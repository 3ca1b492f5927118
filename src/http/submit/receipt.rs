//! The response to a client that sent events.

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::upload::Attachment;
use crate::http::web::{HttpProblem, links};
use crate::store::read::event_outcome::EventOutcome;
use crate::wire::{Accepted, Problem};

/// The state of an event, and the token of its process.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Receipt {
    pub(in crate::http) token: String,
    source: String,
    id: String,
    pub(in crate::http) state: ReceiptState,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::http) problem: Option<Problem>,
}

/// The states of several events.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Receipts)]
pub(in crate::http) struct Several<'a> {
    events: &'a [Receipt],
}

/// The uploads of a request, one per file.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Uploads {
    uploads: Vec<Upload>,
}

/// The upload of one file.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = UploadReceipt)]
struct Upload {
    #[serde(flatten)]
    receipt: Receipt,
    file: Attachment,
}

/// The state of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(in crate::http) enum ReceiptState {
    /// The broker has confirmed it; a worker will apply it.
    Accepted,
    /// It is in the record.
    Applied,
    /// It arrived after the end of its process, and is logged as late.
    Late,
    /// It can't be applied.
    Refused,
}

impl Receipt {
    /// The broker has confirmed the event.
    pub(in crate::http) fn accepted(event: &Accepted) -> Self {
        let stamp = &event.event.stamp;
        Self {
            token: event.event.token.clone(),
            source: stamp.source.clone(),
            id: stamp.id.clone(),
            state: ReceiptState::Accepted,
            problem: None,
        }
    }

    /// The event is in the log already.
    pub(in crate::http) fn repeated(event: &Accepted) -> Self {
        Self {
            state: ReceiptState::Applied,
            ..Self::accepted(event)
        }
    }

    /// Sets the state by the outcome.
    pub(in crate::http) fn set_outcome(&mut self, outcome: Option<EventOutcome>) {
        (self.state, self.problem) = match outcome {
            None => (ReceiptState::Accepted, None),
            Some(EventOutcome::Logged { late: false, .. }) => (ReceiptState::Applied, None),
            Some(EventOutcome::Logged { late: true, .. }) => (ReceiptState::Late, None),
            Some(EventOutcome::Refused(problem)) => {
                (ReceiptState::Refused, serde_json::from_str(&problem).ok())
            }
        };
    }

    fn location(&self) -> HeaderMap {
        let location = HeaderValue::from_str(&links::process(&self.token));
        let location = location.map(|value| (header::LOCATION, value));
        location.into_iter().collect()
    }
}

/// The response to a request with one event.
pub(in crate::http) fn single(mut receipts: Vec<Receipt>) -> Result<Response, HttpProblem> {
    let Some(receipt) = receipts.pop() else {
        return Ok(several(&receipts));
    };
    if let Some(problem) = receipt.problem {
        return Err(HttpProblem::refused(problem));
    }
    let status = status(std::slice::from_ref(&receipt));
    Ok((status, receipt.location(), json(&receipt)).into_response())
}

/// The response to a request with several events.
pub(in crate::http) fn several(receipts: &[Receipt]) -> Response {
    (status(receipts), json(&Several { events: receipts })).into_response()
}

/// The response to a request that opened uploads.
pub(in crate::http) fn uploads(
    receipts: Vec<Receipt>,
    files: impl Iterator<Item = Attachment>,
) -> Response {
    let status = status(&receipts);
    let location = match receipts.as_slice() {
        [one] => one.location(),
        _ => HeaderMap::new(),
    };
    let uploads = receipts.into_iter().zip(files);
    let uploads = uploads.map(|(receipt, file)| Upload { receipt, file });
    let uploads = uploads.collect();
    (status, location, json(&Uploads { uploads })).into_response()
}

/// 202 while one of the events has not been applied, otherwise 200.
fn status(receipts: &[Receipt]) -> StatusCode {
    match receipts.iter().any(|r| r.state == ReceiptState::Accepted) {
        true => StatusCode::ACCEPTED,
        false => StatusCode::OK,
    }
}

fn json(body: &impl Serialize) -> ([(HeaderName, &'static str); 1], Vec<u8>) {
    let body = serde_json::to_vec(body).unwrap_or_default();
    ([(header::CONTENT_TYPE, "application/json")], body)
}
