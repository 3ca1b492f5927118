//! `GET /v1/audit`: who did what, the newest act first, in pages.

use axum::response::Response;

use super::openapi::{parameters, responses};
use crate::http::state::Api;
use crate::http::web::audit_query::AuditQuery;
use crate::http::web::{Caller, HttpProblem, Parameters, links};
use crate::store::admin::audit::RecordedAct;
use crate::view::audit::{self, AuditPageView};
use crate::wire;

/// A page, with a link to the next one.
#[utoipa::path(
    get,
    path = "/v1/audit",
    operation_id = "listAudit",
    tag = "audit",
    summary = "Who did what, the newest act first",
    description = "Acts of the key's tenant; for a key of the tenant `default` those of all tenants. Continue with `after` until `next` is null.",
    params(parameters::Audit),
    responses(
        (status = 200, description = "A page", body = AuditPageView, headers(("Link", description = "Link to the next page"))),
        responses::ListProblems,
    ),
)]
pub(in crate::http) async fn get(
    api: Api,
    Caller(access): Caller,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    let moment = |text: &str| wire::time(text).map_err(str::to_owned);
    let query = AuditQuery::read(parameters, &access, moment)?;
    let (acts, has_more) = api.acts(&query, query.limit).await?;
    let mut answer = api.room().json(&audit::page(&acts, has_more))?;
    if let Some(last) = acts.last().filter(|_| has_more) {
        let mut next = form_urlencoded::Serializer::new(String::new());
        next.extend_pairs(query.with(Some(last.cursor())));
        links::add_next(&mut answer, &format!("/v1/audit?{}", next.finish()));
    }
    Ok(answer)
}

impl Api {
    /// The acts of a page, and whether more follow.
    pub(in crate::http) async fn acts(
        &self,
        query: &AuditQuery,
        limit: u64,
    ) -> Result<(Vec<RecordedAct>, bool), HttpProblem> {
        let rows = usize::try_from(limit).unwrap_or(usize::MAX);
        let one_more = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let store = self.store();
        let acts = store.list_audit(&query.selection, query.after, one_more);
        let mut acts = acts.await?;
        let has_more = acts.len() > rows;
        acts.truncate(rows);
        Ok((acts, has_more))
    }
}
