//! Parameters of every request: the version of the API, and the company.

use axum::http::HeaderMap;

use crate::domain::access::Access;
use crate::http::web::{HttpProblem, Parameters, ProblemKind};

/// The only supported version.
const VERSION: &str = "v2";
/// A header, or a parameter of the same name.
const ACCEPT_VERSION: &str = "Accept-Version";
const COMPANY: &str = "company";

const OTHER_COMPANY: &str = "the key is another company's";
const OTHER_VERSION: &str = "must be v2";

/// Checks the version and the company: both are optional.
pub(super) fn check(
    access: &Access,
    parameters: &mut Parameters,
    headers: &HeaderMap,
) -> Result<(), HttpProblem> {
    let company = parameters.take(COMPANY, |text| Ok(text.to_owned()));
    if company.is_some_and(|company| company != access.tenant) {
        return Err(HttpProblem::new(ProblemKind::Forbidden, OTHER_COMPANY));
    }
    parameters.take(ACCEPT_VERSION, version);
    let header = headers.get(ACCEPT_VERSION);
    let header = header.map(|value| version(value.to_str().unwrap_or_default()));
    if let Some(Err(fault)) = header {
        let fault = format!("the header {ACCEPT_VERSION} {fault}");
        return Err(HttpProblem::parameters(vec![fault]));
    }
    Ok(())
}

fn version(text: &str) -> Result<(), String> {
    match text.trim().eq_ignore_ascii_case(VERSION) {
        true => Ok(()),
        false => Err(OTHER_VERSION.to_owned()),
    }
}
