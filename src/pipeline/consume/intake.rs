//! Receives deliveries from one queue and decodes them into a batch while the batch before is being
//! written.
//!
//! It subscribes again when its window changes; each batch is of one channel.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::watch;

use super::lane_state::Carries;
use super::lane_state::{LaneState, Signals};
use super::prefetch::Window;
use crate::broker::{BrokerError, Connection, Consumer, Delivery, Ended, Next};
use crate::clock;
use crate::pipeline::authorization::EventRules;
use crate::pipeline::batch::Outlet;
use crate::pipeline::batch::entry::{Entry, Remarks};
use crate::pipeline::batch::filling::{Batch, BatchLimits, PATIENCE, UnderWay};
use crate::pipeline::batch::turns::{SMALL_BATCH, Turns};
use crate::pipeline::failpoint::{CrashPoint, Faults};
use crate::telemetry::{Backpressure, CutReason as Cut, Phase, Telemetry};

/// The part of a lane that receives and decodes.
pub(super) struct Intake {
    pub(super) queue: String,
    pub(super) lane: Arc<LaneState>,
    pub(super) carries: Carries,
    pub(super) connection: Arc<Connection>,
    pub(super) window: Window,
    pub(super) rules: EventRules,
    pub(super) batch: BatchLimits,
    pub(super) turns: Turns,
    /// In how many transactions a batch may be written.
    pub(super) shares: usize,
    pub(super) under_way: UnderWay,
    pub(super) telemetry: Telemetry,
    pub(super) faults: Faults,
    /// False while the outbox is full.
    pub(super) gate: watch::Receiver<bool>,
}

/// Why an intake has cancelled its consumer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum IntakeEnd {
    /// A stop was requested, or the writers have ended.
    Stopped,
    /// The window has changed.
    Resized,
}

impl Intake {
    /// Consumes until it is stopped (`Ok`) or its consumer ends.
    pub(super) async fn run(mut self, outlet: Outlet, signals: Signals) -> Result<(), BrokerError> {
        loop {
            // While the gate is closed, messages stay in the broker's queue.
            self.wait_open(&signals).await;
            let prefetch = self.window.open();
            let consumer = Consumer::open(&self.connection, &self.queue, prefetch).await?;
            self.lane.set_up(true);
            if self.consume(consumer, &outlet, &signals).await? == IntakeEnd::Stopped {
                return Ok(());
            }
            // Deliveries of the old window are finished before the new one opens.
            self.under_way
                .none(tokio::time::Instant::now() + PATIENCE)
                .await;
        }
    }

    /// Receives the deliveries of one consumer. Dispatches a batch when it is full, or when no
    /// delivery is ready and no batch is under way: later deliveries share the next batch, like
    /// small segments under Nagle's algorithm.
    async fn consume(
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
                        if self.decode(&mut batch, delivery) && ending.is_none() {
                            ending = Some(IntakeEnd::Resized);
                            self.cancel(&consumer, &batch).await?;
                        }
                    }
                    Next::Ended(ended) => match (ended, ending) {
                        (Ended::Cancelled, Some(end)) => {
                            self.dispatch(batch, Cut::Shutdown, outlet).await;
                            return Ok(end);
                        }
                        (ended, _) => {
                            self.returned(&batch);
                            return Err(lost(ended));
                        }
                    },
                },
                () = signals.give_up.cancelled() => {
                    self.returned(&batch);
                    return Err(BrokerError::Lost("the lane was stopped".to_owned()));
                }
                () = self.under_way.none(batch.patience()), if !batch.is_empty() => cut = Some(Cut::Idle),
                // Wakes the loop up, to pause if the gate has closed.
                Ok(()) = self.gate.changed(), if ending.is_none() => {}
            }
            if let Some(why) = self.full(&batch).or(cut)
                && !self.dispatch(batch.take(), why, outlet).await
            {
                return Ok(IntakeEnd::Stopped);
            }
        }
    }

    /// Why a batch is full, once it is. A tenant's own queue has small batches while others are
    /// active.
    fn full(&self, batch: &Batch) -> Option<Cut> {
        let is_small = self.carries == Carries::TenantEvents
            && batch.len() >= SMALL_BATCH
            && self.turns.are_shared(&self.queue);
        match is_small {
            true => Some(Cut::Count),
            false => batch.full(self.batch),
        }
    }

    /// Cancels the consumer; if that fails, the broker requeues the batch.
    async fn cancel(&self, consumer: &Consumer, batch: &Batch) -> Result<(), BrokerError> {
        let cancelled = consumer.cancel().await;
        if cancelled.is_err() {
            self.returned(batch);
        }
        cancelled
    }

    /// Waits for the writers and sends them a batch; returns whether they were there.
    async fn dispatch(&self, mut batch: Batch, why: Cut, outlet: &Outlet) -> bool {
        if batch.is_empty() {
            return true;
        }
        self.cut(&batch, why);
        batch.start(&self.under_way);
        let waiting = Instant::now();
        let sent = outlet.send(batch).await;
        self.telemetry
            .backpressure(Backpressure::Database, waiting.elapsed());
        if let Err(unsent) = &sent {
            self.returned(unsent);
        }
        sent.is_ok()
    }

    /// Counts a batch as requeued.
    fn returned(&self, batch: &Batch) {
        batch.returned(&self.telemetry);
        self.lane.finish(batch.len());
    }

    /// Decodes a delivery into the batch; returns whether the window has changed.
    fn decode(&mut self, batch: &mut Batch, delivery: Box<Delivery>) -> bool {
        let began = Instant::now();
        let now = clock::now();
        let bytes = delivery.body.len();
        self.telemetry.received(delivery.redelivered, now);
        self.lane.receive();
        let entry = match self.carries {
            Carries::Events | Carries::TenantEvents => {
                let (entry, remarks) = Entry::event(delivery, &self.queue, &self.rules, now);
                self.remark(remarks);
                entry
            }
            Carries::DeadLetters => Entry::dead(delivery, &self.queue, &self.rules.limits),
        };
        batch.push(entry);
        batch.decoding += began.elapsed();
        self.window.observe(bytes)
    }

    fn remark(&self, remarks: Remarks) {
        if remarks.trace_ignored {
            self.telemetry.trace_context_invalid(1);
        }
        if remarks.unauthorized {
            self.telemetry.unauthorized(1);
        }
        if remarks.reply_to_ignored {
            self.telemetry.reply_to_ignored(1);
        }
    }

    fn cut(&self, batch: &Batch, why: Cut) {
        self.telemetry.batch_cut(why, batch.len() as u64);
        self.telemetry.phase_done(Phase::Decode, batch.decoding);
        self.faults.pass(CrashPoint::Decoded);
    }

    /// The gate is closed: dispatches the batch and waits until the gate opens.
    async fn pause(&mut self, batch: Batch, outlet: &Outlet, signals: &Signals) {
        // If the writers have ended, the next batch fails too.
        let _ = self.dispatch(batch, Cut::Idle, outlet).await;
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
