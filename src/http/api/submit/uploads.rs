//! `POST /v1/uploads`: files, each of which becomes an upload with a token of its own.

use axum::extract::State;
use axum::extract::multipart::MultipartRejection;
use axum::http::HeaderMap;
use axum::response::Response;

use super::super::caller::Caller;
use super::super::openapi::{answers, asks};
use super::super::parameters::Parameters;
use super::super::problem::HttpProblem;
use super::super::{Api, prefer};
use super::form::{Fields, Sender};
use super::identity;
use super::parts::Parts;
use super::receipt::{self, Uploads};

/// What may be said of the files, for all alike.
const FIELDS: Fields = Fields {
    texts: &["workflow_id", "module", "group"],
    json: &["documents", "attributes"],
    passes_over: false,
};

/// Keeps files and opens an upload for each.
#[utoipa::path(
    post,
    path = "/v1/uploads",
    operation_id = "upload",
    tag = "sending",
    summary = "Sends files, each of which becomes an upload",
    description = "With a token of its own. What a file is, its contents tell.",
    params(asks::Prefer, asks::IdempotencyKey),
    request_body(content = asks::Upload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The uploads are open", body = Uploads),
        (status = 202, description = "The files are kept, and their uploads by the broker", body = Uploads),
        answers::Sent,
    ),
)]
pub(in crate::http) async fn post(
    State(api): State<Api>,
    Caller(access): Caller,
    parameters: Parameters,
    headers: HeaderMap,
    form: Result<Parts, MultipartRejection>,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let key = identity::key(&headers)?;
    let sender = Sender {
        access: &access,
        key: key.as_deref(),
    };
    let form = api.take_form(sender, form, FIELDS).await?;
    let wait = prefer::wait(&headers);
    let receipts = api.open_uploads(&access, &form, wait).await?;
    let attachments = form.files.into_iter().map(|file| file.attachment);
    Ok(receipt::uploads(receipts, attachments))
}
