//! A page as a stream: its content again, whenever it has changed.

use std::convert::Infallible;
use std::future::Future;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{Duration, Instant};

use axum::http::{HeaderMap, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::stream;

use super::page::Page;
use super::viewer::Viewer;
use crate::http::web::auth::Pass;
use crate::http::web::memory_budget::{MemoryBudget, MemoryPermit};
use crate::http::web::problem::{HttpProblem, ProblemKind};

/// How often it is looked whether a page has changed.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// An expensive page is refreshed less often: nobody who looks takes more than a
/// twentieth of the time, unless the page takes over half a second.
const REST: u32 = 19;
/// But it is looked again after that long.
const LOOK_MAX: Duration = Duration::from_secs(10);
/// How long to wait where it can't be made: many may be waiting for the same.
const TROUBLED: Duration = Duration::from_secs(3);
/// How often a stream without news shows that it is there.
const COMMENT_EVERY: Duration = Duration::from_secs(15);
/// What a viewer who does not read may hold up.
const STREAM_ROOM: usize = 256 << 10;
/// How many may look at a time. They stay for long, so the room of others is not theirs.
const STREAMS_MAX: usize = 256;

/// The room of all streams.
#[derive(Clone)]
pub(super) struct Streams(MemoryBudget);

impl Default for Streams {
    fn default() -> Self {
        Self(MemoryBudget::of(STREAMS_MAX * STREAM_ROOM))
    }
}

/// Whether a request is for a stream.
pub(super) fn is_wanted(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT);
    let accepted = accepted.and_then(|accepted| accepted.to_str().ok());
    accepted.is_some_and(|accepted| accepted.contains("text/event-stream"))
}

/// The stream of a page.
pub(super) fn stream<F>(
    Streams(room): &Streams,
    viewer: Viewer,
    pass: Pass,
    make: impl Fn(Viewer) -> F + Send + 'static,
) -> Result<Response, HttpProblem>
where
    F: Future<Output = Result<Page, HttpProblem>> + Send + 'static,
{
    let look = PagePoll {
        _room: room.take(STREAM_ROOM)?,
        viewer,
        pass,
        make,
        shown: None,
        under_way: None,
        rest: LOOK_EVERY,
    };
    let keep_alive = KeepAlive::new().interval(COMMENT_EVERY);
    let events = stream::unfold(look, PagePoll::next);
    Ok(Sse::new(events).keep_alive(keep_alive).into_response())
}

struct PagePoll<M> {
    viewer: Viewer,
    pass: Pass,
    make: M,
    /// What was sent last, by its hash: pages may be large.
    shown: Option<u64>,
    /// What a large page takes until it was taken up.
    under_way: Option<MemoryPermit>,
    /// How long to wait before the next look.
    rest: Duration,
    _room: MemoryPermit,
}

#[derive(Hash)]
enum Shown {
    Page(String),
    /// Why the page can't be made at the moment.
    Problem(String),
}

impl<M, F> PagePoll<M>
where
    M: Fn(Viewer) -> F,
    F: Future<Output = Result<Page, HttpProblem>>,
{
    /// What has changed; the stream ends when the process stops or the key is not good any more.
    async fn next(mut self) -> Option<(Result<Event, Infallible>, Self)> {
        // More is asked for once what came before is on its way.
        self.under_way = None;
        loop {
            if self.shown.is_some() {
                tokio::select! {
                    () = tokio::time::sleep(self.rest) => {}
                    () = self.viewer.api.stopped() => return None,
                }
            }
            let began = Instant::now();
            let made = self.page().await;
            let shown = match made {
                Ok(page) => {
                    self.rest = (began.elapsed() * REST).clamp(LOOK_EVERY, LOOK_MAX);
                    Shown::Page(page)
                }
                Err(problem) if is_final(&problem) => return None,
                Err(problem) => {
                    self.rest = TROUBLED;
                    Shown::Problem(problem.detail().to_owned())
                }
            };
            let hash = shown.hash();
            if self.shown.replace(hash) != Some(hash) {
                return Some((Ok(shown.event()), self));
            }
            self.under_way = None;
        }
    }

    /// The page, for whoever still may see it.
    async fn page(&mut self) -> Result<String, HttpProblem> {
        self.pass.is_good().await?;
        let page = (self.make)(self.viewer.clone()).await?.main.into_string();
        if page.len() > STREAM_ROOM {
            self.under_way = Some(self.viewer.api.room.take(page.len())?);
        }
        Ok(page)
    }
}

/// Whether it is the viewer's: trouble of ours passes, and they go on with what they have open.
fn is_final(problem: &HttpProblem) -> bool {
    matches!(
        problem.trouble(),
        ProblemKind::Unauthorized | ProblemKind::Forbidden
    )
}

impl Shown {
    fn hash(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        Hash::hash(self, &mut hasher);
        hasher.finish()
    }

    fn event(&self) -> Event {
        match self {
            Self::Page(main) => Event::default().event("page").data(main),
            Self::Problem(detail) => Event::default().event("problem").data(detail),
        }
    }
}
