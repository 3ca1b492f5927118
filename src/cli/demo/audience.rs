//! The demo's own consumer of completions: what anybody would write who waits for tokens.

use serde::Deserialize;

use crate::broker::{BrokerError, Connection, Consumer, Next, topology};

/// A queue bound to every completion, gone with its connection.
pub(super) struct Audience {
    consumer: Consumer,
}

/// What a completion says, as far as the demo shows it.
#[derive(Debug, Clone)]
pub(super) struct Heard {
    pub(super) token: String,
    pub(super) status: String,
    pub(super) filename: String,
    pub(super) done: u64,
    pub(super) total: String,
    pub(super) failed: u64,
    pub(super) elapsed: f64,
}

#[derive(Deserialize)]
struct Body {
    token: String,
    status: String,
    filename: Option<String>,
    progress: Progress,
    elapsed_seconds: f64,
}

#[derive(Deserialize)]
struct Progress {
    done: u64,
    total: Option<u64>,
    failed: u64,
}

/// Binds a queue of its own to the completions.
pub(super) async fn listen(connection: &Connection) -> Result<Audience, BrokerError> {
    let queue = topology::tap(connection, topology::COMPLETIONS_EXCHANGE).await?;
    let consumer = Consumer::open(connection, &queue, 100).await?;
    Ok(Audience { consumer })
}

impl Audience {
    /// The next completion; `None` when the queue is gone.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        loop {
            let Next::Delivery(delivery) = self.consumer.next().await else {
                return None;
            };
            self.consumer.acker().ack_through(delivery.tag).await.ok()?;
            if let Ok(body) = serde_json::from_slice::<Body>(&delivery.body) {
                return Some(body.into());
            }
        }
    }
}

impl From<Body> for Heard {
    fn from(body: Body) -> Self {
        let Progress {
            done,
            total,
            failed,
        } = body.progress;
        Self {
            token: body.token,
            status: body.status,
            filename: body.filename.unwrap_or_default(),
            done,
            total: total.map_or_else(|| "?".to_owned(), |total| total.to_string()),
            failed,
            elapsed: body.elapsed_seconds,
        }
    }
}
