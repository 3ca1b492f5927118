//! The one who publishes for all clients: what came while the broker confirmed goes out together.

use tokio::sync::{mpsc, oneshot};

use super::super::problem::{HttpProblem, Trouble};
use crate::broker::{self, BrokerError, Connection, Outgoing, Publisher, Verdict};
use crate::config::BrokerSettings;

/// Requests that may wait to be published.
const REQUESTS_MAX: usize = 1_024;
/// Requests that are published together.
const REQUESTS_AT_ONCE: usize = 64;

const BUSY: &str = "too many events wait for the broker; sending this again is safe";
/// It may have what it did not confirm.
const UNREACHABLE: &str = "the broker can't be reached, or did not confirm this; sending it again is safe under the same id or Idempotency-Key";
const NO_QUEUE: &str = "no queue takes events yet; `waybill run --roles worker` makes it";
const FULL: &str = "the queue of events is full; sending this again is safe";

/// Where messages are handed in.
#[derive(Clone)]
pub(in crate::http) struct Post {
    requests: mpsc::Sender<Request>,
}

/// The other end of a [`Post`].
pub(in crate::http) struct Counter {
    requests: mpsc::Receiver<Request>,
}

struct Request {
    messages: Vec<Outgoing>,
    answer: oneshot::Sender<Result<Vec<Verdict>, BrokerError>>,
}

struct Line {
    // Dropping it would end the channel.
    _connection: Connection,
    publisher: Publisher,
}

/// A post and its other end.
pub(in crate::http) fn post() -> (Post, Counter) {
    let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
    (Post { requests: sender }, Counter { requests: receiver })
}

impl Post {
    /// Publishes messages; only when the broker has all of them is it done.
    pub(in crate::http) async fn send(&self, messages: Vec<Outgoing>) -> Result<(), HttpProblem> {
        let (answer, answered) = oneshot::channel();
        let request = Request { messages, answer };
        let unavailable = |why| HttpProblem::new(Trouble::Unavailable, why);
        self.requests
            .try_send(request)
            .map_err(|_| unavailable(BUSY))?;
        let verdicts = match answered.await {
            Ok(Ok(verdicts)) => verdicts,
            Ok(Err(_)) | Err(_) => return Err(unavailable(UNREACHABLE)),
        };
        if verdicts.contains(&Verdict::Unroutable) {
            return Err(unavailable(NO_QUEUE));
        }
        if verdicts.contains(&Verdict::Nacked) {
            return Err(unavailable(FULL));
        }
        Ok(())
    }
}

impl Counter {
    /// Publishes what is handed in, until nobody can hand in anything more.
    pub(in crate::http) async fn serve(mut self, settings: BrokerSettings) {
        let mut line = None;
        let mut requests = Vec::new();
        while self
            .requests
            .recv_many(&mut requests, REQUESTS_AT_ONCE)
            .await
            > 0
        {
            let mut messages = Vec::new();
            let mut asked = Vec::new();
            for mut request in requests.drain(..) {
                asked.push((request.messages.len(), request.answer));
                messages.append(&mut request.messages);
            }
            let published = publish(&mut line, &settings, &messages).await;
            if let Err(error) = &published {
                tracing::warn!(%error, "events of clients could not be published");
                line = None;
            }
            let mut verdicts = published.map(Vec::into_iter);
            for (count, answer) in asked {
                let own = match &mut verdicts {
                    Ok(verdicts) => Ok(verdicts.take(count).collect()),
                    Err(error) => Err(error.clone()),
                };
                // Whoever has gone will send it again.
                let _ = answer.send(own);
            }
        }
    }
}

async fn publish(
    line: &mut Option<Line>,
    settings: &BrokerSettings,
    messages: &[Outgoing],
) -> Result<Vec<Verdict>, BrokerError> {
    if line.as_ref().is_none_or(|line| !line.publisher.is_usable()) {
        let connection = broker::connect(settings, "waybill http").await?;
        let publisher = Publisher::open(&connection, settings.confirm_timeout).await?;
        *line = Some(Line {
            _connection: connection,
            publisher,
        });
    }
    let Some(line) = line else {
        return Err(BrokerError::Lost("no publisher".to_owned()));
    };
    line.publisher.publish_all(messages).await
}
