//! One queue's way into the database: takes deliveries, decodes them while the batch before is
//! being written, and acknowledges each batch once it is committed.

use std::time::Instant;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fault::{CrashPoint, Faults};
use super::held::Held;
use super::relay::Mailbox;
use super::report;
use super::writer::Writer;
use crate::broker::{Acker, BrokerError, Consumer, Delivery, Ended, Next};
use crate::clock;
use crate::telemetry::{Backpressure, Cut, Phase, Telemetry};
use crate::wire::Limits;

/// When a batch is full.
#[derive(Debug, Clone, Copy)]
pub struct BatchLimits {
    /// This many deliveries.
    pub events: usize,
    /// This many bytes.
    pub bytes: usize,
}

/// What a queue carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Carries {
    /// Events.
    Events,
    /// What the broker gave up.
    DeadLetters,
}

/// Deliveries that are written, committed and acknowledged together.
#[derive(Debug, Default)]
struct Batch {
    held: Vec<Held>,
    bytes: usize,
}

/// The part of a lane that takes and decodes.
pub(super) struct Intake {
    pub(super) queue: String,
    pub(super) carries: Carries,
    pub(super) limits: Limits,
    pub(super) batch: BatchLimits,
    pub(super) telemetry: Telemetry,
    pub(super) faults: Faults,
    /// False while the outbox is full.
    pub(super) gate: watch::Receiver<bool>,
}

/// What a lane is told from outside.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// Take no more, finish what is held.
    pub(super) stop: CancellationToken,
    /// The session is over: what can't be finished at once comes again.
    pub(super) give_up: CancellationToken,
}

/// Runs a lane until it is stopped (`Ok`) or its consumer ends.
pub(super) async fn run(
    intake: Intake,
    writer: Writer,
    mailbox: Mailbox,
    consumer: Consumer,
    signals: Signals,
) -> Result<(), BrokerError> {
    let (batches, taken) = mpsc::channel(1);
    let acker = consumer.acker();
    let mut halves = JoinSet::new();
    let give_up = signals.give_up.clone();
    halves.spawn(intake.take(consumer, batches, signals));
    halves.spawn(write(writer, mailbox, taken, acker, give_up));
    let mut outcome = Ok(());
    while let Some(half) = halves.join_next().await {
        let ended = half.unwrap_or_else(|panic| {
            Err(BrokerError::Lost(format!("a lane's task ended: {panic}")))
        });
        outcome = outcome.and(ended);
    }
    outcome
}

impl Intake {
    async fn take(
        mut self,
        mut consumer: Consumer,
        batches: mpsc::Sender<Batch>,
        signals: Signals,
    ) -> Result<(), BrokerError> {
        let mut batch = Batch::default();
        let mut stopping = false;
        loop {
            if !stopping && !*self.gate.borrow_and_update() {
                self.wait_for_gate(&signals).await;
            }
            tokio::select! {
                biased;
                () = signals.stop.cancelled(), if !stopping => {
                    stopping = true;
                    consumer.cancel().await?;
                }
                next = consumer.next() => match next {
                    Next::Delivery(delivery) => self.hold(&mut batch, delivery),
                    Next::Ended(Ended::Cancelled) if stopping => {
                        return self.finish(batch, &batches).await;
                    }
                    Next::Ended(ended) => {
                        batch.returned(&self.telemetry);
                        return Err(lost(ended));
                    }
                },
                permit = batches.reserve(), if !batch.held.is_empty() => {
                    let Ok(permit) = permit else { return self.abandon(&batch) };
                    self.cut(&batch, Cut::Idle);
                    permit.send(std::mem::take(&mut batch));
                }
            }
            if let Some(why) = batch.full(self.batch) {
                self.cut(&batch, why);
                let waiting = Instant::now();
                let Ok(permit) = batches.reserve().await else {
                    return self.abandon(&batch);
                };
                self.telemetry.backpressure(Backpressure::Database, waiting.elapsed());
                permit.send(std::mem::take(&mut batch));
            }
        }
    }

