//! `GET /monitor/process/errors.csv?token=…`: every failed item of a process as CSV.

use axum::body::Body;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};

use super::{csv, request};
use crate::domain::ProcessKey;
use crate::http::state::Api;
use crate::http::web::memory_budget::MemoryPermit;
use crate::http::web::{Caller, HttpProblem, Parameters};
use crate::store::read::failed_item::FailedItem;
use crate::store::{Store, StoreError};
use crate::view::parts::Parts;

const HEADINGS: [&str; 3] = ["identifier", "document_id", "messages"];
/// Separates the messages of one item.
const BETWEEN: &str = "; ";
/// How many characters of the token are in the file name.
const NAME_CHARS_MAX: usize = 80;
/// The memory of two pages: one is sent while the next is read.
const ROOM: usize = 4 << 20;

/// Streams the items page by page, so that they are never all in memory. Each page is read in its
/// own snapshot; when the database fails in between, the response is aborted, so the client sees
/// that it is incomplete.
pub(in super::super) async fn get(
    api: Api,
    Caller(access): Caller,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    let token = request::token(parameters, &["token"])?;
    let key = ProcessKey::of(&access.tenant, &token);
    request::found(&api, key, &Parts::default()).await?;
    let walk = Walk {
        store: api.store(),
        key,
        after: String::new(),
        _room: api.room().take(ROOM)?,
    };
    let head = stream::iter([Ok(csv::row(&HEADINGS))]);
    let pages = head.chain(stream::try_unfold(walk, Walk::next));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&token)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, Body::from_stream(pages)).into_response())
}

/// The position in the list of items.
struct Walk {
    store: Store,
    key: ProcessKey,
    after: String,
    _room: MemoryPermit,
}

impl Walk {
    /// The rows of the next page, if there is one.
    async fn next(mut self) -> Result<Option<(String, Self)>, StoreError> {
        let items = self.store.failed_items(self.key, &self.after).await?;
        let Some(last) = items.last() else {
            return Ok(None);
        };
        self.after.clone_from(&last.identifier);
        Ok(Some((items.iter().map(row).collect(), self)))
    }
}

fn row(item: &FailedItem) -> String {
    let document = item.document_id.as_deref().unwrap_or_default();
    csv::row(&[&item.identifier, document, &item.messages.join(BETWEEN)])
}

/// The header with a file name that is valid on every system, whatever the token is.
fn disposition(token: &str) -> String {
    let safe = |character: char| match character {
        'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => character,
        _ => '_',
    };
    let name: String = token.chars().take(NAME_CHARS_MAX).map(safe).collect();
    format!("attachment; filename=\"errors-{name}.csv\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_has_only_safe_characters_of_the_token() {
        let named = |token: &str| disposition(token);
        assert_eq!(named("a-1"), "attachment; filename=\"errors-a-1.csv\"");
        let hostile = named("../\"x\";\r\n ü");
        assert_eq!(hostile, "attachment; filename=\"errors-____x______.csv\"");
        assert!(named(&"x".repeat(200)).len() < 120);
    }
}
