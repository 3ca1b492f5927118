//! The independent consumers: they receive completions and announced stages like any consumer, and
//! record when each arrived.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use waybill::broker;
use waybill::broker::{Consumer, Delivery, Next};
use waybill::config::BrokerSettings;

use crate::ground::{AUDIENCE_QUEUE, STAGES_QUEUE};
use crate::patience::Patience;

const PREFETCH: u16 = 2_000;
/// How often progress is checked.
const CHECK_EVERY: Duration = Duration::from_secs(1);

/// The copies of one message.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) first: Instant,
    pub(crate) copies: u32,
    pub(crate) routing_key: String,
    pub(crate) body: Vec<u8>,
    /// Whether a copy had different bytes.
    pub(crate) differs: bool,
}

/// The identity of a message, shared by its copies.
type Name = fn(&Delivery) -> Option<String>;

/// A running consumer.
pub(crate) struct Audience {
    received: Arc<Mutex<HashMap<String, Received>>>,
    count: watch::Receiver<usize>,
    _listening: JoinSet<anyhow::Result<()>>,
}

impl Audience {
    /// Consumes completions, identified by token.
    pub(crate) async fn of_completions(settings: &BrokerSettings) -> anyhow::Result<Self> {
        Self::of_queue(settings, AUDIENCE_QUEUE).await
    }

    /// Consumes completions from another queue, identified by token.
    pub(crate) async fn of_queue(settings: &BrokerSettings, queue: &str) -> anyhow::Result<Self> {
        let token = |delivery: &Delivery| delivery.properties.correlation_id.clone();
        Self::new(settings, queue, token).await
    }

    /// Consumes announced stages, identified by the stop's `data_id`.
    pub(crate) async fn of_stages(settings: &BrokerSettings) -> anyhow::Result<Self> {
        let stop = |delivery: &Delivery| delivery.properties.message_id.clone();
        Self::new(settings, STAGES_QUEUE, stop).await
    }

    async fn new(settings: &BrokerSettings, queue: &str, name: Name) -> anyhow::Result<Self> {
        let connection = broker::connect(settings, "bench audience").await?;
        let consumer = Consumer::open(&connection, queue, PREFETCH).await?;
        let received = Arc::new(Mutex::new(HashMap::new()));
        let (sender, count) = watch::channel(0);
        let mut listening = JoinSet::new();
        let shared = Arc::clone(&received);
        listening.spawn(async move {
            let _connection = connection;
            listen(consumer, name, &shared, &sender).await
        });
        Ok(Self {
            received,
            count,
            _listening: listening,
        })
    }

    /// Waits until that many different messages were received.
    pub(crate) async fn wait_for(&mut self, messages: usize) -> anyhow::Result<()> {
        let mut patience = Patience::new();
        loop {
            let received = *self.count.borrow_and_update();
            if received >= messages {
                return Ok(());
            }
            patience.with(received as u64, messages as u64, "messages received")?;
            if let Ok(Err(_)) = tokio::time::timeout(CHECK_EVERY, self.count.changed()).await {
                anyhow::bail!("the audience has lost its connection");
            }
        }
    }

    /// The messages received so far, by name.
    pub(crate) fn received(&self) -> HashMap<String, Received> {
        locked(&self.received).clone()
    }
}

async fn listen(
    mut consumer: Consumer,
    name: Name,
    received: &Mutex<HashMap<String, Received>>,
    count: &watch::Sender<usize>,
) -> anyhow::Result<()> {
    let acker = consumer.acker();
    loop {
        let mut next = Some(consumer.next().await);
        let mut tag = 0;
        while let Some(Next::Delivery(delivery)) = next {
            tag = delivery.tag;
            note(&mut locked(received), name, *delivery);
            next = consumer.try_next();
        }
        count.send_replace(locked(received).len());
        acker.ack_through(tag).await?;
        if let Some(Next::Ended(ended)) = next {
            anyhow::bail!("the audience's subscription ended: {ended:?}");
        }
    }
}

fn note(received: &mut HashMap<String, Received>, name: Name, delivery: Delivery) {
    let now = Instant::now();
    let name = name(&delivery).unwrap_or_default();
    let known = received.entry(name).or_insert_with(|| Received {
        first: now,
        copies: 0,
        routing_key: delivery.routing_key.clone(),
        body: delivery.body.clone(),
        differs: false,
    });
    known.copies += 1;
    known.differs |= known.body != delivery.body || known.routing_key != delivery.routing_key;
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
