//! One queue's way into the database: an intake and a writer, one batch apart.

use std::time::Instant;

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::batch::Batch;
use super::fault::CrashPoint;
use super::intake::Intake;
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
    batch.acknowledge().await?;
    telemetry.phase_done(Phase::Ack, acking.elapsed());
    writer.faults.pass(CrashPoint::Acked);
    Ok(true)
}
