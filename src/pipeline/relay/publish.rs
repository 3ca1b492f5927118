//! Publishes round after round and waits for the confirms of each.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::super::fault::CrashPoint;
use super::clear::Round;
use super::{Letterbox, MAILBOX_BATCHES, Relay};
use crate::backoff::Backoff;
use crate::broker::{self, BrokerError, Connection, Outgoing, Publisher, Verdict};
use crate::store::outbox::OutboxRow;
use crate::telemetry::{Phase, RetryReason, Telemetry};

/// Rounds that may wait to be cleared away.
const ROUNDS: usize = 8;

/// A connection to publish on, and what shows whether the broker blocks it.
struct Line {
    connection: Connection,
    publisher: Publisher,
    _blocked: JoinSet<()>,
}

impl Line {
    fn new(connection: Connection, publisher: Publisher, telemetry: &Telemetry) -> Self {
        let mut blocked = connection.blocked();
        let telemetry = telemetry.clone();
        let mut watching = JoinSet::new();
        watching.spawn(async move {
            while blocked.changed().await.is_ok() {
                telemetry.publisher_blocked(*blocked.borrow_and_update());
            }
        });
        Self {
            connection,
            publisher,
            _blocked: watching,
        }
    }
}

impl Relay {
    /// Publishes what comes in until every mailbox is gone, or at once when told to give up. What
    /// came while one round was under way is the next round.
    pub async fn publish(self, mut letterbox: Letterbox, give_up: CancellationToken) {
        let (published, confirmed) = mpsc::channel(ROUNDS);
        let mut clearing = JoinSet::new();
        clearing.spawn(self.clone().clear(confirmed));
        let mut line: Option<Line> = None;
        let mut backoff = Backoff::new();
        let mut posts = Vec::new();
        while letterbox.posts.recv_many(&mut posts, MAILBOX_BATCHES).await > 0 {
            let rows = posts.iter().flat_map(|post| &post.rows);
            let messages: Vec<Outgoing> = rows.map(outgoing).collect();
            loop {
                let began = Instant::now();
                match self.attempt(&mut line, &messages).await {
                    Ok(verdicts) => {
                        self.telemetry.phase_done(Phase::Publish, began.elapsed());
                        backoff.reset();
                        let posts = std::mem::take(&mut posts);
                        // It takes rounds for as long as there may be one.
                        let _ = published.send(Round { posts, verdicts }).await;
                        break;
                    }
                    Err(error) => {
                        self.telemetry.retried(RetryReason::Confirm, &error);
                        line = None;
                        tokio::select! {
                            () = give_up.cancelled() => return,
                            () = tokio::time::sleep(backoff.next()) => {}
                        }
                    }
                }
            }
        }
        drop(published);
        clearing.join_all().await;
        if let Some(line) = line {
            line.connection.close().await;
        }
    }

    async fn attempt(
        &self,
        line: &mut Option<Line>,
        messages: &[Outgoing],
    ) -> Result<Vec<Verdict>, BrokerError> {
        if line.as_ref().is_none_or(|line| !line.publisher.is_usable()) {
            let connection = broker::connect(&self.broker, "waybill publish").await?;
            let publisher = Publisher::open(&connection, self.broker.confirm_timeout).await?;
            *line = Some(Line::new(connection, publisher, &self.telemetry));
        }
        let Some(line) = line else {
            return Err(BrokerError::Lost("no publisher".to_owned()));
        };
        let published = line.publisher.publish_all(messages);
        if self.faults.waits_at(CrashPoint::PublishedBeforeConfirm) {
            // Long enough to be sent, short enough that hardly a confirm is here.
            let _ = tokio::time::timeout(Duration::from_millis(1), published).await;
            self.faults.pass(CrashPoint::PublishedBeforeConfirm);
            return Err(BrokerError::Lost("told to fail".to_owned()));
        }
        published.await
    }
}

fn outgoing(row: &OutboxRow) -> Outgoing {
    let body = row.payload.clone().into_bytes();
    let mut message = Outgoing::new(&row.exchange, &row.routing_key, &row.id.to_string(), body);
    let properties = &mut message.properties;
    properties.correlation_id = Some(row.token.clone());
    properties.type_ = Some(row.type_name.clone());
    properties.content_type = Some("application/json".to_owned());
    properties.timestamp = u64::try_from(row.time.as_second()).ok();
    let headers = row.headers.iter();
    properties.headers = headers
        .map(|(name, value)| (name.clone(), value.clone().into()))
        .collect();
    message
}
