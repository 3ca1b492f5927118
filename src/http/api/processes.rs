//! `GET /v1/processes`: the tenant's processes that match a filter, the newest first, in pages.

use axum::response::Response;

use super::openapi::{parameters, responses};
use crate::http::state::Api;
use crate::http::web::list_query::ListQuery;
use crate::http::web::{Caller, HttpProblem, Parameters, links};
use crate::store::read::list::ListError;
use crate::view::listing::{self, ListPageView};

const OTHER_SORT: &str =
    "after belongs to a list in another order; use a cursor with the parameters that it came from";

/// A page, with a link to the next one.
#[utoipa::path(
    get,
    path = "/v1/processes",
    operation_id = "listProcesses",
    tag = "processes",
    summary = "Processes that match a filter, the newest first",
    description = "Continue with `after` until `next` is null; a page may be empty and still have a `next`.",
    params(parameters::Processes),
    responses(
        (status = 200, description = "A page", body = ListPageView, headers(("Link", description = "Link to the next page"))),
        responses::ListProblems,
    ),
)]
pub(in crate::http) async fn get(
    api: Api,
    Caller(access): Caller,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    let list = ListQuery::read(parameters)?;
    let store = api.store();
    let page = store.list(&access.tenant, &list.selection, list.after, list.limit);
    let page = page.await.map_err(|error| match error {
        ListError::OtherSort => HttpProblem::parameters(vec![OTHER_SORT.to_owned()]),
        ListError::Store(error) => error.into(),
    })?;
    let mut answer = api.room().json(&listing::page(&page))?;
    if let Some(next) = page.next {
        links::add_next(&mut answer, &format!("/v1/processes?{}", list.query(next)));
    }
    Ok(answer)
}
