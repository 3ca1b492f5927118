//! An independent consumer with a durable queue of its own, which records every copy of a message
//! that it receives.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::StreamExt;
use lapin::{
    BasicProperties, Channel, Connection,
    options::{BasicAckOptions, BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable},
};
use tokio::{task::JoinSet, time::timeout};

use super::channel::try_open;
use super::ground::{Ground, holds, until};

/// One copy of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Received {
    pub(crate) id: String,
    pub(crate) token: String,
    pub(crate) routing_key: String,
    pub(crate) body: Vec<u8>,
    /// The header `cursor`.
    pub(crate) cursor: Option<String>,
}

/// A consumer that connects again after every failure.
pub(crate) struct Recorder {
    received: Arc<Mutex<Vec<Received>>>,
    _task: JoinSet<()>,
}

impl Recorder {
    /// Consumes all completions.
    pub(crate) async fn of_completions(ground: &Ground) -> Self {
        Self::at(&ground.broker_url, "recorder", Some("waybill.completions")).await
    }

    /// Consumes a message for each stage that an order enters.
    pub(crate) async fn of_stages(ground: &Ground) -> Self {
        Self::at(&ground.broker_url, "next-system", Some("waybill.stages")).await
    }

    /// Consumes all events of producers, as a back-end does.
    pub(crate) async fn of_events(ground: &Ground) -> Self {
        Self::at(&ground.broker_url, "back-end", Some("waybill.events")).await
    }

    /// Consumes a queue that messages are sent to by its name.
    pub(crate) async fn of_queue(ground: &Ground, queue: &str) -> Self {
        Self::at(&ground.broker_url, queue, None).await
    }

    /// Every copy received so far.
    pub(crate) fn received(&self) -> Vec<Received> {
        self.received
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Every copy by token.
    pub(crate) fn by_token(&self) -> BTreeMap<String, Vec<Received>> {
        let mut by_token: BTreeMap<String, Vec<Received>> = BTreeMap::new();
        for copy in self.received() {
            by_token.entry(copy.token.clone()).or_default().push(copy);
        }
        by_token
    }

    /// The copy with this number, counted from 0, once it was received.
    pub(crate) async fn nth(&self, number: usize) -> Received {
        let what = format!("message {number}");
        until(&what, async || self.received().get(number).cloned()).await
    }

    /// Waits until there are messages of this many tokens.
    pub(crate) async fn tokens(&self, count: usize) {
        let what = format!("messages of {count} tokens");
        holds(&what, async || self.by_token().len() == count).await;
    }

    /// Waits until this many messages were received, each copy counted.
    pub(crate) async fn copies(&self, count: usize) {
        let what = format!("{count} copies");
        holds(&what, async || self.received().len() == count).await;
    }

    /// Waits until `count` different messages were received. A confirmed message may still be on
    /// its way here.
    pub(crate) async fn receives(&self, count: usize) {
        holds(&format!("{count} messages received"), async || {
            let received = self.received();
            let ids: BTreeSet<_> = received.iter().map(|copy| &copy.id).collect();
            ids.len() == count
        })
        .await;
    }

    /// Consumes a queue, bound to the exchange, as the user in the address.
    pub(crate) async fn at(broker_url: &str, queue: &str, exchange: Option<&'static str>) -> Self {
        let url = format!("{broker_url}?heartbeat=5");
        let first = until("the recorder's queue", async || {
            open(&url, queue, exchange).await
        })
        .await;
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let mut task = JoinSet::new();
        let (copies, queue) = (Arc::clone(&received), queue.to_owned());
        task.spawn(async move {
            let mut opened = Some(first);
            loop {
                if let Some((_connection, channel)) = opened {
                    consume_all(&channel, &queue, &copies).await;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
                opened = open(&url, &queue, exchange).await;
            }
        });
        Self {
            received,
            _task: task,
        }
    }
}

async fn open(
    url: &str,
    queue: &str,
    exchange: Option<&'static str>,
) -> Option<(Connection, Channel)> {
    let opening = async {
        let (connection, channel) = try_open(url).await?;
        let options = QueueDeclareOptions {
            durable: true,
            ..QueueDeclareOptions::default()
        };
        let none = FieldTable::default;
        let declare = channel.queue_declare(queue.into(), options, none());
        declare.await.ok()?;
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

/// Receives until the channel ends.
async fn consume_all(channel: &Channel, queue: &str, copies: &Mutex<Vec<Received>>) {
    let (options, none) = (BasicConsumeOptions::default(), FieldTable::default());
    let subscribed = channel.basic_consume(queue.into(), "".into(), options, none);
    let Ok(Ok(mut stream)) = timeout(Duration::from_secs(5), subscribed).await else {
        return;
    };
    while let Some(Ok(delivery)) = stream.next().await {
        let properties = &delivery.properties;
        let text = |part: &Option<lapin::types::ShortString>| {
            part.as_ref()
                .map(|text| text.as_str().to_owned())
                .unwrap_or_default()
        };
        let copy = Received {
            id: text(properties.message_id()),
            token: text(properties.correlation_id()),
            routing_key: delivery.routing_key.as_str().to_owned(),
            body: delivery.data.clone(),
            cursor: cursor(properties),
        };
        copies
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(copy);
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
