//! `POST /v1/processes/batch`: many processes in one call, now or as of one of their events, each
//! with its own parts and its own result.

use axum::extract::{DefaultBodyLimit, Path};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::{UtoipaMethodRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::openapi::{parameters, responses};
use super::process;
use crate::domain::ProcessKey;
use crate::domain::access::Access;
use crate::http::state::Api;
use crate::http::web::json_body::ObjectFields;
use crate::http::web::problem::ProblemView;
use crate::http::web::{Caller, HttpProblem, Parameters, ProblemKind, json_body};
use crate::store::StoreError;
use crate::store::read::feed_cursor::FeedCursor;
use crate::view::parts::{Part, Parts};
use crate::view::read::{Absent, ReadQuery};
use crate::view::record::{FoundProcess, View};
use crate::wire::FieldFault;

/// Most processes of one call.
const REQUESTS_MAX: usize = 100;
/// Most bytes of a body.
const BODY_BYTES_MAX: usize = 64 << 10;
/// The last segment of the path; a process may have it as its token.
pub(super) const NAME: &str = "batch";
const REQUESTS: &str = "requests";
const AS_OF: &str = "as_of";
const TOO_LONG: &str = "all requests with as_of in one call together may read at most 10,000 events and \
                        16 MiB of their data; request fewer at once, or as of an earlier event";

/// The results, in the order of the requests.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchAnswers)]
struct Answers<'a> {
    answers: Vec<Answer<'a>>,
}

/// A process, or a problem.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchAnswer)]
struct Answer<'a> {
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<View<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemView<'a>>,
}

/// One of the requests: the token, if it could be read, and the query.
struct Entry {
    token: Option<String>,
    query: Result<ReadQuery, HttpProblem>,
}

/// The methods of this path.
pub(in crate::http) fn route() -> UtoipaMethodRouter<Api> {
    routes!(answer, namesake).layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Returns a process or a problem for every request, in their order.
#[utoipa::path(
    post,
    path = "/v1/processes/batch",
    operation_id = "getProcesses",
    tag = "processes",
    summary = "Many processes in one call",
    description = "The results are in the order of the requests: each is a process or a problem.",
    request_body = parameters::BatchRequest,
    responses((status = 200, description = "A result for each", body = Answers), responses::BatchProblems),
)]
async fn answer(
    api: Api,
    Caller(access): Caller,
    uri: Uri,
    mut body: ObjectFields,
) -> Result<Response, HttpProblem> {
    let requests = body.need(REQUESTS, requests);
    body.finish(&[REQUESTS])?;
    let requests = requests.unwrap_or_default().into_iter().enumerate();
    let entries: Vec<_> = requests
        .map(|(place, request)| Entry::read(request, place, &access))
        .collect();
    let queries = entries.iter().filter_map(|entry| entry.query.as_ref().ok());
    let queries: Vec<_> = queries.cloned().collect();
    let found = api.records(&queries).await?;
    let results = results(&entries, found);
    let instance = |place: usize| format!("{}#/{REQUESTS}/{place}", uri.path());
    let instances: Vec<_> = (0..entries.len()).map(instance).collect();
    let parts = entries.iter().zip(&results).zip(&instances);
    let answers = parts.map(|((entry, result), instance)| entry.answer(result, instance));
    api.room().json(&Answers {
        answers: answers.collect(),
    })
}

/// `GET` of the process whose token is the last segment of this path.
#[utoipa::path(
    get,
    path = "/v1/processes/batch",
    operation_id = "getProcessCalledBatch",
    tag = "processes",
    summary = "The process whose token is `batch`",
    params(parameters::Include, parameters::Prefer, parameters::IfNoneMatch),
    responses(
        (status = 200, description = "The record", body = View, headers(("ETag", description = "The version of this response"))),
        (status = 304, description = "The client has this version already"),
        responses::ProcessProblems,
    ),
)]
async fn namesake(
    api: Api,
    caller: Caller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    process::get(api, caller, Ok(Path(NAME.to_owned())), parameters, headers).await
}

fn requests(value: Value) -> Result<Vec<Value>, String> {
    let requests = json_body::list(value)?;
    match requests.len() {
        1..=REQUESTS_MAX => Ok(requests),
        count => Err(format!(
            "must be a list of 1 to {REQUESTS_MAX} requests, not {count}"
        )),
    }
}

/// The result of each request; `found` has those of the valid queries, in their order.
fn results(
    entries: &[Entry],
    found: Vec<Result<FoundProcess, Absent>>,
) -> Vec<Result<FoundProcess, HttpProblem>> {
    let mut found = found.into_iter();
    let result = |(place, entry): (usize, &Entry)| match &entry.query {
        Ok(_) => {
            let found = found.next().unwrap_or(Err(Absent::Unknown));
            found.map_err(|absent| missing(absent, place))
        }
        Err(problem) => Err(problem.clone()),
    };
    entries.iter().enumerate().map(result).collect()
}

fn missing(absent: Absent, place: usize) -> HttpProblem {
    match absent {
        Absent::Unknown => HttpProblem::unknown_token(),
        Absent::Forgotten => HttpProblem::forgotten(),
        Absent::NoEvent => HttpProblem::body(vec![FieldFault {
            detail: "must be the cursor of an event of this process, from /v1/events".to_owned(),
            pointer: Some(format!("#/{REQUESTS}/{place}/{AS_OF}")),
        }]),
        Absent::TooLong => HttpProblem::new(ProblemKind::LogTooLong, TOO_LONG),
        Absent::Unreadable(column) => StoreError::Corrupt(column).into(),
    }
}

impl Entry {
    fn read(request: Value, place: usize, access: &Access) -> Self {
        let mut fields = match ObjectFields::of(request, format!("#/{REQUESTS}/{place}")) {
            Ok(fields) => fields,
            Err(problem) => {
                return Self {
                    token: None,
                    query: Err(problem),
                };
            }
        };
        let token = fields.need("token", json_body::text);
        let parts = fields.take("include", parts).unwrap_or_default();
        let as_of = fields.take(AS_OF, cursor);
        let read = fields.finish(&["token", "include", AS_OF]);
        let key = ProcessKey::of(&access.tenant, token.as_deref().unwrap_or_default());
        Self {
            query: read.map(|()| ReadQuery { key, parts, as_of }),
            token,
        }
    }

    fn answer<'a>(
        &'a self,
        result: &'a Result<FoundProcess, HttpProblem>,
        instance: &'a str,
    ) -> Answer<'a> {
        let parts = self.query.as_ref().map(|query| query.parts.clone());
        let parts = parts.unwrap_or_default();
        let (process, problem) = match result {
            Ok(found) => (Some(found.view(&parts)), None),
            Err(problem) => (None, Some(problem.view(instance))),
        };
        Answer {
            token: self.token.as_deref(),
            process,
            problem,
        }
    }
}

fn cursor(value: Value) -> Result<FeedCursor, String> {
    let cursor = json_body::text(value)
        .ok()
        .and_then(|text| text.parse().ok());
    cursor.ok_or_else(|| "must be a cursor of the feed".to_owned())
}

fn parts(value: Value) -> Result<Parts, String> {
    let names = json_body::list(value).ok();
    let parts = names.and_then(|names| {
        let names: Option<Vec<&str>> = names.iter().map(Value::as_str).collect();
        Parts::named(names?)
    });
    parts.ok_or_else(|| format!("must be a list of {}", Part::choice()))
}
