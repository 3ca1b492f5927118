//! `POST /v1/orders` and `POST /v1/orders/{token}/push`: opening an order, and pushing it on.

use axum::body::Body;
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use serde_json::Value;

use super::openapi::{bodies, parameters, responses};
use crate::http::state::Api;
use crate::http::submit::{EventRequest, Receipt};
use crate::http::web::{Caller, HttpProblem, Parameters, Pass};

const OPENED: &str = "order.opened";
const PUSHED: &str = "order.pushed";

/// Opens an order. The body is the data of `order.opened`, with a `token` where the client has one.
#[utoipa::path(
    post,
    path = "/v1/orders",
    operation_id = "openOrder",
    tag = "sending",
    summary = "Opens an order",
    params(parameters::Prefer, parameters::IdempotencyKey),
    request_body = Option<bodies::Order>,
    responses(
        (status = 200, description = "Applied", body = Receipt),
        (status = 202, description = "Confirmed by the broker", body = Receipt, headers(("Location", description = "The process"))),
        responses::SendProblems,
    ),
)]
pub(in super::super) async fn open(
    api: Api,
    (Caller(access), pass): (Caller, Pass),
    parameters: Parameters,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let body = api.room().receive(body, api.limits.body_bytes).await?;
    let token = token(&body.bytes)?;
    let request = EventRequest {
        type_: OPENED,
        token: token.as_deref(),
        data: &body.bytes,
    };
    api.submit_request((&access, &pass), &headers, request)
        .await
}

/// Pushes an order on from a stage. The body is the data of `order.pushed`.
#[utoipa::path(
    post,
    path = "/v1/orders/{token}/push",
    operation_id = "pushOrder",
    tag = "sending",
    summary = "Pushes an order on from a stage",
    description = "A push that arrives before its order, or before its stage, is parked until then.",
    params(parameters::Token, parameters::Prefer, parameters::IdempotencyKey),
    request_body = bodies::Push,
    responses(
        (status = 200, description = "Applied", body = Receipt),
        (status = 202, description = "Confirmed by the broker", body = Receipt, headers(("Location", description = "The process"))),
        responses::SendToProcessProblems,
    ),
)]
pub(in super::super) async fn push(
    api: Api,
    (Caller(access), pass): (Caller, Pass),
    token: Result<Path<String>, PathRejection>,
    (parameters, headers): (Parameters, HeaderMap),
    body: Body,
) -> Result<Response, HttpProblem> {
    parameters.finish(&[])?;
    let Path(token) = token.map_err(|_| HttpProblem::unknown_token())?;
    let body = api.room().receive(body, api.limits.body_bytes).await?;
    let request = EventRequest {
        type_: PUSHED,
        token: Some(&token),
        data: &body.bytes,
    };
    api.submit_request((&access, &pass), &headers, request)
        .await
}

/// The token in the body; other faults are found when the body is decoded as data.
fn token(body: &[u8]) -> Result<Option<String>, HttpProblem> {
    #[derive(Deserialize)]
    struct Named {
        token: Option<Value>,
    }
    match serde_json::from_slice::<Named>(body) {
        Ok(Named {
            token: Some(Value::String(token)),
        }) => Ok(Some(token)),
        Ok(Named { token: Some(_) }) => Err(HttpProblem::body_at("#/token", "must be a text")),
        Ok(Named { token: None }) | Err(_) => Ok(None),
    }
}
