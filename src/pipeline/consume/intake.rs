//! Takes deliveries from one queue and decodes them into outlet while the batch before is being
//! written.
//!
//! It consumes anew when its window changes; each batch is of one channel.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::lane_state::Carries;
use super::lane_state::{LaneState, Signals};
use super::prefetch::Window;
use crate::broker::{BrokerError, Connection, Consumer, Delivery, Ended, Next};
use crate::clock;
use crate::pipeline::batch::Outlet;
use crate::pipeline::batch::entry::Entry;
use crate::pipeline::batch::filling::{Batch, BatchLimits, PATIENCE, UnderWay};
use crate::pipeline::failpoint::{CrashPoint, Faults};
use crate::telemetry::{Backpressure, CutReason as Cut, Phase, Telemetry};
use crate::wire::Limits;
/// The part of a lane that takes and decodes.
pub(super) struct Intake {
    pub(super) queue: String,
    pub(super) lane: Arc<LaneState>,
    pub(super) carries: Carries,
    pub(super) connection: Arc<Connection>,
    pub(super) window: Window,
    pub(super) limits: Limits,
    pub(super) batch: BatchLimits,
    /// How many transactions a batch may be shared by.
    pub(super) shares: usize,
    pub(super) under_way: UnderWay,
    pub(super) telemetry: Telemetry,
    pub(super) faults: Faults,
    /// False while the outbox is full.
    pub(super) gate: watch::Receiver<bool>,
}

/// Why an intake has taken all that a consumer had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IntakeEnd {
    /// It was told to stop, or nobody writes any more.
    Stopped,
    /// The window has changed.
    Resized,
}

impl Intake {
    /// Takes until it is stopped (`Ok`) or its consumer ends.
    pub(super) async fn run(mut self, outlet: Outlet, signals: Signals) -> Result<(), BrokerError> {
        loop {
            // What waits behind a closed gate is better kept by the broker than here.
            self.wait_open(&signals).await;
            let prefetch = self.window.open();
            let consumer = Consumer::open(&self.connection, &self.queue, prefetch).await?;
            self.lane.set_up(true);
            if self.take(consumer, &outlet, &signals).await? == IntakeEnd::Stopped {
                return Ok(());
            }
            // What the old window let in is done with before the new one takes more.
            self.under_way
                .none(tokio::time::Instant::now() + PATIENCE)
                .await;
        }
    }

    /// Takes what one consumer delivers. A batch is handed over when it is full, or when nothing
    /// more is here and no batch is under way: what comes meanwhile shares the next one, as small
    /// segments do with Nagle's algorithm.
    async fn take(
        &mut self,
        mut consumer: Consumer,
        outlet: &Outlet,
        signals: &Signals,
    ) -> Result<IntakeEnd, BrokerError> {
        let mut batch = Batch::new(consumer.acker(), self.shares);
        let mut ending = None;
        loop {
            if ending.is_none() && !*self.gate.borrow_and_update() {
                self.pause(batch.take(), outlet, signals).await;
            }
            let mut cut = None;
            tokio::select! {
                biased;
                () = signals.stop.cancelled(), if ending != Some(IntakeEnd::Stopped) => {
                    if ending.replace(IntakeEnd::Stopped).is_none() {
                        self.cancel(&consumer, &batch).await?;
                    }
                }
                next = consumer.next() => match next {
                    Next::Delivery(delivery) => {
                        if self.hold(&mut batch, delivery) && ending.is_none() {
                            ending = Some(IntakeEnd::Resized);
                            self.cancel(&consumer, &batch).await?;
                        }
                    }
                    Next::Ended(ended) => match (ended, ending) {
                        (Ended::Cancelled, Some(taken)) => {
                            self.hand_over(batch, Cut::Shutdown, outlet).await;
                            return Ok(taken);
                        }
                        (ended, _) => {
                            self.returned(&batch);
                            return Err(lost(ended));
                        }
                    },
                },
                () = signals.give_up.cancelled() => {
                    self.returned(&batch);
                    return Err(BrokerError::Lost("the lane was given up".to_owned()));
                }
                () = self.under_way.none(batch.patience()), if !batch.is_empty() => cut = Some(Cut::Idle),
                // Whoever waits for a delivery hears that none is to be taken any more.
                Ok(()) = self.gate.changed(), if ending.is_none() => {}
            }
            if let Some(why) = batch.full(self.batch).or(cut)
                && !self.hand_over(batch.take(), why, outlet).await
            {
                return Ok(IntakeEnd::Stopped);
            }
        }
    }

    /// Asks for no more; where that fails, what is held comes again.
    async fn cancel(&self, consumer: &Consumer, batch: &Batch) -> Result<(), BrokerError> {
        let cancelled = consumer.cancel().await;
        if cancelled.is_err() {
            self.returned(batch);
        }
        cancelled
    }

    /// Waits for the writer and hands a batch over; says whether the writer was there.
    async fn hand_over(&self, mut batch: Batch, why: Cut, outlet: &Outlet) -> bool {
        if batch.is_empty() {
            return true;
        }
        self.cut(&batch, why);
        batch.set_out(&self.under_way);
        let waiting = Instant::now();
        let sent = outlet.send(batch).await;
        self.telemetry
            .backpressure(Backpressure::Database, waiting.elapsed());
        if let Err(unsent) = &sent {
            self.returned(unsent);
        }
        sent.is_ok()
    }

    /// What is held comes again.
    fn returned(&self, batch: &Batch) {
        batch.returned(&self.telemetry);
        self.lane.finish(batch.len());
    }

    /// Decodes a delivery into the batch; says whether the window has changed.
    fn hold(&mut self, batch: &mut Batch, delivery: Box<Delivery>) -> bool {
        let began = Instant::now();
        let now = clock::now();
        let bytes = delivery.body.len();
        self.telemetry.received(delivery.redelivered, now);
        self.lane.receive();
        let held = match self.carries {
            Carries::Events => {
                let (held, trace_ignored) = Entry::event(delivery, &self.queue, &self.limits, now);
                if trace_ignored {
                    self.telemetry.trace_context_invalid(1);
                }
                held
            }
            Carries::DeadLetters => Entry::dead(delivery, &self.queue, &self.limits),
        };
        batch.push(held);
        batch.decoding += began.elapsed();
        self.window.observe(bytes)
    }

    fn cut(&self, batch: &Batch, why: Cut) {
        self.telemetry.batch_cut(why, batch.len() as u64);
        self.telemetry.phase_done(Phase::Decode, batch.decoding);
        self.faults.pass(CrashPoint::Decoded);
    }

    /// The gate is closed: what is held is finished, nothing more is taken.
    async fn pause(&mut self, held: Batch, outlet: &Outlet, signals: &Signals) {
        // Should nobody write any more, the next batch will find out.
        let _ = self.hand_over(held, Cut::Idle, outlet).await;
        self.wait_open(signals).await;
    }

    async fn wait_open(&mut self, signals: &Signals) {
        if *self.gate.borrow_and_update() {
            return;
        }
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

fn lost(ended: Ended) -> BrokerError {
    match ended {
        Ended::Cancelled => BrokerError::Lost("the broker cancelled the subscription".to_owned()),
        Ended::Lost(error) => error,
    }
}
