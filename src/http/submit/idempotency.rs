//! The id of an event that a client sends without one: from the header `Idempotency-Key`, so that a
//! retry is the same event, or random.

use axum::http::HeaderMap;
use uuid::Uuid;

use crate::http::web::HttpProblem;

/// The source of events that Waybill creates for clients.
pub(in crate::http) const SOURCE: &str = "waybill-http";

const HEADER: &str = "idempotency-key";
/// Leaves space for the index of an event after it, within the limit of ids.
const BYTES_MAX: usize = 190;

/// The idempotency key, if the request has one.
pub(in crate::http) fn key(headers: &HeaderMap) -> Result<Option<String>, HttpProblem> {
    let Some(value) = headers.get(HEADER) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default().trim().trim_matches('"');
    if text.is_empty() || text.len() > BYTES_MAX {
        let fault =
            format!("the header Idempotency-Key must have 1 to {BYTES_MAX} ASCII characters");
        return Err(HttpProblem::parameters(vec![fault]));
    }
    Ok(Some(text.to_owned()))
}

/// A unique id.
pub(in crate::http) fn random() -> String {
    Uuid::new_v4().to_string()
}
