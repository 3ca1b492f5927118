//! One queue's way into the database: takes deliveries, decodes them while the batch before is
//! being written, and acknowledges each batch once it is committed.
//!
//! A lane consumes anew when its window changes; each batch carries the acknowledgements of the
//! channel it came over.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fault::{CrashPoint, Faults};
use super::held::Held;
use super::relay::Mailbox;
use super::report;
use super::window::Window;
use super::writer::Writer;
use crate::broker::{Acker, BrokerError, Connection, Consumer, Delivery, Ended, Next};
use crate::clock;
use crate::telemetry::{Backpressure, CutReason as Cut, Phase, Telemetry};
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

/// Deliveries of one channel that are written, committed and acknowledged together.
#[derive(Debug)]
struct Batch {
    held: Vec<Held>,
    bytes: usize,
    acker: Acker,
}

/// The part of a lane that takes and decodes.
pub(super) struct Intake {
    pub(super) queue: String,
    pub(super) carries: Carries,
    pub(super) connection: Arc<Connection>,
    pub(super) window: Window,
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
    signals: Signals,
) -> Result<(), BrokerError> {
    let (batches, taken) = mpsc::channel(1);
    let mut halves = JoinSet::new();
    let give_up = signals.give_up.clone();
    halves.spawn(intake.run(batches, signals));
    halves.spawn(write(writer, mailbox, taken, give_up));
    let mut outcome = Ok(());
    while let Some(half) = halves.join_next().await {
        let ended = half.unwrap_or_else(|panic| {
            Err(BrokerError::Lost(format!("a lane's task ended: {panic}")))
        });
        outcome = outcome.and(ended);
    }
    outcome
}

/// Why an intake has taken all that a consumer had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// It was told to stop, or nobody writes any more.
    Stopped,
    /// The window has changed.
    Resized,
}

impl Intake {
    async fn run(
        mut self,
        batches: mpsc::Sender<Batch>,
        signals: Signals,
    ) -> Result<(), BrokerError> {
        loop {
            let prefetch = self.window.open();
            let consumer = Consumer::open(&self.connection, &self.queue, prefetch).await?;
            if self.take(consumer, &batches, &signals).await? == Taken::Stopped {
                return Ok(());
            }
        }
    }

    /// Takes what one consumer delivers. Cutting waits for nothing but the writer: a batch is
    /// handed over when it is full, or when nothing more is here and the writer has room.
    async fn take(
        &mut self,
        mut consumer: Consumer,
        batches: &mpsc::Sender<Batch>,
        signals: &Signals,
    ) -> Result<Taken, BrokerError> {
        let mut batch = Batch::new(consumer.acker());
        let mut ending = None;
        loop {
            if ending.is_none() && !*self.gate.borrow_and_update() {
                self.wait_for_gate(signals).await;
            }
            tokio::select! {
                biased;
                () = signals.stop.cancelled(), if ending != Some(Taken::Stopped) => {
                    if ending.replace(Taken::Stopped).is_none() {
                        consumer.cancel().await?;
                    }
                }
                next = consumer.next() => match next {
                    Next::Delivery(delivery) => {
                        if self.hold(&mut batch, delivery) && ending.is_none() {
                            ending = Some(Taken::Resized);
                            consumer.cancel().await?;
                        }
                    }
                    Next::Ended(ended) => match (ended, ending) {
                        (Ended::Cancelled, Some(taken)) => {
                            self.hand_over(batch, Cut::Shutdown, batches).await;
                            return Ok(taken);
                        }
                        (ended, _) => {
                            batch.returned(&self.telemetry);
                            return Err(lost(ended));
                        }
                    },
                },
                permit = batches.reserve(), if !batch.held.is_empty() => {
                    let Ok(permit) = permit else {
                        batch.returned(&self.telemetry);
                        return Ok(Taken::Stopped);
                    };
                    self.cut(&batch, Cut::Idle);
                    permit.send(batch.take());
                }
            }
            if let Some(why) = batch.full(self.batch)
                && !self.hand_over(batch.take(), why, batches).await
            {
                return Ok(Taken::Stopped);
            }
        }
    }

    /// Waits for the writer and hands a batch over; says whether the writer was there.
    async fn hand_over(&self, batch: Batch, why: Cut, batches: &mpsc::Sender<Batch>) -> bool {
        if batch.held.is_empty() {
            return true;
        }
        self.cut(&batch, why);
        let waiting = Instant::now();
        let sent = batches.send(batch).await;
        self.telemetry
            .backpressure(Backpressure::Database, waiting.elapsed());
        if let Err(unsent) = &sent {
            unsent.0.returned(&self.telemetry);
        }
        sent.is_ok()
    }

    /// Decodes a delivery into the batch; says whether the window has changed.
    fn hold(&mut self, batch: &mut Batch, delivery: Delivery) -> bool {
        let now = clock::now();
        let bytes = delivery.body.len();
        self.telemetry.received(delivery.redelivered, now);
        let held = match self.carries {
            Carries::Events => {
                let (held, trace_ignored) = Held::event(delivery, &self.queue, &self.limits, now);
                if trace_ignored {
                    self.telemetry.trace_context_invalid(1);
                }
                held
            }
            Carries::DeadLetters => Held::dead(delivery, &self.queue),
        };
        batch.bytes += bytes;
        batch.held.push(held);
        self.window.observe(bytes)
    }

    fn cut(&self, batch: &Batch, why: Cut) {
        self.telemetry.batch_cut(why, batch.held.len() as u64);
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
        self.telemetry
            .backpressure(Backpressure::Outbox, waiting.elapsed());
    }
}

impl Batch {
    fn new(acker: Acker) -> Self {
        Self {
            held: Vec::new(),
            bytes: 0,
            acker,
        }
    }

    /// What is here, leaving an empty batch of the same channel.
    fn take(&mut self) -> Self {
        let next = Self::new(self.acker.clone());
        std::mem::replace(self, next)
    }

    /// Counts what will come again.
    fn returned(&self, telemetry: &Telemetry) {
        telemetry.returned(self.held.len() as u64);
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
    give_up: CancellationToken,
) -> Result<(), BrokerError> {
    let mut outcome = Ok(true);
    while matches!(outcome, Ok(true))
        && let Some(batch) = taken.recv().await
    {
        outcome = write_one(&mut writer, &mailbox, batch, &give_up).await;
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
    give_up: &CancellationToken,
) -> Result<bool, BrokerError> {
    let telemetry = writer.telemetry.clone();
    let began = Instant::now();
    let Some(written) = writer.write(&mut batch.held, give_up).await else {
        batch.returned(&telemetry);
        return Ok(false);
    };
    telemetry.phase_done(Phase::Transaction, began.elapsed());
    report::batch(&telemetry, &batch.held, &written, clock::now());
    writer.faults.pass(CrashPoint::CommittedBeforeAck);
    mailbox.offer(written.outbox);
    let acking = Instant::now();
    let tag = batch.held.last().map_or(0, |held| held.delivery.tag);
    batch.acker.ack_through(tag).await?;
    telemetry.phase_done(Phase::Ack, acking.elapsed());
    writer.faults.pass(CrashPoint::Acked);
    Ok(true)
}
