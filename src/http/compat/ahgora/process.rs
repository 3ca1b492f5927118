//! `GET /process`: the status of one request, or of all requests of a `unique`, as long as it is
//! valid.

use std::slice;
use std::time::Duration;

use axum::Extension;
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};

use super::answer::{self, Sum};
use super::{Validity, request, unique};
use crate::clock;
use crate::domain::access::Access;
use crate::domain::{ProcessKey, Status};
use crate::http::state::Api;
use crate::http::web::list_query::name;
use crate::http::web::{Caller, HttpProblem, Parameters, ProblemKind};
use crate::store::StoreError;
use crate::store::read::list::{LIST_MAX, Listed};
use crate::store::read::list_selection::Selection;
use crate::store::read::record::Record;
use crate::view::parts::{Part, Parts};
use crate::view::read::{Absent, ReadQuery};

const SUBUNIQUE: &str = "subunique";
const UNIQUE: &str = "unique";
/// Most pages of uploads of a `unique`.
const PAGES_MAX: usize = 10;
/// Most uploads of a `unique` whose errors are shown.
const FAILING_MAX: usize = 100;

const MISSING: &str = "subunique is missing; send the one from the response to the request, or a \
                       unique for all of its requests";
const UNKNOWN: &str = "the company has no process of this subunique";
const UNKNOWN_GROUP: &str = "the company has no process of this unique";
const OTHER_GROUP: &str = "the subunique is of another unique";
const OVER: &str =
    "the status is not valid any more: its time after the end of the process is over";
const TOO_MANY: &str = "the unique has more than 10000 requests; query one by its subunique";

/// All uploads of a `unique`.
#[derive(Default)]
struct Group {
    sum: Sum,
    /// The last end of one of them.
    sealed: Option<Timestamp>,
    failing: Vec<String>,
}

/// Returns the status of one request, or of all requests of a `unique`.
pub(super) async fn get(
    api: Api,
    Caller(access): Caller,
    Extension(Validity(validity)): Extension<Validity>,
    mut parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    request::check(&access, &mut parameters, &headers)?;
    let subunique = parameters.take(SUBUNIQUE, name);
    let unique = parameters.take(UNIQUE, name);
    parameters.finish_leniently()?;
    match (subunique, unique) {
        (Some(subunique), unique) => {
            let record = one(&api, &access, &subunique).await?;
            is_valid(record.sealed_at, validity)?;
            let answer = answer::of_process(&record);
            if unique.is_some_and(|unique| unique != answer.unique) {
                return Err(invalid(OTHER_GROUP));
            }
            api.room().json(&answer)
        }
        (None, Some(unique)) => {
            let (sum, failing) = all(&api, &access, &unique, validity).await?;
            let answer = answer::of_group(&access.tenant, &unique, &sum, &failing);
            api.room().json(&answer)
        }
        (None, None) => Err(invalid(MISSING)),
    }
}

/// The process of this token, with the items that failed.
async fn one(api: &Api, access: &Access, subunique: &str) -> Result<Record, HttpProblem> {
    let query = query(access, subunique);
    let found = api.records(slice::from_ref(&query)).await?;
    match found.into_iter().next() {
        Some(Ok(found)) => Ok(found.record),
        Some(Err(Absent::Forgotten)) => Err(over()),
        Some(Err(Absent::Unreadable(column))) => Err(StoreError::Corrupt(column).into()),
        Some(Err(_)) | None => Err(invalid(UNKNOWN)),
    }
}

/// The totals of a group, and the processes whose errors are shown.
async fn all(
    api: &Api,
    access: &Access,
    unique: &str,
    validity: Duration,
) -> Result<(Sum, Vec<Record>), HttpProblem> {
    let group = gather(api, &access.tenant, unique).await?;
    if group.sum.is_empty() {
        return Err(invalid(UNKNOWN_GROUP));
    }
    if !group.sum.is_open() {
        is_valid(group.sealed, validity)?;
    }
    let failing = group.failing.iter().map(|token| query(access, token));
    let failing: Vec<_> = failing.collect();
    let found = api.records(&failing).await?;
    let found = found.into_iter().flatten();
    Ok((group.sum, found.map(|found| found.record).collect()))
}

async fn gather(api: &Api, company: &str, unique: &str) -> Result<Group, HttpProblem> {
    let selection = Selection {
        group: Some(unique.to_owned()),
        ..Selection::default()
    };
    let mut group = Group::default();
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = api.store().list(company, &selection, after, LIST_MAX).await;
        let page = page.map_err(unique::unlisted)?;
        page.processes.into_iter().for_each(|one| group.add(one));
        after = page.next;
        if after.is_none() {
            return Ok(group);
        }
    }
    Err(invalid(TOO_MANY))
}

impl Group {
    /// Adds a process; the newest comes first.
    fn add(&mut self, listed: Listed) {
        self.sum.add(listed.status, listed.done, listed.total);
        self.sealed = self.sealed.max(listed.sealed_at);
        let ended_badly = listed.status.is_final() && listed.status != Status::Done;
        if (ended_badly || listed.failed > 0) && self.failing.len() < FAILING_MAX {
            self.failing.push(listed.token);
        }
    }
}

/// The query of a process with the items that failed.
fn query(access: &Access, token: &str) -> ReadQuery {
    let key = ProcessKey::of(&access.tenant, token);
    ReadQuery::now(key, Parts::of(&[Part::Errors]))
}

/// The status of a running process is always available. Ends are recorded with the clock of the
/// database, so they are comparable.
fn is_valid(sealed: Option<Timestamp>, validity: Duration) -> Result<(), HttpProblem> {
    let validity = SignedDuration::try_from(validity).unwrap_or(SignedDuration::MAX);
    match sealed {
        Some(sealed) if clock::now().duration_since(sealed) > validity => Err(over()),
        _ => Ok(()),
    }
}

fn over() -> HttpProblem {
    HttpProblem::new(ProblemKind::Gone, OVER)
}

fn invalid(detail: &str) -> HttpProblem {
    HttpProblem::new(ProblemKind::InvalidParameter, detail)
}
