//! A page as a stream: its content again, whenever it has changed.

use std::convert::Infallible;
use std::future::Future;
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::super::api::bytes::Taken;
use super::super::api::caller::Pass;
use super::super::api::problem::HttpProblem;
use super::ask::Viewer;
use super::page::Page;

/// How often it is looked whether a page has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// A page that is dear to make is made so much less often: nobody who looks takes more than a
/// twentieth of a core.
const REST: u32 = 19;
/// But it is looked again after that long.
const LOOK_MAX: Duration = Duration::from_secs(10);
/// How often a stream without news shows that it is there.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// What a viewer who does not read may hold up.
const STREAM_ROOM: usize = 256 << 10;

/// Whether a request is for a stream.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/event-stream"))
}

/// The stream of a page.
pub(super) fn stream<F>(
    viewer: Viewer,
    pass: Pass,
    make: impl Fn(Viewer) -> F + Send + 'static,
) -> Result<Response, HttpProblem>
where
    F: Future<Output = Result<Page, HttpProblem>> + Send + 'static,
{
    let look = Look {
        _room: viewer.api.room.take(STREAM_ROOM)?,
        viewer,
        pass,
        make,
        shown: None,
        rest: LOOK_EVERY,
    };
    let keep_alive = KeepAlive::new().interval(COMMENT_EVERY);
    let events = stream::unfold(look, Look::next);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

struct Look<M> {
    viewer: Viewer,
    pass: Pass,
    make: M,
    /// What was sent last.
    shown: Option<Shown>,
    /// How long to wait before the next look.
    rest: Duration,
    _room: Taken,
}

#[derive(PartialEq, Eq)]
enum Shown {
    Page(String),
    /// Why the page can't be made at the moment.
    Problem(String),
}

impl<M, F> Look<M>
where
    M: Fn(Viewer) -> F,
    F: Future<Output = Result<Page, HttpProblem>>,
{
    /// What has changed; the stream ends when the process stops or the key is not good any more.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        loop {
            if self.shown.is_some() {
                tokio::select! {
                    () = tokio::time::sleep(self.rest) => {}
                    () = self.viewer.api.stopped() => return None,
                }
            }
            self.pass.is_good().await.ok()?;
            let began = Instant::now();
            let shown = match (self.make)(self.viewer.clone()).await {
                Ok(page) => Shown::Page(page.main.into_string()),
                Err(problem) => Shown::Problem(problem.detail().to_owned()),
            };
            self.rest = (began.elapsed() * REST).clamp(LOOK_EVERY, LOOK_MAX);
            if self.shown.as_ref() == Some(&shown) {
                continue;
            }
            let event = shown.event();
            self.shown = Some(shown);
            return Some((Ok(event), self));
        }
    }
}

impl Shown {
    fn event(&self) -> Event {
        match self {
            Self::Page(main) => Event::default().event("page").data(main),
            Self::Problem(detail) => Event::default().event("problem").data(detail),
        }
    }
}
