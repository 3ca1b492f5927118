//! Publishes the events of all clients: requests that arrive while the broker confirms form the
//! next batch. Those with a single event have a connection of their own, so that none waits for the
//! confirms of a list.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use crate::broker::{self, BrokerError, Connection, Outgoing, Publisher, Verdict, topology};
use crate::config::BrokerSettings;
use crate::fair::{FairBudget, Pace, Paced, Permit};
use crate::http::web::{HttpProblem, ProblemKind};

/// Messages that wait for the broker: further ones wait for the turn of their tenant. It confirms as
/// many within some hundredths of a second.
const MESSAGES_MAX: usize = 512;
/// Messages of one turn: a request with more has several.
const MESSAGES_OF_TURN: usize = 128;
/// A list with more messages rests after each turn while other tenants are active.
const SHORT_LIST: usize = 16;
/// A broker that answers after this is not what a tenant's next turn waits for.
const PACED_MAX: Duration = Duration::from_secs(1);
/// The longest wait for a turn.
const TURN_MAX: Duration = Duration::from_secs(30);

const BUSY: &str = "too many events wait for the broker; sending this again is safe";
/// The broker may have messages that it did not confirm.
const UNREACHABLE: &str = "the broker can't be reached, or did not confirm this; sending it again is safe under the same id or Idempotency-Key";
const NO_QUEUE: &str = "no queue is bound for events yet; `waybill run --roles worker` declares it";
const FULL: &str = "the queue of events is full; sending this again is safe";

/// Accepts messages.
#[derive(Clone)]
pub(in crate::http) struct EventPublisher {
    singles: mpsc::Sender<Request>,
    lists: mpsc::Sender<Request>,
    turns: FairBudget<String>,
    pace: Pace,
}

/// Publishes messages of an [`EventPublisher`].
pub(in crate::http) struct PublisherTask {
    requests: mpsc::Receiver<Request>,
}

struct Request {
    messages: Vec<Outgoing>,
    answer: oneshot::Sender<Result<Vec<Verdict>, BrokerError>>,
    /// Kept until the broker has answered, also if the client does not wait for that.
    _turn: Permit<String>,
}

struct PublisherConnection {
    connection: Connection,
    publisher: Publisher,
}

/// Creates a publisher and its tasks.
pub(in crate::http) fn publisher(pace: Pace) -> (EventPublisher, [PublisherTask; 2]) {
    let (singles, of_singles) = mpsc::channel(MESSAGES_MAX);
    let (lists, of_lists) = mpsc::channel(MESSAGES_MAX);
    let publisher = EventPublisher {
        singles,
        lists,
        turns: FairBudget::new(MESSAGES_MAX),
        pace,
    };
    let tasks = [of_singles, of_lists].map(|requests| PublisherTask { requests });
    (publisher, tasks)
}

impl EventPublisher {
    /// Publishes messages of a tenant and waits until the broker has confirmed all of them.
    pub(in crate::http) async fn send(
        &self,
        tenant: &str,
        mut messages: Vec<Outgoing>,
    ) -> Result<(), HttpProblem> {
        let is_long = messages.len() > SHORT_LIST;
        while !messages.is_empty() {
            let rest = messages.split_off(messages.len().min(MESSAGES_OF_TURN));
            let paced = match is_long {
                true => Some(self.pace.next(tenant, TURN_MAX).await.ok_or_else(busy)?),
                false => None,
            };
            self.send_in_turn(tenant, messages, paced).await?;
            messages = rest;
        }
        Ok(())
    }

    async fn send_in_turn(
        &self,
        tenant: &str,
        messages: Vec<Outgoing>,
        mut paced: Option<Paced>,
    ) -> Result<(), HttpProblem> {
        let unavailable = |why| HttpProblem::new(ProblemKind::Unavailable, why);
        let turn = self.turns.turn(tenant.to_owned(), messages.len(), TURN_MAX);
        let turn = turn.await.ok_or_else(busy)?;
        if let Some(paced) = &mut paced {
            paced.begin();
        }
        let task = match messages.len() {
            1 => &self.singles,
            _ => &self.lists,
        };
        let (answer, mut answered) = oneshot::channel();
        let request = Request {
            messages,
            answer,
            _turn: turn,
        };
        let sent = task.try_send(request);
        sent.map_err(|_| busy())?;
        let soon = timeout(PACED_MAX, &mut answered).await;
        if let Some(paced) = paced {
            paced.finish();
        }
        let answer = match soon {
            Ok(answer) => answer,
            Err(_) => answered.await,
        };
        let verdicts = match answer {
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

fn busy() -> HttpProblem {
    HttpProblem::new(ProblemKind::Unavailable, BUSY)
}

impl PublisherTask {
    /// Runs until the publisher is dropped.
    pub(in crate::http) async fn serve(mut self, settings: BrokerSettings) {
        let mut connection = None;
        let mut requests = Vec::new();
        while self.requests.recv_many(&mut requests, MESSAGES_MAX).await > 0 {
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
