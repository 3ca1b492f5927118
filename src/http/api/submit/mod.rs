//! What clients send: read as if it had come over AMQP, published for the workers like everybody's
//! events, and, for those who wait, answered once it was applied.
//!
//! Nothing is applied here: whatever came in over HTTP takes the same way as all the rest.

pub(super) mod cancel;
pub(super) mod events;
mod identity;
mod message;
pub(super) mod orders;
pub(super) mod post;
mod receipt;
mod single;

use std::time::Duration;

use self::message::outgoing;
use self::receipt::Receipt;
use super::Api;
use super::problem::{HttpProblem, Trouble};
use crate::store::fate::{Fate, Sent};
use crate::wire::Accepted;

impl Api {
    /// Publishes events and waits for the broker to take them, and then, at most so long, for the
    /// workers to apply them; says of each how far it came.
    async fn submit(
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
            let sent = events.iter().map(|event| Sent::new(&event.event, since));
            let fates = futures_util::future::join_all(sent.map(|sent| self.fate(sent, wait)));
            for (receipt, fate) in receipts.iter_mut().zip(fates.await) {
                receipt.learn(fate);
            }
        }
        Ok(receipts)
    }

    /// What becomes of an event within a time, if anything does.
    async fn fate(&self, sent: Sent, wait: Duration) -> Option<Fate> {
        tokio::select! {
            fate = tokio::time::timeout(wait, self.fates.answer(sent)) => fate.ok().flatten(),
            () = self.stop.cancelled() => None,
        }
    }

    /// Whether an event of that identity is known already, and says the same.
    async fn is_repeated(&self, event: &Accepted) -> Result<bool, HttpProblem> {
        let sent = Sent::new(&event.event, event.event.stamp.time);
        let known = self.store.fates(&[sent]).await?;
        match known.first() {
            Some((_, Fate::Logged { data, .. })) if *data == event.data => Ok(true),
            Some((_, Fate::Logged { .. })) => Err(HttpProblem::new(
                Trouble::KeyReused,
                "the header Idempotency-Key was used with another content; use a new one",
            )),
            Some((_, Fate::Refused(_))) | None => Ok(false),
        }
    }
}
