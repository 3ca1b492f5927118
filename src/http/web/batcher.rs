//! Concurrent reads of single records are combined into batches: a few queries run at a time, and
//! requests that arrive meanwhile form the next batch.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::problem::{HttpProblem, ProblemKind};
use crate::domain::ProcessKey;
use crate::fair::{FairBudget, Permit};
use crate::store::Store;
use crate::view::parts::Parts;
use crate::view::read::{self, Absent, ReadQuery};
use crate::view::record::FoundProcess;

/// Concurrent queries.
const LANES: usize = 4;
/// Records per query.
const RECORDS_MAX: usize = 64;
/// Reads that may be pending: further ones wait for the turn of their tenant.
const PENDING_MAX: usize = LANES * RECORDS_MAX;
/// The longest wait for a turn.
const TURN_MAX: Duration = Duration::from_secs(10);

const BUSY: &str = "too many records are requested; try again in a moment";
const STOPPED: &str = "the listener is about to stop; send the request again";

/// Accepts reads.
#[derive(Clone)]
pub(in crate::http) struct Batcher {
    pending: mpsc::Sender<PendingRead>,
    turns: FairBudget<String>,
}

/// Executes the reads of a [`Batcher`], one batch after the other.
#[derive(Clone)]
pub(in crate::http) struct Lane {
    pending: Arc<Mutex<mpsc::Receiver<PendingRead>>>,
}

struct PendingRead {
    key: ProcessKey,
    answer: oneshot::Sender<Result<Result<FoundProcess, Absent>, HttpProblem>>,
    /// Kept until it was read, also if the client does not wait for that.
    turn: Permit<String>,
}

/// Creates a batcher and its lanes.
pub(in crate::http) fn batcher() -> (Batcher, [Lane; LANES]) {
    let (sender, receiver) = mpsc::channel(PENDING_MAX);
    let receiver = Arc::new(Mutex::new(receiver));
    let lane = |_| Lane {
        pending: Arc::clone(&receiver),
    };
    let batcher = Batcher {
        pending: sender,
        turns: FairBudget::new(PENDING_MAX),
    };
    (batcher, std::array::from_fn(lane))
}

impl Batcher {
    /// The record of a process, without any of its parts.
    pub(in crate::http) async fn record(
        &self,
        tenant: &str,
        key: ProcessKey,
    ) -> Result<Result<FoundProcess, Absent>, HttpProblem> {
        let busy = || HttpProblem::new(ProblemKind::Unavailable, BUSY);
        let turn = self.turns.turn(tenant.to_owned(), 1, TURN_MAX).await;
        let turn = turn.ok_or_else(busy)?;
        let (answer, answered) = oneshot::channel();
        let stopped = || HttpProblem::new(ProblemKind::Unavailable, STOPPED);
        let sent = self.pending.send(PendingRead { key, answer, turn }).await;
        sent.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Lane {
    /// Runs until the batcher is dropped.
    pub(in crate::http) async fn serve(self, store: Store) {
        let mut batch = Vec::new();
        while self
            .pending
            .lock()
            .await
            .recv_many(&mut batch, RECORDS_MAX)
            .await
            > 0
        {
            let query = |read: &PendingRead| ReadQuery::now(read.key, Parts::default());
            let queries: Vec<_> = batch.iter().map(query).collect();
            let answers = read::read(&store, &queries).await;
            let mut answers = answers.map(Vec::into_iter).map_err(HttpProblem::from);
            for PendingRead { answer, turn, .. } in batch.drain(..) {
                drop(turn);
                let own = match &mut answers {
                    Ok(found) => Ok(found.next().unwrap_or(Err(Absent::Unknown))),
                    Err(problem) => Err(problem.clone()),
                };
                // The request may have been cancelled.
                let _ = answer.send(own);
            }
        }
    }
}
