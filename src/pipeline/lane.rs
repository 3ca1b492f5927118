//! One queue's way into the database: an intake, writers, and who acknowledges what is written.

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::intake::Intake;
use super::outlet::{self, Acknowledger, Outlet};
use super::writer::Writer;
use crate::broker::BrokerError;

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
    writers: Vec<Writer>,
    acknowledger: Acknowledger,
    signals: Signals,
) -> Result<(), BrokerError> {
    let mut parts = JoinSet::new();
    let mut jobs = Vec::with_capacity(writers.len());
    for writer in writers {
        let (job, taken) = mpsc::channel(1);
        jobs.push(job);
        let writing = outlet::write(writer, taken, signals.give_up.clone());
        parts.spawn(async {
            writing.await;
            Ok(())
        });
    }
    let (pending, written) = mpsc::channel(1);
    parts.spawn(acknowledger.run(written));
    let outlet = Outlet {
        writers: jobs,
        pending,
    };
    parts.spawn(intake.run(outlet, signals));
    let mut outcome = Ok(());
    while let Some(part) = parts.join_next().await {
        let ended = part.unwrap_or_else(|panic| {
            Err(BrokerError::Lost(format!("a lane's task ended: {panic}")))
        });
        outcome = outcome.and(ended);
    }
    outcome
}
