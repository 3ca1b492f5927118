//! A page as an event stream: its content is sent again whenever it has changed.

use std::convert::Infallible;
use std::future::Future;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::{Page, Viewer};
use crate::http::web::memory_budget::MemoryPermit;
use crate::http::web::streams::{StreamPermit, Streams};
use crate::http::web::{HttpProblem, Pass, ProblemKind};

/// How often a page is rendered to find out whether it has changed.
const POLL_EVERY: Duration = Duration::from_secs(1);
/// The pause after rendering, in multiples of its duration: no stream keeps the server busy for
/// more than a twentieth of the time, unless the page takes over half a second.
const REST: u32 = 19;
/// The longest pause between two polls.
const POLL_MAX: Duration = Duration::from_secs(10);
/// How long to wait after an error: many streams may be waiting for the same resource.
const RETRY_AFTER: Duration = Duration::from_secs(3);
/// How often an idle stream sends a comment, which keeps the connection open.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// How many bytes of a page belong to its stream; a larger one counts as an answer.
const PAGE_BYTES: usize = 256 << 10;

/// Whether a request is for a stream.
pub(in super::super) fn is_requested(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/event-stream"))
}

/// The stream of a page.
pub(super) fn stream<F>(
    streams: &Streams,
    viewer: Viewer,
    pass: Pass,
    render: impl Fn(Viewer) -> F + Send + 'static,
) -> Result<Response, HttpProblem>
where
    F: Future<Output = Result<Page, HttpProblem>> + Send + 'static,
{
    let poll = PagePoll {
        _permit: streams.place(&viewer.access.tenant)?,
        viewer,
        pass,
        render,
        shown: None,
        under_way: None,
        rest: POLL_EVERY,
    };
    let keep_alive = KeepAlive::new().interval(COMMENT_EVERY);
    let events = stream::unfold(poll, PagePoll::next);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

struct PagePoll<M> {
    viewer: Viewer,
    pass: Pass,
    render: M,
    /// The hash of what was sent last: pages may be large.
    shown: Option<u64>,
    /// The memory of a large page until it is on its way.
    under_way: Option<MemoryPermit>,
    /// How long to wait before the next poll.
    rest: Duration,
    _permit: StreamPermit,
}

impl<M, F> PagePoll<M>
where
    M: Fn(Viewer) -> F,
    F: Future<Output = Result<Page, HttpProblem>>,
{
    /// The next change; the stream ends when the server stops or the key is no longer valid.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        // This is polled once the previous page is on its way.
        self.under_way = None;
        loop {
            if self.shown.is_some() {
                tokio::select! {
                    () = tokio::time::sleep(self.rest) => {}
                    () = self.viewer.api.stop.cancelled() => return None,
                }
            }
            let started = Instant::now();
            let rendered = self.page().await;
            let shown = match rendered {
                Ok(page) => {
                    self.rest = (started.elapsed() * REST).clamp(POLL_EVERY, POLL_MAX);
                    ("page", page)
                }
                Err(problem) if is_final(&problem) => return None,
                Err(problem) => {
                    self.rest = RETRY_AFTER;
                    ("problem", problem.detail().to_owned())
                }
            };
            let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(&shown);
            if self.shown.replace(hash) != Some(hash) {
                let (name, data) = shown;
                return Some((Ok(Event::default().event(name).data(data)), self));
            }
            self.under_way = None;
        }
    }

    /// Renders the page, if the viewer's key is still valid.
    async fn page(&mut self) -> Result<String, HttpProblem> {
        self.pass.is_good().await?;
        let page = (self.render)(self.viewer.clone()).await?.main.into_string();
        if page.len() > PAGE_BYTES {
            self.under_way = Some(self.viewer.api.room().take(page.len())?);
        }
        Ok(page)
    }
}

/// Whether the viewer may not see the page any more; errors of the server are temporary, and the
/// viewer keeps the open page.
fn is_final(problem: &HttpProblem) -> bool {
    matches!(
        problem.kind(),
        ProblemKind::Unauthorized | ProblemKind::Forbidden
    )
}
