//! `DELETE /v1/processes/{token}`: erases a process.

use std::time::Duration;

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::openapi::{parameters, responses};
use super::process_batch;
use crate::http::state::Api;
use crate::http::web::{Caller, HttpProblem, Parameters, Pass};
use crate::store::admin::erasure::{Erasure, ErasureScope};
use crate::view::erasure::ErasureReceipt;

/// How long a request deletes rows; the janitor deletes the rest.
const TIME_MAX: Duration = Duration::from_secs(10);

/// Erases everything that is kept of a process.
#[utoipa::path(
    delete,
    path = "/v1/processes/{token}",
    operation_id = "eraseProcess",
    tag = "processes",
    summary = "Erases a process",
    description = "Its record, log, items, stages, files, dead letters and unpublished messages, whether it has ended or not; no completion is sent. From then on the process is gone, and what comes of it is refused (`erased`). Doing so again is safe.",
    params(parameters::Token),
    responses(
        (status = 200, description = "Erased", body = ErasureReceipt),
        (status = 202, description = "Erased for every reader; the janitor deletes the last rows", body = ErasureReceipt),
        responses::EraseProblems,
    ),
)]
pub(in super::super) async fn delete(
    api: Api,
    Caller(access): Caller,
    pass: Pass,
    token: Result<Path<String>, PathRejection>,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let Path(token) = token.map_err(|_| HttpProblem::unknown_token())?;
    if token.contains('\0') {
        return Err(HttpProblem::unknown_token());
    }
    let store = api.primary().acting(pass.actor().await?);
    let erasure = Erasure {
        unowned: access.operates(),
        tenant: access.tenant,
        scope: ErasureScope::Token(token),
        time_max: Some(TIME_MAX),
    };
    let erased = erasure.run(&store, |_| {}).await?;
    if erased.is_nothing() {
        return Err(HttpProblem::unknown_token());
    }
    let receipt = ErasureReceipt::new(&erasure, &erased, &store);
    let status = match erased.unfinished {
        0 => StatusCode::OK,
        _ => StatusCode::ACCEPTED,
    };
    Ok((status, api.room().json(&receipt)?).into_response())
}

/// `DELETE` of the process whose token is the last segment of this path, which has other methods too.
#[utoipa::path(
    delete,
    path = "/v1/processes/batch",
    operation_id = "eraseProcessCalledBatch",
    tag = "processes",
    summary = "Erases the process whose token is `batch`",
    responses(
        (status = 200, description = "Erased", body = ErasureReceipt),
        (status = 202, description = "Erased for every reader; the janitor deletes the last rows", body = ErasureReceipt),
        responses::EraseProblems,
    ),
)]
pub(in super::super) async fn namesake(
    api: Api,
    caller: Caller,
    pass: Pass,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    let token = Ok(Path(process_batch::NAME.to_owned()));
    delete(api, caller, pass, token, parameters).await
}
