//! `GET /v1/processes/{token}`: how a process stands, now or once it has ended.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use ring::digest::{SHA256, digest};

use super::caller::Caller;
use super::parameters::Parameters;
use super::problem::{HttpProblem, Trouble};
use super::{Api, prefer};
use crate::core::{Kind, ProcessKey};
use crate::store::record::Record;
use crate::view::parts::{Part, Parts};
use crate::view::{order, record};

/// How much of a log and of items one answer carries; `counts` tells how much there is.
const LISTED_MAX: i64 = 1_000;
const INCLUDE: &str = "include";
const UNKNOWN: &str =
    "no process has this token: check it, and whose key this is; ended processes are forgotten";
const FORGOTTEN: &str = "the process of this token had ended, and is not kept any more";

/// Answers with the record; with `Prefer: wait` not before the process has ended, or the time is over.
pub(super) async fn get(
    State(api): State<Api>,
    Caller(access): Caller,
    token: Result<Path<String>, PathRejection>,
    mut parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let parts: Parts = parameters.take(INCLUDE, str::parse).unwrap_or_default();
    parameters.finish(&[INCLUDE])?;
    let unknown = || HttpProblem::new(Trouble::NotFound, UNKNOWN);
    let Path(token) = token.map_err(|_| unknown())?;
    let key = ProcessKey::of(&access.tenant, &token);
    let wait = prefer::wait(&headers);
    let mut record = read(&api, key, &parts).await?;
    let has_ended = |record: &Record| record.process.ended.is_some();
    if let Some(wait) = wait
        && !record.as_ref().is_some_and(has_ended)
    {
        tokio::select! {
            // Ended or not: how it stands is the answer.
            _ = tokio::time::timeout(wait, api.waiting.ended(key)) => {}
            () = api.stop.cancelled() => {}
        }
        record = read(&api, key, &parts).await?;
    }
    let record = record.ok_or_else(unknown)?;
    let order = match record.process.kind {
        Kind::Order if parts.has(Part::Stages) => order::load(&api.store, key, &record).await?,
        Kind::Order | Kind::Upload => None,
    };
    let body = serde_json::to_vec(&record::view(&record, order.as_ref(), &parts));
    let mut response = answer(body.unwrap_or_default(), &headers);
    if wait.is_some() {
        let applied = HeaderValue::from_static("wait");
        response.headers_mut().insert("preference-applied", applied);
    }
    Ok(response)
}

/// The record, if there is one; what was there and is not kept any more is not waited for.
async fn read(api: &Api, key: ProcessKey, parts: &Parts) -> Result<Option<Record>, HttpProblem> {
    let limit = |wanted: bool| if wanted { LISTED_MAX } else { 0 };
    let events = limit(parts.has_any(&[Part::Steps, Part::Events, Part::Late]));
    let items = limit(parts.has_any(&[Part::Items, Part::Errors]));
    let record = api.store.record(key, events, items).await?;
    if record.is_none() && api.store.is_forgotten(key).await? {
        return Err(HttpProblem::new(Trouble::Gone, FORGOTTEN));
    }
    Ok(record)
}

/// The record, or that the client has it already.
fn answer(body: Vec<u8>, headers: &HeaderMap) -> Response {
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
        return (StatusCode::NOT_MODIFIED, cached).into_response();
    }
    let json = [(header::CONTENT_TYPE, "application/json")];
    (cached, json, body).into_response()
}
