//! `GET /v1/events` and `GET /v1/events/stream`: everything that happens, in the order of commits,
//! from a cursor on.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures_util::stream::{self, StreamExt};
use tokio::sync::OwnedSemaphorePermit;

use super::feed_query::{After, Filter};
use super::openapi::{parameters, responses};
use crate::domain::access::Access;
use crate::http::state::Api;
use crate::http::web::auth::{Caller, Pass};
use crate::http::web::params::Parameters;
use crate::http::web::prefer;
use crate::http::web::problem::{HttpProblem, ProblemKind};
use crate::store::read::feed::{Feed, FeedError};
use crate::store::read::feed_cursor::Cursor;
use crate::view::feed::{self, PageView};

/// A comment keeps the line open through whatever lies between.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// A page of a stream is small, for its reader may be slow, and there may be many.
const STREAM_BYTES_MAX: i64 = 128 << 10;
/// What a stream takes: its page, as read and as written, and what the connection keeps.
const STREAM_ROOM: usize = 1 << 20;
const LAST_EVENT_ID: &str = "last-event-id";

/// A page of events; with `Prefer: wait` not before there is one, or the time is over.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "listEvents",
    tag = "events",
    summary = "What happened after a cursor",
    description = "A client that goes on with `after`, the `next` of the page before, neither skips nor repeats an event. With `Prefer: wait` not before there is one.",
    params(parameters::Events, parameters::Prefer),
    responses(
        (status = 200, description = "A page", body = PageView, headers(("Link", description = "Where the next page is"))),
        responses::Followed,
    ),
)]
pub(in crate::http) async fn list(
    State(api): State<Api>,
    Caller(access): Caller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let filter = Filter::read(parameters)?;
    let wait = prefer::wait(&headers);
    let until = Instant::now() + wait.unwrap_or_default();
    let mut after = api.begin(filter.after, None).await?;
    let page = loop {
        let page = api.page(&filter, &access, after).await?;
        if !page.events.is_empty() || wait.is_none() {
            break page;
        }
        after = Some(page.next);
        let left = until.saturating_duration_since(Instant::now());
        if !page.more && !api.goes_on(page.next, left).await {
            break page;
        }
    };
    let body = serde_json::to_vec(&feed::page(&page)).unwrap_or_default();
    let body = api.room.answer(body)?;
    let next = format!("</v1/events?{}>; rel=\"next\"", filter.query(page.next));
    let mut answer = (
        [(header::CONTENT_TYPE, "application/json")],
        [(header::CACHE_CONTROL, "no-store")],
        body,
    )
        .into_response();
    if let Ok(next) = next.parse() {
        answer.headers_mut().insert(header::LINK, next);
    }
    Ok(answer)
}

/// The same as server-sent events, without an end: what is new, or what came after `Last-Event-ID`.
#[utoipa::path(
    get,
    path = "/v1/events/stream",
    operation_id = "streamEvents",
    tag = "events",
    summary = "What happens, as server-sent events",
    description = "From now on, or from `after` or `Last-Event-ID` on; without an end.",
    params(parameters::Events, parameters::LastEventId),
    responses(
        (status = 200, description = "Events, each with its cursor as `id`", body = String, content_type = "text/event-stream"),
        responses::Followed,
    ),
)]
pub(in crate::http) async fn stream(
    State(api): State<Api>,
    (Caller(access), pass): (Caller, Pass),
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let mut filter = Filter::read(parameters)?;
    if let Some(last) = headers.get(LAST_EVENT_ID) {
        let last = last.to_str().unwrap_or_default();
        let fault =
            |_| HttpProblem::parameters(vec![format!("{LAST_EVENT_ID} is no cursor of this feed")]);
        filter.after = Some(After::Place(last.parse().map_err(fault)?));
    }
    let after = api.begin(filter.after, Some(After::Now)).await?;
    filter.bytes_max = STREAM_BYTES_MAX;
    let room = api.room.take(STREAM_ROOM)?;
    // The first page is read before the answer begins: it may be refused.
    let first = api.page(&filter, &access, after).await?;
    let reader = Reader {
        api,
        _room: room,
        place: first.next,
        access,
        pass,
        filter,
        first: Some(first),
    };
    let events = stream::unfold(reader, Reader::next).flat_map(stream::iter);
    let keep_alive = KeepAlive::new().interval(COMMENT_EVERY);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

/// Somebody who follows the feed.
struct Reader {
    api: Api,
    access: Access,
    pass: Pass,
    filter: Filter,
    /// After what to go on.
    place: Cursor,
    first: Option<Feed>,
    _room: OwnedSemaphorePermit,
}

type Sent = Vec<Result<Event, Infallible>>;

impl Reader {
    /// One page; the stream ends when the process stops, the key is not good any more, or the
    /// database is away: then the client comes again, with its cursor.
    async fn next(mut self) -> Option<(Sent, Self)> {
        let page = match self.first.take() {
            Some(first) => first,
            None => {
                self.pass.is_good().await.ok()?;
                let place = Some(self.place);
                let page = self.api.page(&self.filter, &self.access, place).await;
                page.ok()?
            }
        };
        self.place = page.next;
        let events = page.events.iter().map(|event| {
            let data = serde_json::to_string(&feed::event(event)).unwrap_or_default();
            Ok(Event::default().id(event.cursor.to_string()).data(data))
        });
        let sent: Sent = events.collect();
        if sent.is_empty() && !page.more {
            tokio::select! {
                () = self.api.news.after(self.place) => {}
                () = self.api.stop.cancelled() => return None,
            }
        }
        Some((sent, self))
    }
}

impl Api {
    async fn begin(
        &self,
        after: Option<After>,
        otherwise: Option<After>,
    ) -> Result<Option<Cursor>, HttpProblem> {
        match after.or(otherwise) {
            None => Ok(None),
            Some(After::Place(place)) => Ok(Some(place)),
            Some(After::Now) => Ok(Some(self.store.feed_end().await?)),
        }
    }

    async fn page(
        &self,
        filter: &Filter,
        access: &Access,
        after: Option<Cursor>,
    ) -> Result<Feed, HttpProblem> {
        let query = filter.of(access, after);
        self.store.feed(&query).await.map_err(|error| match error {
            FeedError::Gone { .. } => HttpProblem::new(
                ProblemKind::Gone,
                "events after this cursor have been deleted; begin again without after",
            ),
            FeedError::Undone => HttpProblem::new(
                ProblemKind::Gone,
                "the database was recovered to a moment before this cursor; begin again without after",
            ),
            FeedError::Store(error) => error.into(),
        })
    }

    /// Waits for what comes after a place; says whether there is something.
    async fn goes_on(&self, place: Cursor, wait: Duration) -> bool {
        tokio::select! {
            news = tokio::time::timeout(wait, self.news.after(place)) => news.is_ok(),
            () = self.stop.cancelled() => false,
        }
    }
}
