//! Hands the shares of each batch to their writers, and acknowledges the batches in their order,
//! because an acknowledgement speaks for all that was delivered earlier.

use std::sync::Arc;
use std::time::Instant;

use futures_util::future::join_all;
use tokio::sync::{mpsc, oneshot};

use super::job::{Done, Job};
use super::{Batch, batch_metrics};
use crate::broker::BrokerError;
use crate::clock;
use crate::pipeline::consume::lane_state::LaneState;
use crate::pipeline::failpoint::{CrashPoint, Faults};
use crate::pipeline::relay::Mailbox;
use crate::telemetry::{Phase, Telemetry};

/// A batch that is being written. A share that was given up is never done.
pub(in crate::pipeline) struct Pending {
    batch: Batch,
    shares: Vec<oneshot::Receiver<Done>>,
}

/// Where batches go.
pub(in crate::pipeline) struct Outlet {
    pub(in crate::pipeline) writers: Vec<mpsc::Sender<Job>>,
    pub(in crate::pipeline) pending: mpsc::Sender<Pending>,
}

impl Outlet {
    /// Hands a batch over; gives it back if nobody writes any more.
    pub(in crate::pipeline) async fn send(&self, mut batch: Batch) -> Result<(), Batch> {
        let mut shares = Vec::with_capacity(self.writers.len());
        for (held, writer) in batch.take_shares().into_iter().zip(&self.writers) {
            if held.is_empty() {
                continue;
            }
            let (done, share) = oneshot::channel();
            shares.push(share);
            if writer.send(Job { held, done }).await.is_err() {
                return Err(batch);
            }
        }
        let pending = Pending { batch, shares };
        let sent = self.pending.send(pending).await;
        sent.map_err(|unsent| unsent.0.batch)
    }
}

/// Acknowledges what is written.
pub(in crate::pipeline) struct Acknowledger {
    pub(in crate::pipeline) lane: Arc<LaneState>,
    pub(in crate::pipeline) mailbox: Mailbox,
    pub(in crate::pipeline) telemetry: Telemetry,
    pub(in crate::pipeline) faults: Faults,
}

impl Acknowledger {
    /// Runs until no more batches come. After one that could not be written or acknowledged none
    /// is acknowledged: they come again, and the log knows what of them was applied.
    pub(in crate::pipeline) async fn run(
        self,
        mut pending: mpsc::Receiver<Pending>,
    ) -> Result<(), BrokerError> {
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

    /// Commit, then acknowledge, then publish from memory: the outbox row is the guarantee.
    async fn conclude(&self, batch: &Batch, shares: Vec<Done>) -> Result<(), BrokerError> {
        let now = clock::now();
        for share in &shares {
            batch_metrics::batch(&self.telemetry, &share.held, &share.written, now);
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
