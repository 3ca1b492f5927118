//! `POST /v1/processes/batch`: many processes in one call, now or as of one of their events, each
//! with its own parts and its own answer.

use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, Uri, header};
use axum::response::{IntoResponse, Response};
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
use crate::http::web::auth::Caller;
use crate::http::web::json_body::{self, Fields};
use crate::http::web::params::Parameters;
use crate::http::web::problem::{HttpProblem, ProblemKind, ProblemView};
use crate::store::StoreError;
use crate::store::read::feed_cursor::Cursor;
use crate::view::found::FoundProcess;
use crate::view::parts::{Part, Parts};
use crate::view::read::{self, Absent, ReadQuery};
use crate::view::record::View;
use crate::wire::FieldFault;

/// How many processes one call may name.
const REQUESTS_MAX: usize = 100;
/// The longest body of a call.
const BODY_BYTES_MAX: usize = 64 << 10;
/// The last part of the path; a process may have that token too.
const NAME: &str = "batch";
const REQUESTS: &str = "requests";
const AS_OF: &str = "as_of";
const TOO_LONG: &str = "with all that one call asks to see as of an event at most 10,000 events and \
                        16 MiB of their data are read; ask for fewer at once, or as of an earlier one";

/// An answer to each request, at its place.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchAnswers)]
struct Answers<'a> {
    answers: Vec<Answer<'a>>,
}

/// A process, or why there is none.
#[derive(Serialize, ToSchema)]
#[schema(as = BatchAnswer)]
struct Answer<'a> {
    token: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process: Option<View<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<ProblemView<'a>>,
}

/// One of the requests: the token, where one could be read, and what is asked for.
struct Entry {
    token: Option<String>,
    wish: Result<ReadQuery, HttpProblem>,
}

/// The methods of the path.
pub(in crate::http) fn route() -> UtoipaMethodRouter<Api> {
    routes!(answer, namesake).layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
}

/// Answers every request at its place, with a process or with a problem.
#[utoipa::path(
    post,
    path = "/v1/processes/batch",
    operation_id = "getProcesses",
    tag = "processes",
    summary = "Many processes in one call",
    description = "Every request is answered at its place, with a process or with a problem of its own.",
    request_body = parameters::BatchRequest,
    responses((status = 200, description = "An answer for each", body = Answers), responses::AskedForMany),
)]
async fn answer(
    State(api): State<Api>,
    Caller(access): Caller,
    uri: Uri,
    mut body: Fields,
) -> Result<Response, HttpProblem> {
    let requests = body.need(REQUESTS, requests);
    body.finish(&[REQUESTS])?;
    let requests = requests.unwrap_or_default().into_iter().enumerate();
    let entries: Vec<_> = requests
        .map(|(place, request)| Entry::read(request, place, &access))
        .collect();
    let wishes = entries.iter().filter_map(|entry| entry.wish.as_ref().ok());
    let wishes: Vec<_> = wishes.cloned().collect();
    let found = read::read(&api.store, &wishes).await?;
    let results = results(&entries, found);
    let instance = |place: usize| format!("{}#/{REQUESTS}/{place}", uri.path());
    let instances: Vec<_> = (0..entries.len()).map(instance).collect();
    let parts = entries.iter().zip(&results).zip(&instances);
    let answers = parts.map(|((entry, result), instance)| entry.answer(result, instance));
    let answers = Answers {
        answers: answers.collect(),
    };
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    let body = serde_json::to_vec(&answers).unwrap_or_default();
    let body = api.room.answer(body)?;
    Ok((headers, body).into_response())
}

/// `GET` of a process that is called like this path.
#[utoipa::path(
    get,
    path = "/v1/processes/batch",
    operation_id = "getProcessCalledBatch",
    tag = "processes",
    summary = "The process whose token is `batch`",
    params(parameters::Include, parameters::Prefer, parameters::IfNoneMatch),
    responses(
        (status = 200, description = "The record", body = View, headers(("ETag", description = "Of this answer"))),
        (status = 304, description = "The client has it already"),
        responses::AskedForProcess,
    ),
)]
async fn namesake(
    state: State<Api>,
    caller: Caller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    process::get(
        state,
        caller,
        Ok(Path(NAME.to_owned())),
        parameters,
        headers,
    )
    .await
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

/// What became of each request; the wishes were read in their order.
fn results(
    entries: &[Entry],
    found: Vec<Result<FoundProcess, Absent>>,
) -> Vec<Result<FoundProcess, HttpProblem>> {
    let mut found = found.into_iter();
    let result = |(place, entry): (usize, &Entry)| match &entry.wish {
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
            detail: "must be the cursor of an event of this process; /v1/events gives them"
                .to_owned(),
            pointer: Some(format!("#/{REQUESTS}/{place}/{AS_OF}")),
        }]),
        Absent::TooLong => HttpProblem::new(ProblemKind::LogTooLong, TOO_LONG),
        Absent::Unreadable(column) => StoreError::Corrupt(column).into(),
    }
}

impl Entry {
    fn read(request: Value, place: usize, access: &Access) -> Self {
        let mut fields = match Fields::of(request, format!("#/{REQUESTS}/{place}")) {
            Ok(fields) => fields,
            Err(problem) => {
                return Self {
                    token: None,
                    wish: Err(problem),
                };
            }
        };
        let token = fields.need("token", json_body::text);
        let parts = fields.take("include", parts).unwrap_or_default();
        let as_of = fields.take(AS_OF, cursor);
        let read = fields.finish(&["token", "include", AS_OF]);
        let key = ProcessKey::of(&access.tenant, token.as_deref().unwrap_or_default());
        Self {
            wish: read.map(|()| ReadQuery { key, parts, as_of }),
            token,
        }
    }

    fn answer<'a>(
        &'a self,
        result: &'a Result<FoundProcess, HttpProblem>,
        instance: &'a str,
    ) -> Answer<'a> {
        let parts = self.wish.as_ref().map(|wish| wish.parts.clone());
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

fn cursor(value: Value) -> Result<Cursor, String> {
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
