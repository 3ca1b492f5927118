//! The life of a batch, from its first delivery to its acknowledgement.
//!
//! Deliveries fill a batch ([`filling`]), decoded one by one ([`entry`]). [`Outlet::send`]
//! dispatches a share to each writer. A [`writer`] tries the transaction below until it commits,
//! and halves parts that fail by their data ([`part`]). The transaction merges the events into
//! their records ([`merging`]) and decides which processes end ([`decide`]), both pure; [`effects`]
//! are the messages to publish. When all shares are committed, [`Acknowledger`] acknowledges the
//! batch and offers its messages to the relay.

pub(super) mod acceptance;
pub(super) mod batch_metrics;
pub mod decide;
pub mod effects;
pub(super) mod entry;
pub mod event;
pub(super) mod filling;
pub(super) mod job;
pub(super) mod load_orders;
pub mod merging;
pub mod orders;
pub mod outcome;
pub(super) mod part;
pub mod record;
pub mod turns;
pub mod writer;

pub use self::filling::BatchLimits;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};

use self::decide::changes;
use self::entry::Entry;
use self::event::{BatchEvent, find_repetitions, firsts};
use self::filling::Batch;
use self::job::{WriteDone, WriteJob, Written};
use self::load_orders::load_orders;
use self::merging::Merged;
use self::writer::Writer;
use super::consume::lane_state::LaneState;
use super::failpoint::{CrashPoint, Faults};
use super::relay::RelaySender;
use crate::broker::BrokerError;
use crate::clock;
use crate::store::write::batch;
use crate::store::{Connection, StoreError};
use crate::telemetry::{Phase, Telemetry};

/// A batch that is being written. An abandoned share closes its channel.
pub(super) struct Pending {
    batch: Batch,
    shares: Vec<oneshot::Receiver<WriteDone>>,
}

/// The channels to the writers and the acknowledger.
pub(super) struct Outlet {
    pub(super) writers: Vec<mpsc::Sender<WriteJob>>,
    pub(super) pending: mpsc::Sender<Pending>,
}

impl Outlet {
    /// Dispatches a batch; returns it if the writers have stopped.
    pub(super) async fn send(&self, mut batch: Batch) -> Result<(), Batch> {
        let mut shares = Vec::with_capacity(self.writers.len());
        for (entries, writer) in batch.take_shares().into_iter().zip(&self.writers) {
            if entries.is_empty() {
                continue;
            }
            let (done, share) = oneshot::channel();
            shares.push(share);
            if writer.send(WriteJob { entries, done }).await.is_err() {
                return Err(batch);
            }
        }
        let pending = Pending { batch, shares };
        let sent = self.pending.send(pending).await;
        sent.map_err(|unsent| unsent.0.batch)
    }
}

impl Writer {
    /// Writes some of a job's deliveries and all they cause in one transaction. A retry decides
    /// their outcomes again.
    async fn transaction(
        &mut self,
        connection: &Connection,
        entries: &mut [Entry],
    ) -> Result<Written, StoreError> {
        let events = entries.iter_mut().filter_map(Entry::as_event_mut);
        let mut events: Vec<&mut BatchEvent> = events.collect();
        find_repetitions(&mut events);

        let logged = firsts(&events);
        let begin = batch::begin(connection, &logged, &self.known, self.rules.deadline);
        let mut loaded = self.dying_at(CrashPoint::Begun, begin).await?;
        self.faults.pass(CrashPoint::EventsWritten);
        let limits = self.rules.orders;
        let orders =
            load_orders(connection, &mut loaded, &logged, &mut self.catalog, limits).await?;

        let merged = Merged::of(&mut events, loaded, orders);
        let (corrections, items) = (&merged.corrections, &merged.items);
        let answers =
            batch::write_items(connection, corrections, items, &merged.questions()).await?;
        let mut decision = merged.decide(&answers.sequenced, self.rules.settle);

        let queue = &self.queue;
        // Includes events parked and unparked within this batch: those are settled like any other.
        let kept = entries.iter().filter_map(|entry| entry.kept(queue));
        decision.entered.changes.parked = kept.collect();
        let mut outbox = effects::replies(entries.iter().filter_map(Entry::as_event));
        outbox.extend(effects::completions(
            &decision,
            answers.items,
            answers.place,
        ));
        outbox.extend(effects::stages(&decision.entered.stops));
        let refused: Vec<_> = entries
            .iter()
            .filter_map(|entry| entry.refused(queue))
            .collect();
        let dead_letters = entries
            .iter()
            .filter_map(Entry::as_dead_letter)
            .chain(&refused);

        let mut changes = changes(&decision, outbox, dead_letters.collect());
        let openings = entries.iter().filter_map(Entry::refused_opening);
        changes.refused_openings = openings.map(|key| key.0).collect();
        self.faults.pass(CrashPoint::BeforeCommit);
        let commit = batch::commit(connection, &changes, self.rules.sweep_after, self.shard);
        self.dying_at(CrashPoint::CommitSent, commit).await?;
        let outbox = changes.outbox;
        Ok(Written {
            outbox,
            decisions: vec![decision],
        })
    }

    /// Waits for an answer, unless a crash is due while the request is under way.
    async fn dying_at<T>(
        &self,
        point: CrashPoint,
        answer: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        if !self.faults.waits_at(point) {
            return answer.await;
        }
        // Long enough to send the request, too short for most answers.
        let early = tokio::time::timeout(Duration::from_millis(1), answer).await;
        self.faults.pass(point);
        early.unwrap_or(Err(StoreError::Timeout))
    }
}

/// Acknowledges batches in order, because an acknowledgement with `multiple` covers all earlier
/// deliveries.
pub(super) struct Acknowledger {
    pub(super) lane: Arc<LaneState>,
    pub(super) mailbox: RelaySender,
    pub(super) telemetry: Telemetry,
    pub(super) faults: Faults,
}

impl Acknowledger {
    /// Runs until no more batches come. After one that could not be written or acknowledged, none
    /// is acknowledged: the broker requeues them, and the log recognises the events already
    /// applied.
    pub(super) async fn run(self, mut pending: mpsc::Receiver<Pending>) -> Result<(), BrokerError> {
        let mut outcome = Ok(true);
        while let Some(Pending { batch, shares }) = pending.recv().await {
            let written = join_all(shares).await.into_iter().collect();
            outcome = match (outcome, written) {
                (Ok(true), Ok(written)) => self.conclude(&batch, written).await.map(|()| true),
                (outcome, _) => {
                    batch.returned(&self.telemetry);
                    outcome.map(|_| false)
                }
            };
            self.lane.finish(batch.len());
        }
        outcome.map(|_| ())
    }

    /// After the commit: publishes from memory and acknowledges. The outbox row is the guarantee.
    async fn conclude(&self, batch: &Batch, shares: Vec<WriteDone>) -> Result<(), BrokerError> {
        let now = clock::now();
        for share in &shares {
            batch_metrics::batch(&self.telemetry, share, now);
        }
        self.faults.pass(CrashPoint::CommittedBeforeAck);
        let outbox = shares.into_iter().flat_map(|share| share.written.outbox);
        self.mailbox.offer(outbox.collect());
        let acking = Instant::now();
        batch.acknowledge().await?;
        self.telemetry.phase_done(Phase::Ack, acking.elapsed());
        self.faults.pass(CrashPoint::Acked);
        Ok(())
    }
}
