//! An independent producer: publishes with confirms until each message is confirmed, and records
//! every attempt.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use lapin::{
    BasicProperties, Channel, Confirmation, Connection,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use tokio::time::timeout;
use waybill::wire::PlainEvent;

use super::channel::try_open;
use super::ground::{Ground, PATIENCE};

/// The most unconfirmed publishes at a time.
const WINDOW: usize = 200;
/// After this long without a confirm the outcome of a publish is unknown.
const CONFIRM_MAX: Duration = Duration::from_secs(8);

/// The outcome of one publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Confirmed,
    Nacked,
    Unknown,
}

/// One publish.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// The index in the producer's messages.
    pub(crate) message: usize,
    pub(crate) outcome: Outcome,
}

/// A message as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) routing_key: String,
    pub(crate) body: Vec<u8>,
    pub(crate) properties: BasicProperties,
    /// The event, if it can be applied.
    pub(crate) event: Option<PlainEvent>,
    /// The reason of its dead letter, if it can't.
    pub(crate) reason: Option<String>,
}

/// A producer and its history.
pub(crate) struct Producer {
    url: String,
    exchange: String,
    pub(crate) messages: Vec<Message>,
    pub(crate) attempts: Vec<Attempt>,
    /// How often there was no broker, or no answer from it.
    pub(crate) missed: usize,
}

impl Message {
    pub(crate) fn event(event: &PlainEvent) -> Self {
        let token = event.token.clone().unwrap_or_default();
        let properties = properties(&event.id).with_correlation_id(token.into());
        Self {
            routing_key: event.type_.clone(),
            body: event.to_line().into_bytes(),
            properties: properties
                .with_app_id(event.source.clone().into())
                .with_type(event.type_.clone().into()),
            event: Some(event.clone()),
            reason: None,
        }
    }

    /// A message that has to become a dead letter.
    pub(crate) fn bad(id: &str, body: &[u8], reason: &str) -> Self {
        Self {
            routing_key: "upload.step".to_owned(),
            body: body.to_vec(),
            properties: properties(id),
            event: None,
            reason: Some(reason.to_owned()),
        }
    }

    /// The same, which has to become a dead letter.
    pub(crate) fn refused(self, reason: &str) -> Self {
        Self {
            event: None,
            reason: Some(reason.to_owned()),
            ..self
        }
    }

    /// The same with other properties.
    pub(crate) fn having(
        mut self,
        change: impl FnOnce(BasicProperties) -> BasicProperties,
    ) -> Self {
        self.properties = change(self.properties);
        self
    }
}

impl Producer {
    pub(crate) fn new(ground: &Ground) -> Self {
        Self::at(&ground.broker_url)
    }

    /// As a user of its own.
    pub(crate) fn at(broker_url: &str) -> Self {
        Self {
            url: format!("{broker_url}?heartbeat=5"),
            exchange: "waybill.events".to_owned(),
            messages: Vec::new(),
            attempts: Vec::new(),
            missed: 0,
        }
    }

    /// To another exchange.
    pub(crate) fn to(mut self, exchange: &str) -> Self {
        exchange.clone_into(&mut self.exchange);
        self
    }

    pub(crate) async fn events(&mut self, events: &[PlainEvent]) {
        self.publish(events.iter().map(Message::event).collect())
            .await;
    }

    /// Publishes until the broker has confirmed each message.
    pub(crate) async fn publish(&mut self, messages: Vec<Message>) {
        let first = self.messages.len();
        self.messages.extend(messages);
        let mut open: Vec<usize> = (first..self.messages.len()).collect();
        let began = Instant::now();
        while !open.is_empty() {
            assert!(
                began.elapsed() < PATIENCE,
                "{} publishes found no broker",
                open.len()
            );
            let Some((connection, channel)) = connect(&self.url).await else {
                self.missed += 1;
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            };
            for window in open.clone().chunks(WINDOW) {
                let outcomes = self.window(&channel, window).await;
                let lost = outcomes.contains(&Outcome::Unknown);
                for (message, outcome) in window.iter().copied().zip(outcomes) {
                    self.attempts.push(Attempt { message, outcome });
                    if outcome == Outcome::Confirmed {
                        open.retain(|index| *index != message);
                    }
                }
                if lost {
                    self.missed += 1;
                    break;
                }
            }
            let _ = timeout(Duration::from_secs(1), connection.close(200, "OK".into())).await;
        }
    }

    /// The distinct events that the broker has confirmed, by source and id.
    pub(crate) fn confirmed(&self) -> BTreeMap<(String, String), PlainEvent> {
        let confirmed = self
            .attempts
            .iter()
            .filter(|attempt| attempt.outcome == Outcome::Confirmed);
        let indices: BTreeSet<usize> = confirmed.map(|attempt| attempt.message).collect();
        let events = indices
            .iter()
            .filter_map(|index| self.messages[*index].event.as_ref());
        let named = events.map(|event| ((event.source.clone(), event.id.clone()), event.clone()));
        named.collect()
    }

    async fn window(&self, channel: &Channel, window: &[usize]) -> Vec<Outcome> {
        let mut confirms = Vec::with_capacity(window.len());
        for index in window {
            let message = &self.messages[*index];
            let publish = channel.basic_publish(
                self.exchange.clone().into(),
                message.routing_key.clone().into(),
                BasicPublishOptions::default(),
                &message.body,
                message.properties.clone(),
            );
            confirms.push(timeout(CONFIRM_MAX, publish).await);
        }
        let mut outcomes = Vec::with_capacity(confirms.len());
        let mut silent = false;
        for sent in confirms {
            let outcome = match sent {
                Ok(Ok(confirm)) if !silent => match timeout(CONFIRM_MAX, confirm).await {
                    Ok(Ok(Confirmation::Ack(_))) => Outcome::Confirmed,
                    Ok(Ok(Confirmation::Nack(_))) => Outcome::Nacked,
                    Ok(Ok(Confirmation::NotRequested) | Err(_)) | Err(_) => Outcome::Unknown,
                },
                _ => Outcome::Unknown,
            };
            silent |= outcome == Outcome::Unknown;
            outcomes.push(outcome);
        }
        outcomes
    }
}

fn properties(id: &str) -> BasicProperties {
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_message_id(id.into())
}

async fn connect(url: &str) -> Option<(Connection, Channel)> {
    let (connection, channel) = try_open(url).await?;
    let confirming = channel.confirm_select(ConfirmSelectOptions::default());
    let confirming = timeout(Duration::from_secs(5), confirming).await.ok()?;
    confirming.ok()?;
    Some((connection, channel))
}
