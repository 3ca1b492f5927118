//! The independent consumer: takes completions as anyone else would and notes when each came.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinSet;
use waybill::broker::{self, Consumer, Delivery, Next};
use waybill::config::BrokerSettings;

use crate::ground::AUDIENCE_QUEUE;
use crate::patience::Patience;

const PREFETCH: u16 = 2_000;
/// How often silence is noticed.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// What came of one completion.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) first: Instant,
    pub(crate) copies: u32,
    pub(crate) routing_key: String,
    pub(crate) body: Vec<u8>,
    /// A copy had other bytes.
    pub(crate) differs: bool,
}

/// A running consumer.
pub(crate) struct Audience {
    heard: Arc<Mutex<HashMap<String, Heard>>>,
    count: watch::Receiver<usize>,
    _listening: JoinSet<anyhow::Result<()>>,
}

impl Audience {
    pub(crate) async fn new(settings: &BrokerSettings) -> anyhow::Result<Self> {
        let connection = broker::connect(settings, "bench audience").await?;
        let consumer = Consumer::open(&connection, AUDIENCE_QUEUE, PREFETCH).await?;
        let heard = Arc::new(Mutex::new(HashMap::new()));
        let (sender, count) = watch::channel(0);
        let mut listening = JoinSet::new();
        let shared = Arc::clone(&heard);
        listening.spawn(async move {
            let _connection = connection;
            listen(consumer, &shared, &sender).await
        });
        Ok(Self {
            heard,
            count,
            _listening: listening,
        })
    }

    /// Waits until that many processes were heard of.
    pub(crate) async fn wait_for(&mut self, processes: usize) -> anyhow::Result<()> {
        let mut patience = Patience::new();
        loop {
            let heard = *self.count.borrow_and_update();
            if heard >= processes {
                return Ok(());
            }
            patience.with(heard as u64, processes as u64, "completions received")?;
            if let Ok(Err(_)) = tokio::time::timeout(LOOK_EVERY, self.count.changed()).await {
                anyhow::bail!("the audience has lost its connection");
            }
        }
    }

    /// What was heard so far, by token.
    pub(crate) fn heard(&self) -> HashMap<String, Heard> {
        locked(&self.heard).clone()
    }
}

async fn listen(
    mut consumer: Consumer,
    heard: &Mutex<HashMap<String, Heard>>,
    count: &watch::Sender<usize>,
) -> anyhow::Result<()> {
    let acker = consumer.acker();
    loop {
        let mut next = Some(consumer.next().await);
        let mut tag = 0;
        while let Some(Next::Delivery(delivery)) = next {
            tag = delivery.tag;
            note(&mut locked(heard), delivery);
            next = consumer.try_next();
        }
        count.send_replace(locked(heard).len());
        acker.ack_through(tag).await?;
        if let Some(Next::Ended(ended)) = next {
            anyhow::bail!("the audience's subscription ended: {ended:?}");
        }
    }
}

fn note(heard: &mut HashMap<String, Heard>, delivery: Delivery) {
    let now = Instant::now();
    let token = delivery.properties.correlation_id.unwrap_or_default();
    let known = heard.entry(token).or_insert_with(|| Heard {
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
