//! The parameters of the page of a process, and reading the process.

use crate::domain::ProcessKey;
use crate::http::state::Api;
use crate::http::web::{HttpProblem, Parameters, list_query};
use crate::view::parts::Parts;
use crate::view::read::ReadQuery;
use crate::view::record::FoundProcess;

const TOKEN: &str = "token";
/// The parameter that leaves out successful items.
pub(super) const ERRORS: &str = "errors";
/// Its only value.
pub(super) const ONLY: &str = "only";
const NO_TOKEN: &str = "token must be given; the list of processes links here with it";

/// The parameters of the page.
#[derive(Debug, Clone)]
pub(super) struct ProcessRequest {
    pub(super) token: String,
    /// Whether only failed items are shown.
    pub(super) errors_only: bool,
}

impl ProcessRequest {
    pub(super) fn read(mut parameters: Parameters) -> Result<Self, HttpProblem> {
        let errors_only = parameters.take(ERRORS, |value| match value {
            ONLY => Ok(true),
            _ => Err(format!("must be {ONLY}, or left out")),
        });
        let token = token(parameters, &[TOKEN, ERRORS])?;
        Ok(Self {
            token,
            errors_only: errors_only.unwrap_or(false),
        })
    }
}

/// The token; parameters other than the known ones are refused.
pub(super) fn token(mut parameters: Parameters, known: &[&str]) -> Result<String, HttpProblem> {
    parameters.drop_empty();
    let token = parameters.take(TOKEN, list_query::name);
    parameters.finish(known)?;
    token.ok_or_else(|| HttpProblem::parameters(vec![NO_TOKEN.to_owned()]))
}

/// The process with these parts.
pub(super) async fn found(
    api: &Api,
    key: ProcessKey,
    parts: &Parts,
) -> Result<FoundProcess, HttpProblem> {
    let found = api.record(&ReadQuery::now(key, parts.clone())).await?;
    found.ok_or_else(HttpProblem::unknown_token)
}
