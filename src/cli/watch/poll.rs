//! Polls a process over HTTP after each new event and when it has ended.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::Instant;

use super::{UNREACHABLE_MAX, WatchPoll};
use crate::backoff::Backoff;
use crate::cli::failure::Failure;
use crate::cli::remote::{Client, EventPage, RemoteError, WAIT};
use crate::view::parts::LISTED_MAX;
use crate::view::parts::Part;
use crate::view::record::StepView;

const NOW: Duration = Duration::ZERO;

/// One process on a server.
pub(super) struct ProcessPoll {
    client: Client,
    token: String,
    cursor: Option<String>,
    /// The first received lines of history, up to `LISTED_MAX`.
    seen: Vec<StepView>,
}

impl ProcessPoll {
    pub(super) fn new(client: Client, token: &str) -> Self {
        Self {
            client,
            token: token.to_owned(),
            cursor: None,
            seen: Vec::new(),
        }
    }

    /// The next poll; `None` if there are no events for the token. Retries while the server is
    /// unreachable, for a limited time.
    pub(super) async fn poll(&mut self) -> Result<Option<WatchPoll>, Failure> {
        let began = Instant::now();
        let mut backoff = Backoff::new();
        loop {
            match self.try_poll().await {
                Ok(poll) => return Ok(poll),
                Err(error) if error.refusal(&[StatusCode::NOT_FOUND]).is_some() => return Ok(None),
                Err(error) if error.is_transient() && began.elapsed() < UNREACHABLE_MAX => {
                    tracing::debug!(%error, "retrying the request");
                    let retry_after = error.retry_after().unwrap_or_default();
                    tokio::time::sleep(backoff.next().max(retry_after)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits for the next event or the end. Returns on errors too: the next poll reports them.
    pub(super) async fn wait(&self) {
        let cursor = self.cursor.as_deref();
        tokio::select! {
            _ = self.client.events(&self.token, cursor, WAIT) => {}
            // A process that ends by a deadline has no event for it.
            _ = self.client.process(&self.token, &[], WAIT) => {}
        }
    }

    /// Reads the record before the events, so that no event of an ended process is missed.
    async fn try_poll(&mut self) -> Result<Option<WatchPoll>, RemoteError> {
        let view = self.client.process(&self.token, &[], NOW).await?;
        let (page, mut steps) = self.page().await?;
        let has_ended = view.ended_at.is_some();
        if has_ended && !page.more {
            let history = self.history().await?;
            steps.extend(self.unseen(&steps, history));
        }
        let free = LISTED_MAX.saturating_sub(self.seen.len());
        self.seen.extend(steps.iter().take(free).cloned());
        self.cursor = Some(page.next);
        Ok(Some(WatchPoll {
            steps,
            summary: view.summary,
            status: view.status.into_owned(),
            has_ended,
            more: page.more,
        }))
    }

    /// The events since the last poll, with the new lines of history.
    async fn page(&self) -> Result<(EventPage, Vec<StepView>), RemoteError> {
        let cursor = self.cursor.as_deref();
        match self.client.events(&self.token, cursor, NOW).await {
            // The cursor is older than the events that are kept: start from the beginning.
            Err(error) if error.refusal(&[StatusCode::GONE]).is_some() => {
                let page = self.client.events(&self.token, None, NOW).await?;
                let steps = self.unseen(&[], page.steps());
                Ok((page, steps))
            }
            page => page.map(|page| {
                let steps = page.steps();
                (page, steps)
            }),
        }
    }

    /// The steps that are neither in `seen` nor in `these`; equal steps are counted.
    fn unseen(&self, these: &[StepView], mut steps: Vec<StepView>) -> Vec<StepView> {
        let mut known: Vec<_> = self.seen.iter().chain(these).collect();
        steps.retain(|step| {
            let index = known.iter().position(|known| *known == step);
            index.map(|index| known.swap_remove(index)).is_none()
        });
        steps
    }

    /// The whole history of an ended process, if it is short enough to be compared with `seen`: an
    /// open transaction of another client may delay the feed.
    async fn history(&self) -> Result<Vec<StepView>, RemoteError> {
        let view = self.client.process(&self.token, &[Part::Steps], NOW);
        let view = view.await?;
        let logged = view.counts.unwrap_or_default().events;
        let is_whole = usize::try_from(logged).is_ok_and(|logged| logged <= LISTED_MAX);
        Ok(view.history.filter(|_| is_whole).unwrap_or_default())
    }
}
