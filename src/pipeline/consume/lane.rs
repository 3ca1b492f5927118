//! The path of one queue into the database: an intake, writers and an acknowledger.

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::intake::Intake;
use super::lane_state::Signals;
use crate::broker::BrokerError;
use crate::pipeline::batch::writer::Writer;
use crate::pipeline::batch::{Acknowledger, Outlet};

/// Runs a lane until it is stopped (`Ok`), its consumer ends or a part of it fails.
pub(super) async fn run(
    intake: Intake,
    writers: Vec<Writer>,
    acknowledger: Acknowledger,
    signals: Signals,
) -> Result<(), BrokerError> {
    let mut parts = JoinSet::new();
    let mut jobs = Vec::with_capacity(writers.len());
    for writer in writers {
        let (job, incoming) = mpsc::channel(1);
        jobs.push(job);
        let writing = writer.run(incoming, signals.give_up.clone());
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
    parts.spawn(intake.run(outlet, signals.clone()));
    let mut outcome = Ok(());
    while let Some(part) = parts.join_next().await {
        let ended = part.unwrap_or_else(|panic| {
            Err(BrokerError::Lost(format!("a lane's task ended: {panic}")))
        });
        if ended.is_err() {
            // Its pending deliveries can't be acknowledged any more.
            signals.give_up.cancel();
        }
        outcome = outcome.and(ended);
    }
    outcome
}
