//! The tasks of a process, and the failures that end all of them.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::http::ops::{self, Ops};
use crate::lock::lock;
use crate::pipeline::relay::{Relay, RelayReceiver};
use crate::store::Store;
use crate::telemetry::Health;

/// The tasks of a process.
pub(super) struct Tasks {
    /// Tasks that must finish before the process may end.
    pub(super) working: JoinSet<anyhow::Result<()>>,
    /// The sampler, which runs until then.
    pub(super) sampling: JoinSet<()>,
    /// The observer and the ops listener, which run until then.
    pub(super) _serving: JoinSet<()>,
    pub(super) health: Health,
    pub(super) running: RunningTasks,
}

impl Tasks {
    pub(super) async fn finish(&mut self) {
        while self.working.join_next().await.is_some() {}
    }

    /// Waits for the last sample.
    pub(super) async fn sampled(&mut self) {
        while self.sampling.join_next().await.is_some() {}
    }
}

/// The names of the tasks that have not ended yet, to log what a stop waits for.
#[derive(Clone, Default)]
pub(super) struct RunningTasks(Arc<Mutex<BTreeSet<&'static str>>>);

impl RunningTasks {
    /// Starts a task that can fail only by a panic; its name is listed until it ends.
    pub(super) fn start(
        &self,
        working: &mut JoinSet<anyhow::Result<()>>,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let task = async {
            task.await;
            Ok(())
        };
        working.spawn(self.clone().track(name, task));
    }

    /// Runs a task whose name is listed until it ends.
    pub(super) async fn track(
        self,
        name: &'static str,
        task: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        lock(&self.0).insert(name);
        let ended = task.await;
        lock(&self.0).remove(name);
        ended
    }

    /// The names of the running tasks.
    pub(super) fn names(&self) -> String {
        let names: Vec<_> = lock(&self.0).iter().copied().collect();
        names.join(", ")
    }
}

pub(super) async fn publish(relay: Relay, incoming: RelayReceiver, give_up: CancellationToken) {
    relay.publish(incoming, give_up).await;
}

pub(super) async fn serve(listener: TcpListener, ops: Ops, done: CancellationToken) {
    ops::serve(listener, ops, done).await;
}

/// Waits for a task that fails, by an error or a panic, or for a database that this program can't
/// use.
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
