//! The tasks of a process, and what makes all of them end.

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::http::ops::{self, Ops};
use crate::pipeline::relay::{Letterbox, Relay};
use crate::store::Store;
use crate::telemetry::Health;

/// What runs.
pub(super) struct Tasks {
    /// What must finish before the process may end.
    pub(super) working: JoinSet<anyhow::Result<()>>,
    /// What goes on until then.
    pub(super) _serving: JoinSet<()>,
    pub(super) health: Health,
}

impl Tasks {
    pub(super) async fn finish(&mut self) {
        while self.working.join_next().await.is_some() {}
    }
}

/// A task that can't fail but by a panic.
pub(super) async fn always(task: impl Future<Output = ()>) -> anyhow::Result<()> {
    task.await;
    Ok(())
}

pub(super) async fn publish(relay: Relay, letterbox: Letterbox, give_up: CancellationToken) {
    relay.publish(letterbox, give_up).await;
}

pub(super) async fn serve(listener: TcpListener, ops: Ops, done: CancellationToken) {
    if let Err(error) = ops::serve(listener, ops, done).await {
        tracing::error!(%error, "the ops listener has failed");
    }
}

/// Waits for a task that fails, by an error or a panic, or for a database that this program can't
/// work on.
pub(super) async fn first_failure(
    working: &mut JoinSet<anyhow::Result<()>>,
    store: &Store,
) -> anyhow::Error {
    loop {
        tokio::select! {
            misfit = store.misfit() => return misfit.into(),
            ended = working.join_next() => match ended {
                Some(Ok(Ok(()))) => {}
                Some(Ok(Err(error))) => return error,
                Some(Err(error)) => return anyhow::Error::new(error).context("a task ended unexpectedly"),
                None => return anyhow::anyhow!("every task has ended"),
            },
        }
    }
}
