//! The independent receiving end: a durable queue of its own that gets every completion, and a
//! record of every copy received.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection, ConnectionProperties,
    options::{BasicAckOptions, BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use tokio::{task::JoinSet, time::timeout};

use super::ground::{Ground, until};

/// One copy of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) routing_key: String,
    pub(crate) body: Vec<u8>,
    /// The header `cursor`.
    pub(crate) cursor: Option<String>,
}

/// A consumer that comes back after every failure.
pub(crate) struct Audience {
    heard: Arc<Mutex<Vec<Heard>>>,
    _listening: JoinSet<()>,
}

impl Audience {
    /// Listens to all completions.
    pub(crate) async fn of_completions(ground: &Ground) -> Self {
        Self::at(&ground.broker_url, "audience", Some("waybill.completions")).await
    }

    /// Listens to all stages that orders reach.
    pub(crate) async fn of_stages(ground: &Ground) -> Self {
        Self::at(&ground.broker_url, "next-system", Some("waybill.stages")).await
    }

    /// Listens to everything that producers say, as a back-end does.
    pub(crate) async fn of_events(ground: &Ground) -> Self {
        Self::at(&ground.broker_url, "back-end", Some("waybill.events")).await
    }

    /// Listens to a queue that gets what is sent to it by name.
    pub(crate) async fn of_queue(ground: &Ground, queue: &str) -> Self {
        Self::at(&ground.broker_url, queue, None).await
    }

    /// Everything heard so far.
    pub(crate) fn heard(&self) -> Vec<Heard> {
        self.heard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Every copy by token.
    pub(crate) fn by_token(&self) -> BTreeMap<String, Vec<Heard>> {
        let mut copies: BTreeMap<String, Vec<Heard>> = BTreeMap::new();
        for heard in self.heard() {
            copies.entry(heard.token.clone()).or_default().push(heard);
        }
        copies
    }

    /// Waits until that many different messages were heard. A confirmed message may still be on its
    /// way here.
    pub(crate) async fn hears(&self, count: usize) {
        until(&format!("{count} messages heard"), async || {
            let heard = self.heard();
            let ids: BTreeSet<_> = heard.iter().map(|heard| &heard.id).collect();
            (ids.len() == count).then_some(())
        })
        .await;
    }

    /// Listens as a user of its own to a queue, which gets what comes to the exchange.
    pub(crate) async fn at(broker_url: &str, queue: &str, exchange: Option<&'static str>) -> Self {
        let url = format!("{broker_url}?heartbeat=5");
        let first = until("the audience's queue", async || {
            open(&url, queue, exchange).await
        })
        .await;
        let heard: Arc<Mutex<Vec<Heard>>> = Arc::default();
        let mut listening = JoinSet::new();
        let (notes, queue) = (Arc::clone(&heard), queue.to_owned());
        listening.spawn(async move {
            let mut opened = Some(first);
            loop {
                if let Some((_connection, channel)) = opened {
                    listen(&channel, &queue, &notes).await;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                opened = open(&url, &queue, exchange).await;
            }
        });
        Self {
            heard,
            _listening: listening,
        }
    }
}

async fn open(
    url: &str,
    queue: &str,
    exchange: Option<&'static str>,
) -> Option<(Connection, Channel)> {
    let opening = async {
        let connection = Connection::connect(url, ConnectionProperties::default())
            .await
            .ok()?;
        let channel = connection.create_channel().await.ok()?;
        let options = QueueDeclareOptions {
            durable: true,
            ..QueueDeclareOptions::default()
        };
        let none = FieldTable::default;
        channel
            .queue_declare(queue.into(), options, none())
            .await
            .ok()?;
        if let Some(exchange) = exchange {
            let options = QueueBindOptions::default();
            let bind =
                channel.queue_bind(queue.into(), exchange.into(), "#".into(), options, none());
            bind.await.ok()?;
        }
        Some((connection, channel))
    };
    timeout(Duration::from_secs(5), opening).await.ok()?
}

/// Listens until the channel ends.
async fn listen(channel: &Channel, queue: &str, notes: &Mutex<Vec<Heard>>) {
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let consume = channel.basic_consume(queue.into(), "".into(), options, none);
    let Ok(Ok(mut stream)) = timeout(Duration::from_secs(5), consume).await else {
        return;
    };
    while let Some(Ok(delivery)) = stream.next().await {
        let properties = &delivery.properties;
        let text = |part: &Option<lapin::types::ShortString>| {
            part.as_ref()
                .map(|text| text.as_str().to_owned())
                .unwrap_or_default()
        };
        let heard = Heard {
            id: text(properties.message_id()),
            token: text(properties.correlation_id()),
            routing_key: delivery.routing_key.as_str().to_owned(),
            body: delivery.data.clone(),
            cursor: cursor(properties),
        };
        notes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(heard);
        if delivery.ack(BasicAckOptions::default()).await.is_err() {
            return;
        }
    }
}

fn cursor(properties: &BasicProperties) -> Option<String> {
    let headers = properties.headers().as_ref()?;
    match headers.inner().get("cursor")? {
        AMQPValue::LongString(text) => Some(text.to_string()),
        _ => None,
    }
}
