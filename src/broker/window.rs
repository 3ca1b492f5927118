//! Messages in flight on one channel. Each gets its own outcome as soon as it is known: one that
//! the broker does not answer delays none of the others.

use std::collections::HashSet;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{FutureExt, StreamExt, stream::FuturesUnordered};
use lapin::{
    Channel, Confirmation, ErrorKind,
    message::BasicReturnMessage,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    protocol::{AMQPErrorKind, AMQPHardError},
    types::ShortString,
};

use super::error::request;
use super::{BrokerError, Connection, Outgoing, size};

/// The reply code when the broker closes a channel because an exchange is missing.
pub const NOT_FOUND: u16 = 404;
/// The reply code when the broker closes a channel because of missing permissions.
pub const ACCESS_REFUSED: u16 = 403;

/// How long a channel may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What the broker decided about one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every queue it was routed to has stored it.
    Confirmed,
    /// A queue refused it, because it is full or cannot be reached.
    Nacked,
    /// It reaches no queue: none is bound for its routing key, or AMQP cannot carry one of its
    /// texts (more than 255 bytes) or all of its properties (more than a frame holds).
    Unroutable,
}

/// Why there is and will be no verdict about a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// The broker closed the channel, or the connection, because of a message in flight:
    /// this one or another one.
    Refused(Refusal),
    /// The connection ended for another reason.
    Lost(BrokerError),
}

/// The broker's `channel.close` or `connection.close`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The reply code: 403, 404, 406, …
    pub code: u16,
    /// The reply text.
    pub text: String,
    /// The same as an error.
    pub error: BrokerError,
}

impl Refusal {
    /// Whether the broker closed the whole connection, not only the channel.
    #[must_use]
    pub fn closed_connection(&self) -> bool {
        !matches!(self.code, 311..=313 | 403..=406)
    }
}

/// The outcome of one message.
pub type Answer = Result<Verdict, Unanswered>;

type Published = Pin<Box<dyn Future<Output = (u64, lapin::Result<Confirmed>)> + Send>>;

/// A channel in confirm mode, owned by the one task that publishes on it.
pub struct Window {
    channel: Channel,
    /// The maximum total length of properties; the broker closes the connection if it is exceeded.
    properties_max: usize,
    in_flight: FuturesUnordered<Published>,
    /// Confirmed, unless the message was returned along with another confirm.
    confirmed: Vec<(u64, Destination)>,
    returned: HashSet<Destination>,
    answered: VecDeque<(u64, Answer)>,
}

impl Window {
    /// Opens a channel for publishing.
    ///
    /// # Errors
    ///
    /// If the connection has ended or the broker does not answer.
    pub async fn open(connection: &Connection) -> Result<Self, BrokerError> {
        let channel = connection.channel().await?;
        let select = channel.confirm_select(ConfirmSelectOptions::default());
        request("enabling publisher confirms", select).await?;
        Ok(Self {
            channel,
            properties_max: connection.properties_max(),
            in_flight: FuturesUnordered::new(),
            confirmed: Vec::new(),
            returned: HashSet::new(),
            answered: VecDeque::new(),
        })
    }

