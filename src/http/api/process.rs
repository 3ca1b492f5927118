//! `GET /v1/processes/{token}`: the record of a process, now or once it has ended.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ring::digest::{SHA256, digest};

use super::openapi::{parameters, responses};
use crate::domain::ProcessKey;
use crate::http::state::Api;
use crate::http::web::{Caller, HttpProblem, Parameters, prefer};
use crate::view::parts::Parts;
use crate::view::read::ReadQuery;
use crate::view::record::{FoundProcess, View};

const INCLUDE: &str = "include";

/// Returns the record; with `Prefer: wait` it waits until the process has ended, up to the limit.
#[utoipa::path(
    get,
    path = "/v1/processes/{token}",
    operation_id = "getProcess",
    tag = "processes",
    summary = "The status of a process",
    description = "With `Prefer: wait` the response waits until the process has ended or the time is over, also for a token that has no events yet.",
    params(parameters::Token, parameters::Include, parameters::Prefer, parameters::IfNoneMatch),
    responses(
        (status = 200, description = "The record", body = View, headers(("ETag", description = "The version of this response"))),
        (status = 304, description = "The client has this version already"),
        responses::ProcessProblems,
    ),
)]
pub(in crate::http) async fn get(
    api: Api,
    Caller(access): Caller,
    token: Result<Path<String>, PathRejection>,
    mut parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let parts: Parts = parameters.take(INCLUDE, str::parse).unwrap_or_default();
    parameters.finish(&[INCLUDE])?;
    let Path(token) = token.map_err(|_| HttpProblem::unknown_token())?;
    let key = ProcessKey::of(&access.tenant, &token);
    let query = ReadQuery::now(key, parts);
    let wait = prefer::wait(&headers);
    let mut found = api.record(&query).await?;
    let has_ended = |found: &FoundProcess| found.record.process.ended.is_some();
    if let Some(wait) = wait
        && !found.as_ref().is_some_and(has_ended)
    {
        tokio::select! {
            // Ended or not: the response is the current record.
            _ = tokio::time::timeout(wait, api.ended.wait_for(key)) => {}
            () = api.stop.cancelled() => {}
        }
        found = api.record(&query).await?;
    }
    let found = found.ok_or_else(HttpProblem::unknown_token)?;
    let body = serde_json::to_vec(&found.view(&query.parts));
    let mut response = answer(&api, body.unwrap_or_default(), &headers)?;
    if wait.is_some() {
        let applied = HeaderValue::from_static("wait");
        response.headers_mut().insert("preference-applied", applied);
    }
    Ok(response)
}

/// The record, or 304 if the client has this version already.
fn answer(api: &Api, body: Vec<u8>, headers: &HeaderMap) -> Result<Response, HttpProblem> {
    let hash = digest(&SHA256, &body);
    let tag: String = hash
        .as_ref()
        .iter()
        .take(12)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let tag = format!("\"{tag}\"");
    let known = headers.get_all(header::IF_NONE_MATCH).iter();
    let known = known.filter_map(|value| value.to_str().ok());
    let mut known = known.flat_map(|text| text.split(',')).map(str::trim);
    let is_known = known.any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    let cached = [
        (header::ETAG, tag.as_str()),
        (header::CACHE_CONTROL, "private, no-cache"),
    ];
    if is_known {
        return Ok((StatusCode::NOT_MODIFIED, cached).into_response());
    }
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok((cached, json, api.room().answer(body)?).into_response())
}
