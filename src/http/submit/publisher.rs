//! Publishes the events of all clients: requests that arrive while the broker confirms form the
//! next batch.

use tokio::sync::{mpsc, oneshot};

use crate::broker::{self, BrokerError, Connection, Outgoing, Publisher, Verdict, topology};
use crate::config::BrokerSettings;
use crate::http::web::{HttpProblem, ProblemKind};

/// Most pending requests.
const REQUESTS_MAX: usize = 1_024;
/// Requests per batch.
const REQUESTS_AT_ONCE: usize = 64;

const BUSY: &str = "too many events wait for the broker; sending this again is safe";
/// The broker may have messages that it did not confirm.
const UNREACHABLE: &str = "the broker can't be reached, or did not confirm this; sending it again is safe under the same id or Idempotency-Key";
const NO_QUEUE: &str = "no queue is bound for events yet; `waybill run --roles worker` declares it";
const FULL: &str = "the queue of events is full; sending this again is safe";

/// Accepts messages.
#[derive(Clone)]
pub(in crate::http) struct EventPublisher {
    requests: mpsc::Sender<Request>,
}

/// Publishes the messages of an [`EventPublisher`].
pub(in crate::http) struct PublisherTask {
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

/// Creates a publisher and its task.
pub(in crate::http) fn publisher() -> (EventPublisher, PublisherTask) {
    let (sender, receiver) = mpsc::channel(REQUESTS_MAX);
    (
        EventPublisher { requests: sender },
        PublisherTask { requests: receiver },
    )
}

impl EventPublisher {
    /// Publishes messages and waits until the broker has confirmed all of them.
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

impl PublisherTask {
    /// Runs until the publisher is dropped.
    pub(in crate::http) async fn serve(mut self, settings: BrokerSettings) {
        let mut connection = None;
        let mut requests = Vec::new();
        while self
            .requests
            .recv_many(&mut requests, REQUESTS_AT_ONCE)
            .await
            > 0
        {
            let messages = requests.iter().flat_map(|request| request.messages.clone());
            let messages: Vec<Outgoing> = messages.collect();
            let published = publish(&mut connection, &settings, &messages).await;
            // One of them made the broker close the channel: publish each request separately.
            let separately = matches!(&published, Err(error) if error.is_of_channel());
            let mut verdicts = published.map(Vec::into_iter);
            for request in requests.drain(..) {
                let own = match &mut verdicts {
                    Ok(verdicts) => Ok(verdicts.take(request.messages.len()).collect()),
                    Err(_) if separately => {
                        publish(&mut connection, &settings, &request.messages).await
                    }
                    Err(error) => Err(error.clone()),
                };
                if let Err(error) = &own {
                    tracing::warn!(%error, "events of a client could not be published");
                }
                // The client may have disconnected; it will send the events again.
                let _ = request.answer.send(own);
            }
        }
    }
}

async fn publish(
    cached: &mut Option<PublisherConnection>,
    settings: &BrokerSettings,
    messages: &[Outgoing],
) -> Result<Vec<Verdict>, BrokerError> {
    let open = cached.take();
    let mut usable = match open.filter(|open| open.connection.is_connected()) {
        Some(open) if open.publisher.is_usable() => open,
        other => {
            let connection = match other {
                Some(open) => open.connection,
                None => broker::connect(settings, "waybill http").await?,
            };
            PublisherConnection {
                publisher: Publisher::open(&connection, settings.confirm_timeout).await?,
                connection,
            }
        }
    };
    let published = usable.publisher.publish_all(messages).await;
    match &published {
        Ok(_) => *cached = Some(usable),
        Err(error) if error.is_of_channel() => {
            // Declares what is missing, such as an exchange that was deleted.
            if let Err(error) = topology::declare(&usable.connection, settings.partitions).await {
                tracing::warn!(%error, "exchanges and queues could not be declared");
            }
            *cached = Some(usable);
        }
        Err(_) => {}
    }
    published
}
