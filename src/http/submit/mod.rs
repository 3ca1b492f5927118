//! Events that clients send over HTTP: decoded like those over AMQP, published for the workers like
//! those of all producers, and, with `Prefer: wait`, answered after a worker has applied them.
//!
//! Nothing is applied here: events over HTTP take the same path as all others.

mod cancels;
pub mod content;
pub(in crate::http) mod event_request;
pub(in crate::http) mod idempotency;
pub(super) mod message;
pub(in crate::http) mod multipart;
pub(in crate::http) mod publisher;
pub(in crate::http) mod receipt;
pub(in crate::http) mod upload;
pub(in crate::http) mod upload_form;
pub mod upload_limits;

use std::time::Duration;

pub(super) use self::event_request::EventRequest;
use self::message::outgoing;
pub(super) use self::multipart::MultipartParts;
pub(super) use self::receipt::Receipt;
use super::state::Api;
use super::web::Pass;
use super::web::problem::HttpProblem;
use crate::store::read::event_outcome::{EventOutcome, SentEvent};
use crate::wire::Accepted;

impl Api {
    /// Publishes events and waits for the broker's confirms, and then, up to `wait`, for the
    /// workers to apply them; returns how far each event got.
    pub(in crate::http) async fn submit(
        &self,
        events: &[Accepted],
        wait: Option<Duration>,
    ) -> Result<Vec<Receipt>, HttpProblem> {
        self.take_from_quota(events)?;
        self.publish(events, wait).await
    }

    /// The same, and cancellations are in the audit first.
    pub(in crate::http) async fn submit_by(
        &self,
        pass: &Pass,
        events: &[Accepted],
        wait: Option<Duration>,
    ) -> Result<Vec<Receipt>, HttpProblem> {
        self.take_from_quota(events)?;
        self.record_cancels(pass, events).await?;
        self.publish(events, wait).await
    }

    fn take_from_quota(&self, events: &[Accepted]) -> Result<(), HttpProblem> {
        let openings = events.iter().filter(|event| event.event.opens()).count();
        self.quotas.send(self.tenant(), events.len(), openings)
    }

    async fn publish(
        &self,
        events: &[Accepted],
        wait: Option<Duration>,
    ) -> Result<Vec<Receipt>, HttpProblem> {
        let since = match wait {
            Some(_) => Some(self.store().now().await?),
            None => None,
        };
        let messages = events.iter().map(outgoing).collect();
        self.publisher.send(self.tenant(), messages).await?;
        let mut receipts: Vec<_> = events.iter().map(Receipt::accepted).collect();
        if let (Some(wait), Some(since)) = (wait, since) {
            let sent = events
                .iter()
                .map(|event| SentEvent::new(&event.event, since));
            let outcomes = sent.map(|sent| self.outcome(sent, wait));
            let outcomes = futures_util::future::join_all(outcomes).await;
            for (receipt, outcome) in receipts.iter_mut().zip(outcomes) {
                receipt.set_outcome(outcome);
            }
        }
        Ok(receipts)
    }

    /// The outcome of an event, if it is known within `wait`.
    async fn outcome(&self, sent: SentEvent, wait: Duration) -> Option<EventOutcome> {
        tokio::select! {
            outcome = tokio::time::timeout(wait, self.outcomes.wait_for(sent)) => outcome.ok().flatten(),
            () = self.stop.cancelled() => None,
        }
    }

    /// Whether the event is in the log already; fails if the logged one has other data.
    async fn is_repeated(&self, event: &Accepted) -> Result<bool, HttpProblem> {
        let sent = SentEvent::new(&event.event, event.event.stamp.time);
        let known = self.store().event_outcomes(&[sent]).await?;
        match known.first() {
            Some((_, EventOutcome::Logged { data, .. })) if *data == event.data => Ok(true),
            Some((_, EventOutcome::Logged { .. })) => Err(HttpProblem::key_reused()),
            Some((_, EventOutcome::Refused(_))) | None => Ok(false),
        }
    }
}
