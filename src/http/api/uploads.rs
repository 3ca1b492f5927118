//! `POST /v1/uploads`: files, each of which becomes an upload with its own token.

use axum::extract::multipart::MultipartRejection;
use axum::http::HeaderMap;
use axum::response::Response;

use super::openapi::{parameters, responses};
use crate::http::state::Api;
use crate::http::submit::receipt::Uploads;
use crate::http::submit::upload_form::AllowedFields;
use crate::http::submit::{MultipartParts, receipt};
use crate::http::web::{Caller, HttpProblem, Parameters, prefer};

/// The fields, which apply to all files.
const FIELDS: AllowedFields = AllowedFields {
    texts: &["workflow_id", "module", "group"],
    json: &["documents", "attributes"],
    ignores_unknown: false,
};

/// Stores files and opens an upload for each.
#[utoipa::path(
    post,
    path = "/v1/uploads",
    operation_id = "upload",
    tag = "sending",
    summary = "Sends files, each of which becomes an upload",
    description = "Each upload has its own token. The media type of a file is detected from its contents.",
    params(parameters::Prefer, parameters::IdempotencyKey),
    request_body(content = parameters::Upload, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The uploads are open", body = Uploads),
        (status = 202, description = "The files are stored, and the broker has confirmed their uploads", body = Uploads),
        responses::SendProblems,
    ),
)]
pub(in crate::http) async fn post(
    api: Api,
    Caller(access): Caller,
    parameters: Parameters,
    headers: HeaderMap,
    form: Result<MultipartParts, MultipartRejection>,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let form = api.receive_form(&access, &headers, form, FIELDS).await?;
    let wait = prefer::wait(&headers);
    let receipts = api.open_uploads(&access, &form, wait).await?;
    let attachments = form.files.into_iter().map(|file| file.attachment);
    Ok(receipt::uploads(receipts, attachments))
}
