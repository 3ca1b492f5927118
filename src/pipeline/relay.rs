//! Publishes what is in the outbox: what a batch has just committed, from memory; what a crash or
//! a full mailbox left behind, from the table.
//!
//! A message leaves the outbox only after its confirm, or after a return where that is the setting.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fault::{CrashPoint, Faults};
use super::writer::reason;
use crate::backoff::Backoff;
use crate::broker::{self, BrokerError, Connection, Outgoing, Publisher, Verdict};
use crate::config::{BrokerSettings, Unroutable};
use crate::core::ProcessKey;
use crate::store::Store;
use crate::store::outbox::{OutboxRow, What};
use crate::telemetry;
use crate::telemetry::{Published, RetryReason, Telemetry};

/// Batches that may wait for the publisher; what finds no room stays in the table for the sweeper.
const MAILBOX_BATCHES: usize = 64;
/// Rows that a sweep takes at once.
const SWEEP_ROWS: i64 = 500;
/// How often the sweeper looks.
const SWEEP_EVERY: Duration = Duration::from_secs(1);

/// Rows to publish, with the time their batch was committed.
struct Post {
    rows: Vec<OutboxRow>,
    committed: Option<Instant>,
}

/// Where committed rows are left for the publisher.
#[derive(Clone)]
pub struct Mailbox {
    posts: mpsc::Sender<Post>,
}

/// The other end of a [`Mailbox`].
pub struct Letterbox {
    posts: mpsc::Receiver<Post>,
}

/// A mailbox and its other end.
#[must_use]
pub fn mailbox() -> (Mailbox, Letterbox) {
    let (sender, receiver) = mpsc::channel(MAILBOX_BATCHES);
    (Mailbox { posts: sender }, Letterbox { posts: receiver })
}

impl Mailbox {
    /// Leaves rows to be published now. Without room they are published later, by a sweep: a
    /// broker that blocks publishers must not stop the consuming that would relieve it.
    pub(super) fn offer(&self, rows: Vec<OutboxRow>) {
        if rows.is_empty() {
            return;
        }
        let committed = Some(Instant::now());
        // A full mailbox is no failure: the rows are in the table.
        let _ = self.posts.try_send(Post { rows, committed });
    }
}

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

/// What the publisher and the sweeper need.
#[derive(Clone)]
pub struct Relay {
    /// Where the outbox is.
    pub store: Store,
    /// Where the messages go.
    pub broker: BrokerSettings,
    /// What to do with what no queue takes.
    pub unroutable: Unroutable,
    /// When a message that is still here is tried again.
    pub sweep_after: Duration,
    /// Where it is counted.
    pub telemetry: Telemetry,
    /// Where it may be told to die.
    pub faults: Faults,
}

impl Relay {
    /// Publishes what comes in until every mailbox is gone, or at once when told to give up.
    pub async fn publish(self, mut letterbox: Letterbox, give_up: CancellationToken) {
        let mut line: Option<Line> = None;
        let mut backoff = Backoff::new();
        while let Some(post) = letterbox.posts.recv().await {
            let messages: Vec<Outgoing> = post.rows.iter().map(outgoing).collect();
            loop {
                match self.attempt(&mut line, &messages).await {
                    Ok(verdicts) => {
                        backoff.reset();
                        self.conclude(&post, &verdicts).await;
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

    /// Deletes what is done with; a failure leaves the rows to be published once more.
    async fn conclude(&self, post: &Post, verdicts: &[Verdict]) {
        self.faults.pass(CrashPoint::ConfirmedBeforeDelete);
        let mut done = Vec::with_capacity(post.rows.len());
        let mut unroutable: Vec<ProcessKey> = Vec::new();
        for (row, verdict) in post.rows.iter().zip(verdicts) {
            self.telemetry
                .published(label(row.what), result(*verdict), 1);
            match verdict {
                Verdict::Confirmed => done.push(row),
                Verdict::Nacked => {}
                Verdict::Unroutable => {
                    if row.what == What::Completion {
                        unroutable.push(row.process);
                    }
                    if self.drops(row.what) {
                        done.push(row);
                    }
                }
            }
        }
        if let Some(committed) = post.committed {
            for _ in verdicts.iter().filter(|v| **v == Verdict::Confirmed) {
                self.telemetry.completion_confirmed(committed.elapsed());
            }
        }
        let noted = self.store.note_unroutable(&unroutable).await;
        if let Err(error) = noted.and(self.store.delete_outbox(&done).await) {
            self.telemetry.retried(reason(&error), &error);
        }
    }

    /// A reply queue that is gone does not come back; a completion's queue may.
    fn drops(&self, what: What) -> bool {
        match (what, self.unroutable) {
            (What::Reply, _) | (_, Unroutable::Drop) => true,
            (What::Completion | What::Stage, Unroutable::Keep) => false,
        }
    }

    /// Hands what is due to the publisher, until told to stop.
    pub async fn sweep(self, mailbox: Mailbox, stop: CancellationToken) {
        loop {
            let claimed = match self.store.claim_outbox(SWEEP_ROWS, self.sweep_after).await {
                Ok(rows) => rows,
                Err(error) => {
                    self.telemetry.retried(reason(&error), &error);
                    Vec::new()
                }
            };
            let full = claimed.len() as i64 == SWEEP_ROWS;
            if !claimed.is_empty() {
                let post = Post {
                    rows: claimed,
                    committed: None,
                };
                tokio::select! {
                    () = stop.cancelled() => return,
                    sent = mailbox.posts.send(post) => if sent.is_err() { return },
                }
            }
            if full {
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(SWEEP_EVERY) => {}
            }
        }
    }
}

fn label(what: What) -> telemetry::What {
    match what {
        What::Completion => telemetry::What::Completion,
        What::Stage => telemetry::What::Stage,
        What::Reply => telemetry::What::Reply,
    }
}

fn result(verdict: Verdict) -> Published {
    match verdict {
        Verdict::Confirmed => Published::Confirmed,
        Verdict::Nacked => Published::Nacked,
        Verdict::Unroutable => Published::Unroutable,
    }
}

fn outgoing(row: &OutboxRow) -> Outgoing {
    let body = row.payload.clone().into_bytes();
    let mut message = Outgoing::new(&row.exchange, &row.routing_key, &row.id.to_string(), body);
    let headers: std::collections::BTreeMap<String, String> =
        serde_json::from_str(&row.headers).unwrap_or_default();
    let properties = &mut message.properties;
    properties.correlation_id = Some(row.token.clone());
    properties.type_ = Some(row.type_name.clone());
    properties.content_type = Some("application/json".to_owned());
    properties.timestamp = u64::try_from(row.time.as_second()).ok();
    properties.headers = headers
        .into_iter()
        .map(|(name, value)| (name, value.into()))
        .collect();
    message
}