    fn hold(&self, batch: &mut Batch, delivery: Delivery) {
        self.telemetry.received(delivery.redelivered);
        let bytes = delivery.body.len();
        let held = match self.carries {
            Carries::Events => Held::event(delivery, &self.queue, &self.limits, clock::now()),
            Carries::DeadLetters => Held::dead(delivery, &self.queue),
        };
        batch.bytes += bytes;
        batch.held.push(held);
    }

    fn cut(&self, batch: &Batch, why: Cut) {
        self.telemetry.batch_cut(why, batch.held.len());
        self.faults.pass(CrashPoint::Decoded);
    }

    /// The outbox is full: what is held is finished, nothing more is taken.
    async fn wait_for_gate(&mut self, signals: &Signals) {
        let waiting = Instant::now();
        tokio::select! {
            _ = self.gate.wait_for(|open| *open) => {}
            () = signals.stop.cancelled() => {}
            () = signals.give_up.cancelled() => {}
        }
        self.telemetry.backpressure(Backpressure::Outbox, waiting.elapsed());
    }

    async fn finish(&self, batch: Batch, batches: &mpsc::Sender<Batch>) -> Result<(), BrokerError> {
        if batch.held.is_empty() {
            return Ok(());
        }
        self.cut(&batch, Cut::Shutdown);
        match batches.send(batch).await {
            Ok(()) => Ok(()),
            Err(unsent) => self.abandon(&unsent.0),
        }
    }

    /// The writer has given up, so nothing of this batch will be acknowledged.
    fn abandon(&self, batch: &Batch) -> Result<(), BrokerError> {
        batch.returned(&self.telemetry);
        Ok(())
    }
}

impl Batch {
    /// Counts what will come again.
    fn returned(&self, telemetry: &Telemetry) {
        telemetry.returned(self.held.iter().map(Held::type_name));
    }

    fn full(&self, limits: BatchLimits) -> Option<Cut> {
        if self.held.len() >= limits.events {
            Some(Cut::Count)
        } else if self.bytes >= limits.bytes {
            Some(Cut::Bytes)
        } else {
            None
        }
    }
}

fn lost(ended: Ended) -> BrokerError {
    match ended {
        Ended::Cancelled => BrokerError::Lost("the broker cancelled the subscription".to_owned()),
        Ended::Lost(error) => error,
    }
}

/// Writes batch after batch; what is left when that ends was not acknowledged and comes again.
async fn write(
    mut writer: Writer,
    mailbox: Mailbox,
    mut taken: mpsc::Receiver<Batch>,
    acker: Acker,
    give_up: CancellationToken,
) -> Result<(), BrokerError> {
    let mut outcome = Ok(true);
    while matches!(outcome, Ok(true))
        && let Some(batch) = taken.recv().await
    {
        outcome = write_one(&mut writer, &mailbox, batch, &acker, &give_up).await;
    }
    taken.close();
    while let Some(batch) = taken.recv().await {
        batch.returned(&writer.telemetry);
    }
    outcome.map(|_| ())
}

/// Commit, then acknowledge, then publish from memory: the outbox row is the guarantee. Says
/// whether it was possible.
async fn write_one(
    writer: &mut Writer,
    mailbox: &Mailbox,
    mut batch: Batch,
    acker: &Acker,
    give_up: &CancellationToken,
) -> Result<bool, BrokerError> {
    let telemetry = writer.telemetry.clone();
    let began = Instant::now();
    let Some(written) = writer.write(&mut batch.held, give_up).await else {
        batch.returned(&telemetry);
        return Ok(false);
    };
    telemetry.phase(Phase::Transaction, began.elapsed());
    report::batch(&telemetry, &batch.held, &written, clock::now());
    writer.faults.pass(CrashPoint::CommittedBeforeAck);
    mailbox.offer(written.outbox);
    let acking = Instant::now();
    let tag = batch.held.last().map_or(0, |held| held.delivery.tag);
    acker.ack_through(tag).await?;
    telemetry.phase(Phase::Ack, acking.elapsed());
    writer.faults.pass(CrashPoint::Acked);
    Ok(true)
}
