//! The demo's own consumer of completions, as any client that waits for tokens would write it.

use serde::Deserialize;

use crate::broker::{BrokerError, Connection, Consumer, Next, topology};

/// The prefetch count: the most unacknowledged messages.
const PREFETCH: u16 = 100;

/// A consumer of all completions; its queue is deleted with its connection.
pub(super) struct CompletionConsumer {
    consumer: Consumer,
    /// The delivery to acknowledge before the next is awaited, so that a cancelled wait loses
    /// nothing.
    received: Option<u64>,
}

/// The members of a completion that the demo shows.
#[derive(Debug, Deserialize)]
pub(super) struct ShownCompletion {
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

impl CompletionConsumer {
    pub(super) async fn consume(connection: &Connection) -> Result<Self, BrokerError> {
        let queue = topology::tap(connection, topology::COMPLETIONS_EXCHANGE).await?;
        Ok(Self {
            consumer: Consumer::open(connection, &queue, PREFETCH).await?,
            received: None,
        })
    }

    /// The next completion; `None` when the queue is gone. Cancel safe.
    pub(super) async fn next(&mut self) -> Option<ShownCompletion> {
        loop {
            // Never twice, which would close the channel: if this is cancelled before the
            // acknowledgement is sent, the next one covers it.
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

impl ShownCompletion {
    pub(super) fn line(&self) -> String {
        let name = self.filename.as_deref().or(self.workflow.as_deref());
        format!(
            "completion  {:<9}  {:<20}  {:<14}  {:>5.2} s  {}",
            self.status,
            name.unwrap_or_default(),
            self.progress.text(),
            self.elapsed_seconds,
            self.token
        )
    }
}

impl Progress {
    /// `done/total`; empty for orders whose producer does not count.
    fn text(&self) -> String {
        let total = self.total.map(|total| total.to_string());
        let mut text = match (self.done, total) {
            (0, None) => String::new(),
            (done, total) => format!("{done}/{}", total.unwrap_or_else(|| "?".to_owned())),
        };
        if self.failed > 0 {
            text.push_str(&format!(", {} failed", self.failed));
        }
        text
    }
}
