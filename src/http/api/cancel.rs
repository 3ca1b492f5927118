//! `POST /v1/processes/{token}/cancel`: cancels a process of either kind.

use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::response::Response;

use super::openapi::{bodies, parameters, responses};
use crate::domain::{Kind, ProcessKey};
use crate::http::state::Api;
use crate::http::submit::{EventRequest, Receipt};
use crate::http::web::{Caller, HttpProblem, Parameters, Pass};

/// Cancels an existing process. The body, if there is one, is the data of `<kind>.cancelled`.
#[utoipa::path(
    post,
    path = "/v1/processes/{token}/cancel",
    operation_id = "cancelProcess",
    tag = "sending",
    summary = "Cancels a process",
    description = "Of either kind; it must exist.",
    params(parameters::Token, parameters::Prefer, parameters::IdempotencyKey),
    request_body = Option<bodies::Cancel>,
    responses(
        (status = 200, description = "Applied", body = Receipt),
        (status = 202, description = "Confirmed by the broker", body = Receipt, headers(("Location", description = "The process"))),
        responses::SendToProcessProblems,
    ),
)]
pub(in super::super) async fn post(
    api: Api,
    (Caller(access), pass): (Caller, Pass),
    token: Result<Path<String>, PathRejection>,
    (parameters, headers): (Parameters, HeaderMap),
    body: Body,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let Path(token) = token.map_err(|_| HttpProblem::unknown_token())?;
    let key = ProcessKey::of(&access.tenant, &token);
    let kind = api.store().kind(key).await?;
    let body = api.room().receive(body, api.limits.body_bytes).await?;
    let request = EventRequest {
        type_: match kind.ok_or_else(HttpProblem::unknown_token)? {
            Kind::Upload => "upload.cancelled",
            Kind::Order => "order.cancelled",
        },
        token: Some(&token),
        data: &body.bytes,
    };
    api.submit_request((&access, &pass), &headers, request)
        .await
}
