//! The independent sending end: publishes with confirms, again and again until each message is
//! confirmed, and keeps a history of every attempt.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use lapin::{
    BasicProperties, Channel, Confirmation, Connection, ConnectionProperties,
    options::{BasicPublishOptions, ConfirmSelectOptions},
};
use tokio::time::timeout;
use waybill::wire::PlainEvent;

use super::ground::{Ground, PATIENCE};

/// How many publishes wait for their confirm at a time.
const WINDOW: usize = 200;
/// After this long without a confirm nobody knows what became of a publish.
const CONFIRM_MAX: Duration = Duration::from_secs(8);

/// What the broker said of one publish.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Confirmed,
    Nacked,
    Unknown,
}

/// One publish.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    /// Which of the producer's messages.
    pub(crate) message: usize,
    pub(crate) fate: Fate,
}

/// A message as it is sent.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) routing_key: String,
    pub(crate) body: Vec<u8>,
    pub(crate) properties: BasicProperties,
    /// What it says, if it is an event that can be applied.
    pub(crate) event: Option<PlainEvent>,
    /// Why it can't be, if it is not.
    pub(crate) reason: Option<String>,
}

/// A producer and its history.
pub(crate) struct Producer {
    url: String,
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
            messages: Vec::new(),
            attempts: Vec::new(),
            missed: 0,
        }
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
                let fates = self.window(&channel, window).await;
                let lost = fates.contains(&Fate::Unknown);
                for (message, fate) in window.iter().copied().zip(fates) {
                    self.attempts.push(Attempt { message, fate });
                    if fate == Fate::Confirmed {
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

    /// The distinct events that the broker has taken, by source and id.
    pub(crate) fn confirmed(&self) -> BTreeMap<(String, String), PlainEvent> {
        let confirmed = self
            .attempts
            .iter()
            .filter(|attempt| attempt.fate == Fate::Confirmed);
        let taken: BTreeSet<usize> = confirmed.map(|attempt| attempt.message).collect();
        let events = taken
            .iter()
            .filter_map(|index| self.messages[*index].event.as_ref());
        let named = events.map(|event| ((event.source.clone(), event.id.clone()), event.clone()));
        named.collect()
    }

    async fn window(&self, channel: &Channel, indices: &[usize]) -> Vec<Fate> {
        let mut confirms = Vec::with_capacity(indices.len());
        for index in indices {
            let message = &self.messages[*index];
            let publish = channel.basic_publish(
                "waybill.events".into(),
                message.routing_key.clone().into(),
                BasicPublishOptions::default(),
                &message.body,
                message.properties.clone(),
            );
            confirms.push(timeout(CONFIRM_MAX, publish).await);
        }
        let mut fates = Vec::with_capacity(confirms.len());
        let mut silent = false;
        for sent in confirms {
            let fate = match sent {
                Ok(Ok(confirm)) if !silent => match timeout(CONFIRM_MAX, confirm).await {
                    Ok(Ok(Confirmation::Ack(_))) => Fate::Confirmed,
                    Ok(Ok(Confirmation::Nack(_))) => Fate::Nacked,
                    Ok(Ok(Confirmation::NotRequested) | Err(_)) | Err(_) => Fate::Unknown,
                },
                _ => Fate::Unknown,
            };
            silent |= fate == Fate::Unknown;
            fates.push(fate);
        }
        fates
    }
}

fn properties(id: &str) -> BasicProperties {
    BasicProperties::default()
        .with_content_type("application/json".into())
        .with_delivery_mode(2)
        .with_message_id(id.into())
}

async fn connect(url: &str) -> Option<(Connection, Channel)> {
    let opening = async {
        let connection = Connection::connect(url, ConnectionProperties::default())
            .await
            .ok()?;
        let channel = connection.create_channel().await.ok()?;
        channel
            .confirm_select(ConfirmSelectOptions::default())
            .await
            .ok()?;
        Some((connection, channel))
    };
    timeout(Duration::from_secs(5), opening).await.ok()?
}
