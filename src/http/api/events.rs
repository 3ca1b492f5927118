//! `GET /v1/events` and `GET /v1/events/stream`: all events in the order of commits, from a cursor
//! on.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive};
use axum::response::{IntoResponse, Response, Sse};
use futures_util::stream::{self, StreamExt};

use super::feed_query::{After, FeedFilter};
use super::openapi::{parameters, responses};
use crate::domain::access::Access;
use crate::fair::Paced;
use crate::http::state::Api;
use crate::http::web::streams::StreamPermit;
use crate::http::web::{Caller, HttpProblem, Parameters, Pass, ProblemKind, links, prefer};
use crate::store::read::feed::{Feed, FeedError};
use crate::store::read::feed_cursor::FeedCursor;
use crate::view::feed::{self, FeedPageView};

/// Comments keep the connection open through proxies.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// Pages of a stream are small: readers may be slow, and many.
const STREAM_BYTES_MAX: i64 = 128 << 10;
const LAST_EVENT_ID: &str = "last-event-id";

/// A page of events; with `Prefer: wait` it waits for one, up to the limit.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "listEvents",
    tag = "events",
    summary = "Events after a cursor",
    description = "A client that continues with `after`, the `next` of the previous page, neither skips nor repeats an event. With `Prefer: wait` it waits for an event.",
    params(parameters::Events, parameters::Prefer),
    responses(
        (status = 200, description = "A page", body = FeedPageView, headers(("Link", description = "Link to the next page"))),
        responses::FeedProblems,
    ),
)]
pub(in crate::http) async fn list(
    api: Api,
    Caller(access): Caller,
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let filter = FeedFilter::read(parameters)?;
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
        if !page.more {
            match api.next(page.next, left).await {
                Some(place) => after = Some(place),
                None => break page,
            }
        }
    };
    let mut answer = api.room().json(&feed::page(&page))?;
    let next = format!("/v1/events?{}", filter.query(page.next));
    links::add_next(&mut answer, &next);
    Ok(answer)
}

/// The same as server-sent events, without an end: new events, or those after `Last-Event-ID`.
#[utoipa::path(
    get,
    path = "/v1/events/stream",
    operation_id = "streamEvents",
    tag = "events",
    summary = "Events as server-sent events",
    description = "From now on, or from `after` or `Last-Event-ID` on; without an end.",
    params(parameters::Events, parameters::LastEventId),
    responses(
        (status = 200, description = "Events, each with its cursor as `id`", body = String, content_type = "text/event-stream"),
        responses::FeedProblems,
    ),
)]
pub(in crate::http) async fn stream(
    api: Api,
    (Caller(access), pass): (Caller, Pass),
    parameters: Parameters,
    headers: HeaderMap,
) -> Result<Response, HttpProblem> {
    let mut filter = FeedFilter::read(parameters)?;
    if let Some(last) = headers.get(LAST_EVENT_ID) {
        let last = last.to_str().unwrap_or_default();
        let fault =
            |_| HttpProblem::parameters(vec![format!("{LAST_EVENT_ID} is no cursor of this feed")]);
        filter.after = Some(After::Place(last.parse().map_err(fault)?));
    }
    let after = api.begin(filter.after, Some(After::Now)).await?;
    filter.bytes_max = STREAM_BYTES_MAX;
    let permit = api.stream()?;
    // The first page is read before the response begins, so that an error has its status.
    let paced = api.paced().await?;
    let first = api.page(&filter, &access, after).await?;
    paced.finish();
    let reader = Reader {
        api,
        _permit: permit,
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

/// A client that follows the feed.
struct Reader {
    api: Api,
    access: Access,
    pass: Pass,
    filter: FeedFilter,
    /// The cursor to continue after.
    place: FeedCursor,
    first: Option<Feed>,
    _permit: StreamPermit,
}

/// How often the key of a stream is looked up while there is nothing to send.
const CHECK_EVERY: Duration = Duration::from_secs(2);

type Sent = Vec<Result<Event, Infallible>>;

impl Reader {
    /// One page; the stream ends when the process stops, the key is no longer valid, or the
    /// database is unavailable: then the client reconnects with its cursor.
    async fn next(mut self) -> Option<(Sent, Self)> {
        let (page, paced) = match self.first.take() {
            Some(first) => (first, None),
            None => {
                let paced = self.paced().await?;
                if self.pass.is_good().await.is_err() {
                    paced.finish();
                    return None;
                }
                let place = Some(self.place);
                let page = self.api.page(&self.filter, &self.access, place).await;
                (page.ok()?, Some(paced))
            }
        };
        self.place = page.next;
        let events = page.events.iter().map(|event| {
            let data = serde_json::to_string(&feed::event(event)).unwrap_or_default();
            Ok(Event::default().id(event.cursor.to_string()).data(data))
        });
        let sent: Sent = events.collect();
        if let Some(paced) = paced {
            paced.finish();
        }
        if sent.is_empty() && !page.more {
            self.place = self.woken().await?;
        }
        Some((sent, self))
    }
}

impl Reader {
    /// Waits until the next page may be read, since a tenant may have many streams; `None` if the stream
    /// ends.
    async fn paced(&self) -> Option<Paced> {
        loop {
            tokio::select! {
                paced = self.api.paced() => if let Ok(paced) = paced {
                    return Some(paced);
                },
                () = self.api.stop.cancelled() => return None,
            }
        }
    }

    /// Waits for the tenant's next event; returns where to read on, or `None` if the stream ends.
    async fn woken(&self) -> Option<FeedCursor> {
        let notified = self.api.notifier.after(self.api.tenant(), self.place);
        tokio::pin!(notified);
        loop {
            tokio::select! {
                place = &mut notified => return Some(place),
                () = self.api.stop.cancelled() => return None,
                () = tokio::time::sleep(CHECK_EVERY) => {
                    self.pass.is_good().await.ok()?;
                }
            }
        }
    }
}

impl Api {
    async fn begin(
        &self,
        after: Option<After>,
        otherwise: Option<After>,
    ) -> Result<Option<FeedCursor>, HttpProblem> {
        match after.or(otherwise) {
            None => Ok(None),
            Some(After::Place(place)) => Ok(Some(place)),
            Some(After::Now) => Ok(Some(self.store().feed_end().await?)),
        }
    }

    async fn page(
        &self,
        filter: &FeedFilter,
        access: &Access,
        after: Option<FeedCursor>,
    ) -> Result<Feed, HttpProblem> {
        let query = filter.of(access, after);
        self.store().feed(&query).await.map_err(|error| match error {
            FeedError::Gone { .. } => HttpProblem::new(
                ProblemKind::Gone,
                "events after this cursor have been deleted; start again without after",
            ),
            FeedError::Undone => HttpProblem::new(
                ProblemKind::Gone,
                "the database was recovered to a moment before this cursor; start again without after",
            ),
            FeedError::Store(error) => error.into(),
        })
    }

    /// Waits for the tenant's next event after a cursor; returns where to read on, if there is one.
    async fn next(&self, place: FeedCursor, wait: Duration) -> Option<FeedCursor> {
        let notified = self.notifier.after(self.tenant(), place);
        tokio::select! {
            notified = tokio::time::timeout(wait, notified) => notified.ok(),
            () = self.stop.cancelled() => None,
        }
    }
}
