//! The demo's own consumer of completions: what any client that waits for tokens would write.

use serde::Deserialize;

use crate::broker::{BrokerError, Connection, Consumer, Next, topology};

/// Unacknowledged messages at a time.
const PREFETCH: u16 = 100;

/// A queue bound to every completion, gone with its connection.
pub(super) struct Completions {
    consumer: Consumer,
    /// Received and to be acknowledged before the next is awaited: a cancelled wait loses nothing.
    received: Option<u64>,
}

/// A completion, as far as the demo shows it.
#[derive(Debug, Deserialize)]
pub(super) struct Completion {
    pub(super) token: String,
    pub(super) status: String,
    filename: Option<String>,
    workflow: Option<String>,
    progress: Progress,
    elapsed_seconds: f64,
}

#[derive(Debug, Deserialize)]
struct Progress {
    done: u64,
    total: Option<u64>,
    failed: u64,
}

impl Completions {
    pub(super) async fn consume(connection: &Connection) -> Result<Self, BrokerError> {
        let queue = topology::tap(connection, topology::COMPLETIONS_EXCHANGE).await?;
        Ok(Self {
            consumer: Consumer::open(connection, &queue, PREFETCH).await?,
            received: None,
        })
    }

    /// The next completion; `None` when the queue is gone. May be one of several branches.
    pub(super) async fn next(&mut self) -> Option<Completion> {
        loop {
            // Never twice, which would end the channel: if this is cancelled before the
            // acknowledgement has gone, the next one covers it.
            if let Some(tag) = self.received.take() {
                self.consumer.acker().ack_through(tag).await.ok()?;
            }
            let Next::Delivery(delivery) = self.consumer.next().await else {
                return None;
            };
            self.received = Some(delivery.tag);
            if let Ok(completion) = serde_json::from_slice(&delivery.body) {
                return Some(completion);
            }
        }
    }
}

impl Completion {
    pub(super) fn line(&self) -> String {
        let name = self.filename.as_deref().or(self.workflow.as_deref());
        format!(
            "completion  {:<9}  {:<20}  {:<14}  {:>5.2} s  {}",
            self.status,
            name.unwrap_or_default(),
            self.progress.words(),
            self.elapsed_seconds,
            self.token
        )
    }
}

impl Progress {
    /// Orders have none unless a producer counts.
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
