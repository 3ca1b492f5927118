//! Publishes messages and finds out, for each, whether the broker has taken it.

use std::{collections::HashSet, time::Duration};

use futures_util::{StreamExt, stream::FuturesOrdered};
use lapin::{
    Channel, Confirmation,
    message::BasicReturnMessage,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};

use super::{BrokerError, Connection, Outgoing, error::request, size};

/// How many messages are on their way to the broker at a time.
pub const WINDOW: usize = 500;
/// How long a channel that failed may take to close.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// What became of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Every queue it was routed to has stored it.
    Confirmed,
    /// A queue refused it, because it is full or cannot be reached.
    Nacked,
    /// No queue takes it: nothing is bound for its routing key, or AMQP cannot carry one of its
    /// texts (more than 255 bytes) or all of its properties (more than a frame holds).
    Unroutable,
}

/// A channel in confirm mode, owned by the one task that publishes on it.
#[derive(Debug)]
pub struct Publisher {
    channel: Channel,
    confirm_timeout: Duration,
    /// How long properties may be as a whole; the broker ends the connection over more.
    properties_max: usize,
    usable: bool,
}

impl Publisher {
    /// Opens a channel for publishing. The broker must never be silent for `confirm_timeout` while
    /// confirms are due.
    ///
    /// # Errors
    ///
    /// If the connection has ended or the broker does not answer.
    pub async fn open(conn: &Connection, confirm_timeout: Duration) -> Result<Self, BrokerError> {
        let channel = conn.channel().await?;
        let select = channel.confirm_select(ConfirmSelectOptions::default());
        request("switching publisher confirms on", select).await?;
        Ok(Self {
            channel,
            confirm_timeout,
            properties_max: conn.properties_max(),
            usable: true,
        })
    }

    /// Whether it can publish; not after an error, or after a call was dropped half-way.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.usable && self.channel.status().connected()
    }

    /// Publishes `batch` and waits until the broker has decided about each message of it; the
    /// verdicts are in the order of the messages.
    ///
    /// # Errors
    ///
    /// If the broker falls silent or the channel ends. Then nothing is known about any message of
    /// the batch, not even about those it had confirmed, and the publisher is finished.
    pub async fn publish_all(&mut self, batch: &[Outgoing]) -> Result<Vec<Verdict>, BrokerError> {
        if !self.is_usable() {
            return Err(BrokerError::Lost(
                "the publishing channel has ended".to_owned(),
            ));
        }
        // Set again only at the end: a confirm that a dropped call left behind would be taken for
        // one of the next batch.
        self.usable = false;
        match self.exchange(batch).await {
            Ok(verdicts) => {
                self.usable = true;
                Ok(verdicts)
            }
            Err(error) => {
                let close = self.channel.close(200, "OK".into());
                let _ = tokio::time::timeout(CLOSE_TIMEOUT, close).await;
                Err(error)
            }
        }
    }

    async fn exchange(&self, batch: &[Outgoing]) -> Result<Vec<Verdict>, BrokerError> {
        let mut outcome = Outcome::default();
        let mut window = FuturesOrdered::new();
        for message in batch {
            if window.len() >= WINDOW {
                outcome.note(self.next(&mut window).await?);
            }
            window.push_back(self.publish(message));
        }
        while !window.is_empty() {
            outcome.note(self.next(&mut window).await?);
        }
        Ok(outcome.decide(batch))
    }

    async fn publish(&self, message: &Outgoing) -> lapin::Result<Answer> {
        let (Ok(exchange), Ok(routing_key), Some(properties)) = (
            ShortString::try_new(message.exchange.as_str()),
            ShortString::try_new(message.routing_key.as_str()),
            message.properties.to_lapin(),
        ) else {
            return Ok(Answer::from(Verdict::Unroutable));
        };
        if size::properties(&message.properties) > self.properties_max {
            return Ok(Answer::from(Verdict::Unroutable));
        }
        let options = BasicPublishOptions {
            mandatory: true,
            immediate: false,
        };
        let (channel, body) = (&self.channel, &message.body);
        let publish = channel.basic_publish(exchange, routing_key, options, body, properties);
        publish.await?.await.map(Answer::from)
    }

    async fn next<F>(&self, window: &mut FuturesOrdered<F>) -> Result<Answer, BrokerError>
    where
        F: Future<Output = lapin::Result<Answer>>,
    {
        let limit = self.confirm_timeout;
        match tokio::time::timeout(limit, window.next()).await {
            Ok(Some(Ok(answer))) => Ok(answer),
            Ok(Some(Err(error))) => Err(BrokerError::on("publishing", &error)),
            Ok(None) => Err(BrokerError::Lost("a confirm went missing".to_owned())),
            Err(_) => Err(BrokerError::Timeout {
                what: "a publisher confirm",
                limit,
            }),
        }
    }
}

/// What came back for one message: a verdict of its own, and perhaps a returned message, which can
/// be any other one of the batch.
struct Answer {
    verdict: Verdict,
    returned: Option<Destination>,
}

impl From<Verdict> for Answer {
    fn from(verdict: Verdict) -> Self {
        Self {
            verdict,
            returned: None,
        }
    }
}

impl From<Confirmation> for Answer {
    fn from(confirmation: Confirmation) -> Self {
        let verdict = match &confirmation {
            Confirmation::Ack(_) => Verdict::Confirmed,
            // The channel is in confirm mode; should it ever not be, nothing counts as taken.
            Confirmation::Nack(_) | Confirmation::NotRequested => Verdict::Nacked,
        };
        let returned = confirmation.take_message();
        Self {
            verdict,
            returned: returned.as_ref().map(Destination::of_returned),
        }
    }
}

/// Collects the answers to a batch; it can be decided only when all are in.
#[derive(Default)]
struct Outcome {
    answers: Vec<Verdict>,
    returned: HashSet<Destination>,
}

impl Outcome {
    fn note(&mut self, answer: Answer) {
        self.answers.push(answer.verdict);
        self.returned.extend(answer.returned);
    }

    fn decide(self, batch: &[Outgoing]) -> Vec<Verdict> {
        let verdicts = batch
            .iter()
            .zip(self.answers)
            .map(|(message, answer)| match answer {
                Verdict::Confirmed if self.returned.contains(&Destination::of(message)) => {
                    Verdict::Unroutable
                }
                decided => decided,
            });
        verdicts.collect()
    }
}

/// Tells the messages of a batch apart: the same message may go to two places.
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
