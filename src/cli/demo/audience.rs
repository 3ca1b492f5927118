//! The demo's own consumer of completions: what anybody would write who waits for tokens.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::broker::{BrokerError, Connection, Consumer, Next, topology};

/// How many messages are held at a time.
const PREFETCH: u16 = 100;

/// A queue bound to every completion, gone with its connection.
pub(super) struct Audience {
    tap: Tap,
}

/// What a completion says, as far as the demo shows it.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) token: String,
    pub(super) status: String,
    /// The file of an upload, the workflow of an order.
    pub(super) name: String,
    pub(super) progress: String,
    pub(super) elapsed: f64,
}

#[derive(Deserialize)]
struct Body {
    token: String,
    status: String,
    filename: Option<String>,
    workflow: Option<String>,
    progress: CompletionProgress,
    elapsed_seconds: f64,
}

#[derive(Deserialize)]
struct CompletionProgress {
    done: u64,
    total: Option<u64>,
    failed: u64,
}

/// Binds a queue of its own to the completions.
pub(super) async fn listen(connection: &Connection) -> Result<Audience, BrokerError> {
    let tap = Tap::open(connection, topology::COMPLETIONS_EXCHANGE).await?;
    Ok(Audience { tap })
}

impl Audience {
    /// The next completion; `None` when the queue is gone. May be one of several branches.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        let body: Body = self.tap.next().await?;
        Some(body.into())
    }
}

/// A queue of one's own on an exchange.
pub(super) struct Tap {
    consumer: Consumer,
    /// What was taken and is to be acknowledged before the next is waited for: an answer that is
    /// not waited for to the end loses nothing.
    taken: Option<u64>,
}

impl Tap {
    pub(super) async fn open(conn: &Connection, exchange: &str) -> Result<Self, BrokerError> {
        let queue = topology::tap(conn, exchange).await?;
        Ok(Self {
            consumer: Consumer::open(conn, &queue, PREFETCH).await?,
            taken: None,
        })
    }

    /// The next message that can be read; `None` when the queue is gone.
    pub(super) async fn next<T: DeserializeOwned>(&mut self) -> Option<T> {
        loop {
            // Never twice, which would end the channel: if this is given up before the
            // acknowledgement has gone, the next one covers it.
            if let Some(tag) = self.taken.take() {
                self.consumer.acker().ack_through(tag).await.ok()?;
            }
            let Next::Delivery(delivery) = self.consumer.next().await else {
                return None;
            };
            self.taken = Some(delivery.tag);
            if let Ok(body) = serde_json::from_slice(&delivery.body) {
                return Some(body);
            }
        }
    }
}

impl From<Body> for Heard {
    fn from(body: Body) -> Self {
        Self {
            progress: body.progress.words(),
            token: body.token,
            status: body.status,
            name: body.filename.or(body.workflow).unwrap_or_default(),
            elapsed: body.elapsed_seconds,
        }
    }
}

impl CompletionProgress {
    /// Orders have none unless somebody counts.
    fn words(&self) -> String {
        let total = self.total.map(|total| total.to_string());
        let mut words = match (self.done, total) {
            (0, None) => String::new(),
            (done, total) => format!("{done}/{}", total.unwrap_or_else(|| "?".to_owned())),
        };
        if self.failed > 0 {
            words.push_str(&format!(", {} failed", self.failed));
        }
        words
    }
}