    /// Whether messages can be published on it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.channel.status().connected()
    }

    /// Publishes a message; [`Self::next`] sends it and later returns its outcome with this number.
    pub fn publish(&mut self, number: u64, message: Outgoing) {
        if let Some(publishing) = self.publishing(number, message) {
            self.in_flight.push(publishing);
        } else {
            self.answered.push_back((number, Ok(Verdict::Unroutable)));
        }
    }

    fn publishing(&self, number: u64, message: Outgoing) -> Option<Published> {
        let exchange = ShortString::try_new(message.exchange.as_str()).ok()?;
        let routing_key = ShortString::try_new(message.routing_key.as_str()).ok()?;
        let properties = message.properties.to_lapin()?;
        if size::properties(&message.properties) > self.properties_max {
            return None;
        }
        let options = BasicPublishOptions {
            mandatory: true,
            immediate: false,
        };
        let channel = self.channel.clone();
        let destination = Destination::of(&message);
        let body = message.body;
        Some(Box::pin(async move {
            let publish = channel.basic_publish(exchange, routing_key, options, &body, properties);
            let confirmation = match publish.await {
                Ok(confirm) => confirm.await,
                Err(error) => Err(error),
            };
            let confirmed = confirmation.map(|confirmation| Confirmed {
                destination,
                confirmation,
            });
            (number, confirmed)
        }))
    }

    /// Waits for the next answer; `None` if no message is in flight. Nothing is lost when it is
    /// dropped before it is done.
    ///
    /// A returned message comes with its own confirm or an earlier one. So a confirm counts only
    /// after all other received confirms have been checked.
    pub async fn next(&mut self) -> Option<(u64, Answer)> {
        if self.answered.is_empty() {
            let (number, first) = self.in_flight.next().await?;
            self.note(number, first);
            while let Some(Some((number, more))) = self.in_flight.next().now_or_never() {
                self.note(number, more);
            }
            for (number, destination) in self.confirmed.drain(..) {
                // Returns are rare.
                let returned = !self.returned.is_empty() && self.returned.remove(&destination);
                let verdict = match returned {
                    true => Verdict::Unroutable,
                    false => Verdict::Confirmed,
                };
                self.answered.push_back((number, Ok(verdict)));
            }
        }
        self.answered.pop_front()
    }

    fn note(&mut self, number: u64, confirmed: lapin::Result<Confirmed>) {
        let answer = match confirmed {
            Ok(confirmed) => {
                let is_ack = matches!(confirmed.confirmation, Confirmation::Ack(_));
                let returned = confirmed.confirmation.take_message();
                self.returned
                    .extend(returned.as_ref().map(Destination::of_returned));
                if is_ack {
                    self.confirmed.push((number, confirmed.destination));
                    return;
                }
                Ok(Verdict::Nacked)
            }
            Err(error) => Err(Unanswered::of(&error)),
        };
        self.answered.push_back((number, answer));
    }

    /// Closes the channel; messages in flight stay without an answer.
    pub async fn close(self) {
        let close = self.channel.close(200, "OK".into());
        let _ = tokio::time::timeout(CLOSE_TIMEOUT, close).await;
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window")
            .field("channel", &self.channel.id())
            .field("in_flight", &self.in_flight.len())
            .finish_non_exhaustive()
    }
}

impl Unanswered {
    fn of(error: &lapin::Error) -> Self {
        let described = BrokerError::on("publishing", error);
        let ErrorKind::ProtocolError(answer) = error.kind() else {
            return Self::Lost(described);
        };
        // An operator closed the connection, or the broker is shutting down.
        if *answer.kind() == AMQPErrorKind::Hard(AMQPHardError::CONNECTIONFORCED) {
            return Self::Lost(described);
        }
        Self::Refused(Refusal {
            code: answer.get_id(),
            text: answer.get_message().to_string(),
            error: described,
        })
    }

    /// The error, for a caller that needs an answer to every message.
    #[must_use]
    pub fn into_error(self) -> BrokerError {
        match self {
            Self::Refused(refusal) => refusal.error,
            Self::Lost(error) => error,
        }
    }
}

struct Confirmed {
    destination: Destination,
    confirmation: Confirmation,
}

/// Identifies a message of a window: the same message may go to two destinations.
#[derive(PartialEq, Eq, Hash)]
struct Destination {
    message_id: Option<String>,
    exchange: String,
    routing_key: String,
}

impl Destination {
    fn of(message: &Outgoing) -> Self {
        Self {
            message_id: message.properties.message_id.clone(),
            exchange: message.exchange.clone(),
            routing_key: message.routing_key.clone(),
        }
    }

    fn of_returned(message: &BasicReturnMessage) -> Self {
        let message_id = message.properties.message_id();
        Self {
            message_id: message_id.as_ref().map(|id| id.as_str().to_owned()),
            exchange: message.exchange.as_str().to_owned(),
            routing_key: message.routing_key.as_str().to_owned(),
        }
    }
}
