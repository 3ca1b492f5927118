//! Polls a process over HTTP: whenever something has happened to it, and when it has ended.

use std::time::Duration;

use reqwest::StatusCode;
use tokio::time::Instant;

use super::{PATIENCE, WatchPoll};
use crate::backoff::Backoff;
use crate::cli::failure::Failure;
use crate::cli::remote::{Client, Page, RemoteError, WAIT};
use crate::view::parts::LISTED_MAX;
use crate::view::parts::Part;
use crate::view::record::StepView;

const NOW: Duration = Duration::ZERO;

/// One process on a server.
pub(super) struct ProcessPoll {
    client: Client,
    token: String,
    place: Option<String>,
    /// The first lines of history that came.
    seen: Vec<StepView>,
}

impl ProcessPoll {
    pub(super) fn new(client: Client, token: &str) -> Self {
        Self {
            client,
            token: token.to_owned(),
            place: None,
            seen: Vec::new(),
        }
    }

    /// The next poll; `None` if there are no events for the token. A server that is unreachable for a
    /// while does not end the watching.
    pub(super) async fn poll(&mut self) -> Result<Option<WatchPoll>, Failure> {
        let began = Instant::now();
        let mut backoff = Backoff::new();
        loop {
            match self.try_poll().await {
                Ok(poll) => return Ok(poll),
                Err(error) if error.refusal(&[StatusCode::NOT_FOUND]).is_some() => return Ok(None),
                Err(error) if error.passes() && began.elapsed() < PATIENCE => {
                    tracing::debug!(%error, "retrying the request");
                    let retry_after = error.retry_after().unwrap_or_default();
                    tokio::time::sleep(backoff.next().max(retry_after)).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Waits until something has happened. A wait that fails is over too: the next poll reports why.
    pub(super) async fn wait(&self) {
        let place = self.place.as_deref();
        tokio::select! {
            _ = self.client.events(&self.token, place, WAIT) => {}
            // What a clock ends is no event.
            _ = self.client.process(&self.token, &[], WAIT) => {}
        }
    }

    /// The record first: what it says of an end then covers every step that is shown.
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
        self.place = Some(page.next);
        Ok(Some(WatchPoll {
            steps,
            summary: view.summary,
            status: view.status.into_owned(),
            has_ended,
            more: page.more,
        }))
    }

    /// What happened since the last poll, with the lines of history in it that are new.
    async fn page(&self) -> Result<(Page, Vec<StepView>), RemoteError> {
        let place = self.place.as_deref();
        match self.client.events(&self.token, place, NOW).await {
            // The place is older than what is kept: from the beginning, then.
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

    /// Those that did not come before, nor are among these; what came twice is twice there.
    fn unseen(&self, these: &[StepView], mut steps: Vec<StepView>) -> Vec<StepView> {
        let mut known: Vec<_> = self.seen.iter().chain(these).collect();
        steps.retain(|step| {
            let place = known.iter().position(|known| *known == step);
            place.map(|place| known.swap_remove(place)).is_none()
        });
        steps
    }

    /// The whole history of a process that has ended, where it is short enough to be compared with what
    /// was seen: another client's open transaction may delay the feed.
    async fn history(&self) -> Result<Vec<StepView>, RemoteError> {
        let view = self.client.process(&self.token, &[Part::Steps], NOW);
        let view = view.await?;
        let logged = view.counts.unwrap_or_default().events;
        let is_whole = usize::try_from(logged).is_ok_and(|logged| logged <= LISTED_MAX);
        Ok(view.history.filter(|_| is_whole).unwrap_or_default())
    }
}
