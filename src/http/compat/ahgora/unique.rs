//! The `unique` of a company's requests: the same for all of them until none has arrived for a
//! while.
//!
//! It is stored only with the uploads themselves, so every instance finds the same one. Two
//! concurrent first requests may get different ones.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::SOURCE;
use crate::clock;
use crate::http::state::Api;
use crate::http::web::HttpProblem;
use crate::store::StoreError;
use crate::store::read::list::ListError;
use crate::store::read::list_selection::{Selection, TimeRange};

/// Most pages of the tenant's newest processes, of 10,000 each, that are searched for an upload of
/// this source: with more processes in between the request gets a new `unique`.
const PAGES_MAX: usize = 10;

/// The group of the company's newest upload, if it is recent enough, otherwise a new one.
pub(super) async fn current(
    api: &Api,
    company: &str,
    validity: Duration,
) -> Result<String, HttpProblem> {
    let selection = Selection {
        source: Some(SOURCE.to_owned()),
        opened: TimeRange {
            after: since(clock::now(), validity),
            before: None,
        },
        ..Selection::default()
    };
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = api.store().list(company, &selection, after, 1).await;
        let page = page.map_err(unlisted)?;
        if let Some(newest) = page.processes.into_iter().next() {
            return Ok(newest.group.unwrap_or_else(random));
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    Ok(random())
}

/// A unique name that can't be guessed.
pub(super) fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

/// The problem of a failed list whose cursors are its own.
pub(super) fn unlisted(error: ListError) -> HttpProblem {
    match error {
        ListError::OtherSort => StoreError::Corrupt("place in a list").into(),
        ListError::Store(error) => error.into(),
    }
}

fn since(now: Timestamp, validity: Duration) -> Option<Timestamp> {
    let validity = SignedDuration::try_from(validity).ok()?;
    now.checked_sub(validity).ok()
}
