//! What clients send: read as if it had come over AMQP, published for the workers like everybody's
//! events, and, for those who wait, answered once it was applied.
//!
//! Nothing is applied here: whatever came in over HTTP takes the same way as all the rest.

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

use self::message::outgoing;
use self::receipt::Receipt;
use super::state::Api;
use super::web::problem::HttpProblem;
use crate::store::read::event_outcome::{EventOutcome, SentEvent};
use crate::wire::Accepted;

impl Api {
    /// Publishes events and waits for the broker to take them, and then, at most so long, for the
    /// workers to apply them; says of each how far it came.
    pub(in crate::http) async fn submit(
        &self,
        events: &[Accepted],
        wait: Option<Duration>,
    ) -> Result<Vec<Receipt>, HttpProblem> {
        let since = match wait {
            Some(_) => Some(self.store.now().await?),
            None => None,
        };
        self.post
            .send(events.iter().map(outgoing).collect())
            .await?;
        let mut receipts: Vec<_> = events.iter().map(Receipt::accepted).collect();
        if let (Some(wait), Some(since)) = (wait, since) {
            let sent = events
                .iter()
                .map(|event| SentEvent::new(&event.event, since));
            let fates = futures_util::future::join_all(sent.map(|sent| self.fate(sent, wait)));
            for (receipt, fate) in receipts.iter_mut().zip(fates.await) {
                receipt.learn(fate);
            }
        }
        Ok(receipts)
    }

    /// What becomes of an event within a time, if anything does.
    async fn fate(&self, sent: SentEvent, wait: Duration) -> Option<EventOutcome> {
        tokio::select! {
            fate = tokio::time::timeout(wait, self.fates.answer(sent)) => fate.ok().flatten(),
            () = self.stop.cancelled() => None,
        }
    }

    /// Whether an event of that identity is known already, and says the same.
    async fn is_repeated(&self, event: &Accepted) -> Result<bool, HttpProblem> {
        let sent = SentEvent::new(&event.event, event.event.stamp.time);
        let known = self.store.fates(&[sent]).await?;
        match known.first() {
            Some((_, EventOutcome::Logged { data, .. })) if *data == event.data => Ok(true),
            Some((_, EventOutcome::Logged { .. })) => Err(HttpProblem::key_reused()),
            Some((_, EventOutcome::Refused(_))) | None => Ok(false),
        }
    }
}
