//! The `unique` of a company's requests: the same for all of them until none has come for a while.
//!
//! It is kept nowhere but in the uploads themselves, so every replica finds the same one. Two first
//! requests at the same moment may get two.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use super::SOURCE;
use crate::clock;
use crate::http::state::Api;
use crate::http::web::problem::HttpProblem;
use crate::store::StoreError;
use crate::store::read::list::ListError;
use crate::store::read::list_selection::{Range, Selection};

/// How many pages of a tenant's newest processes are looked through for one from here, of 10,000
/// each: whoever opens more than that meanwhile gets a new `unique`.
const PAGES_MAX: usize = 10;

/// The group of the company's newest upload, if that is young enough; a new one otherwise.
pub(super) async fn current(
    api: &Api,
    company: &str,
    validity: Duration,
) -> Result<String, HttpProblem> {
    let selection = Selection {
        source: Some(SOURCE.to_owned()),
        opened: Range {
            after: since(clock::now(), validity),
            before: None,
        },
        ..Selection::default()
    };
    let mut after = None;
    for _ in 0..PAGES_MAX {
        let page = api.store.list(company, &selection, after, 1).await;
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

/// A name that nobody can guess, and that no other upload or group has.
pub(super) fn random() -> String {
    Uuid::new_v4().simple().to_string()
}

/// What went wrong with a list whose places are all its own.
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
