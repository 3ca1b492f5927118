//! `GET /`: today's processes, or those that match a filter, newest first.

use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use maud::{Markup, html};

use super::filter::ListFilter;
use super::table;
use crate::clock;
use crate::domain::ProcessKey;
use crate::http::state::Api;
use crate::http::ui::{Page, PageRequest, Tab, Viewer, paths};
use crate::http::web::{Caller, HttpProblem};
use crate::store::read::list::{LOOKED_AT_MAX, ListError, Listing};
use crate::store::read::list_cursor::ListCursor;
use crate::view::parts::Parts;
use crate::view::read::ReadQuery;

/// How many processes a page shows.
const ROWS: u64 = 50;
const OTHER_LIST: &str = "after belongs to another list; begin at its first page";

/// The list; a filter by an existing token redirects to its process.
pub(in super::super) async fn get(
    api: Api,
    Caller(access): Caller,
    mut request: PageRequest,
) -> Result<Response, HttpProblem> {
    let filter = ListFilter::read(request.parameters())?;
    if let Some(token) = &filter.token {
        let query = ReadQuery::now(ProcessKey::of(&access.tenant, token), Parts::default());
        if api.record(&query).await?.is_some() {
            return Ok(Redirect::to(&paths::process(token)).into_response());
        }
    }
    request
        .show(move |viewer| page(viewer, filter.clone()))
        .await
}

async fn page(Viewer { api, access }: Viewer, filter: ListFilter) -> Result<Page, HttpProblem> {
    let now = clock::now();
    let store = api.store();
    let listed = store.list(&access.tenant, &filter.selection, filter.after, ROWS);
    let mut listed = listed.await.map_err(|error| match error {
        ListError::OtherSort => HttpProblem::parameters(vec![OTHER_LIST.to_owned()]),
        ListError::Store(error) => error.into(),
    })?;
    if let Some(begin) = filter.since.begin(now) {
        end_at(&mut listed, begin);
    }
    let keys = listed.processes.iter();
    let keys: Vec<_> = keys
        .map(|listed| ProcessKey::of(&access.tenant, &listed.token))
        .collect();
    let latest = store.latest(&keys).await?;
    let main = html! {
        h1 { (filter.since.heading()) }
        (filter.form())
        @if let Some(token) = &filter.token {
            p.fault { "No process has the token " code { (token) } ". Tokens must match exactly." }
        } @else if listed.processes.is_empty() {
            p.empty { (nothing(&listed)) }
        } @else {
            (table::table(&listed.processes, &latest, now))
        }
        (more(&filter, listed.next))
    };
    Ok(Page::new(Tab::Processes, filter.since.heading(), main))
}

/// Cuts off processes created before that time; the list is sorted by it.
fn end_at(listed: &mut Listing, begin: Timestamp) {
    let mut processes = listed.processes.iter();
    if let Some(end) = processes.position(|listed| listed.created_at < begin) {
        listed.processes.truncate(end);
        listed.next = None;
    }
    listed.next = listed.next.filter(|next| next.at >= begin);
}

/// A page searches up to [`LOOKED_AT_MAX`] processes, even if none match.
fn nothing(listed: &Listing) -> String {
    match listed.next {
        None => "No processes match these filters.".to_owned(),
        Some(_) => format!(
            "Nothing among the {LOOKED_AT_MAX} processes that one page searches; the search \
             continues with the older ones."
        ),
    }
}

/// Links to the first page and to the next.
fn more(filter: &ListFilter, next: Option<ListCursor>) -> Markup {
    html! {
        nav.more aria-label="Pages of the list" {
            @if filter.after.is_some() { a href=(filter.path(None)) { "To the newest" } }
            @if let Some(next) = next { a href=(filter.path(Some(next))) rel="next" { "Older ones" } }
        }
    }
}
