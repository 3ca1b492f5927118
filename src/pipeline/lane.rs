//! One queue's way into the database: an intake, and writers that take turns.

use std::sync::Arc;
use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::fault::CrashPoint;
use super::intake::Intake;
use super::line::{Line, Turn};
use super::relay::Mailbox;
use super::report;
use super::writer::Writer;
use crate::broker::BrokerError;
use crate::clock;
use crate::telemetry::Phase;

/// What a lane is told from outside.
#[derive(Debug, Clone)]
pub(super) struct Signals {
    /// Take no more, finish what is held.
    pub(super) stop: CancellationToken,
    /// The session is over: what can't be finished at once comes again.
    pub(super) give_up: CancellationToken,
}

/// Runs a lane until it is stopped (`Ok`) or its consumer ends. With several writers a batch is
/// written while the one before still is; they are acknowledged in their order.
pub(super) async fn run(
    intake: Intake,
    writers: Vec<Writer>,
    mailbox: Mailbox,
    signals: Signals,
) -> Result<(), BrokerError> {
    let (batches, taken) = mpsc::channel(1);
    let mut parts = JoinSet::new();
    let give_up = signals.give_up.clone();
    parts.spawn(intake.run(batches, signals));
    let line = Arc::new(Line::new(taken));
    for writer in writers {
        parts.spawn(write(
            writer,
            mailbox.clone(),
            Arc::clone(&line),
            give_up.clone(),
        ));
    }
    let mut outcome = Ok(());
    while let Some(part) = parts.join_next().await {
        let ended = part.unwrap_or_else(|panic| {
            Err(BrokerError::Lost(format!("a lane's task ended: {panic}")))
        });
        outcome = outcome.and(ended);
    }
    outcome
}

/// Writes batch after batch; what is left when that ends was not acknowledged and comes again.
async fn write(
    mut writer: Writer,
    mailbox: Mailbox,
    line: Arc<Line>,
    give_up: CancellationToken,
) -> Result<(), BrokerError> {
    let mut outcome = Ok(true);
    while matches!(outcome, Ok(true))
        && let Some(turn) = line.next().await
    {
        outcome = write_one(&mut writer, &mailbox, turn, &give_up).await;
    }
    line.close(&writer.telemetry).await;
    outcome.map(|_| ())
}

/// Commit, then acknowledge, then publish from memory: the outbox row is the guarantee. Says
/// whether it was possible.
async fn write_one(
    writer: &mut Writer,
    mailbox: &Mailbox,
    mut turn: Turn,
    give_up: &CancellationToken,
) -> Result<bool, BrokerError> {
    let telemetry = writer.telemetry.clone();
    let began = Instant::now();
    let held = &mut turn.batch.held;
    let Some(written) = writer.write(held, give_up).await else {
        turn.batch.returned(&telemetry);
        return Ok(false);
    };
    telemetry.phase_done(Phase::Transaction, began.elapsed());
    report::batch(&telemetry, held, &written, clock::now());
    writer.faults.pass(CrashPoint::CommittedBeforeAck);
    mailbox.offer(written.outbox);
    let acking = Instant::now();
    let acknowledged = turn.acknowledge().await?;
    telemetry.phase_done(Phase::Ack, acking.elapsed());
    writer.faults.pass(CrashPoint::Acked);
    Ok(acknowledged)
}
