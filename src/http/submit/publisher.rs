//! The one who publishes for all clients: what came while the broker confirmed goes out together.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::broker::{self, BrokerError, Connection, Outgoing, Publisher, Verdict, topology};
use crate::config::BrokerSettings;
use crate::http::web::problem::{HttpProblem, ProblemKind};

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
pub(in crate::http) struct EventPublisher {
    requests: mpsc::Sender<Request>,
}

/// The other end of a [`EventPublisher`].
pub(in crate::http) struct Counter {
    requests: mpsc::Receiver<Request>,
}

struct Request {
    messages: Vec<Outgoing>,
    answer: oneshot::Sender<Result<Vec<Verdict>, BrokerError>>,
}

struct PublisherConnection {
    connection: Connection,
    publisher: Publisher,
}

impl PublisherConnection {
    async fn open(connection: Connection, timeout: Duration) -> Result<Self, BrokerError> {
        let publisher = Publisher::open(&connection, timeout).await?;
        Ok(Self {
            connection,
            publisher,
        })
    }
}

/// A post and its other end.
pub(in crate::http) fn post() -> (EventPublisher, Counter) {
    let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
    (
        EventPublisher { requests: sender },
        Counter { requests: receiver },
    )
}

impl EventPublisher {
    /// Publishes messages; only when the broker has all of them is it done.
    pub(in crate::http) async fn send(&self, messages: Vec<Outgoing>) -> Result<(), HttpProblem> {
        let (answer, answered) = oneshot::channel();
        let request = Request { messages, answer };
        let unavailable = |why| HttpProblem::new(ProblemKind::Unavailable, why);
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
            let messages = requests.iter().flat_map(|request| request.messages.clone());
            let messages: Vec<Outgoing> = messages.collect();
            let published = publish(&mut line, &settings, &messages).await;
            // The broker closed the channel over one of them: each request is then on its own.
            let alone = matches!(&published, Err(error) if error.is_of_channel());
            let mut verdicts = published.map(Vec::into_iter);
            for request in requests.drain(..) {
                let own = match &mut verdicts {
                    Ok(verdicts) => Ok(verdicts.take(request.messages.len()).collect()),
                    Err(_) if alone => publish(&mut line, &settings, &request.messages).await,
                    Err(error) => Err(error.clone()),
                };
                if let Err(error) = &own {
                    tracing::warn!(%error, "events of a client could not be published");
                }
                // A client that has gone will send it again.
                let _ = request.answer.send(own);
            }
        }
    }
}

async fn publish(
    line: &mut Option<PublisherConnection>,
    settings: &BrokerSettings,
    messages: &[Outgoing],
) -> Result<Vec<Verdict>, BrokerError> {
    let timeout = settings.confirm_timeout;
    let mut usable = match line.take().filter(|line| line.connection.is_connected()) {
        Some(line) if line.publisher.is_usable() => line,
        Some(PublisherConnection { connection, .. }) => {
            PublisherConnection::open(connection, timeout).await?
        }
        None => {
            PublisherConnection::open(broker::connect(settings, "waybill http").await?, timeout)
                .await?
        }
    };
    let published = usable.publisher.publish_all(messages).await;
    match &published {
        Ok(_) => *line = Some(usable),
        Err(error) if error.is_of_channel() => {
            // What is missing, an exchange that was deleted perhaps, is declared again.
            if let Err(error) = topology::declare(&usable.connection, settings.partitions).await {
                tracing::warn!(%error, "exchanges and queues could not be declared");
            }
            *line = Some(usable);
        }
        Err(_) => {}
    }
    published
}
