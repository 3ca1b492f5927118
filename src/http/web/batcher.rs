//! Records that are asked for one by one at the same time are read together: however many ask, few
//! questions are with the database, and while those are under way the next ones gather.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

use super::problem::{HttpProblem, ProblemKind};
use crate::domain::ProcessKey;
use crate::store::Store;
use crate::view::found::FoundProcess;
use crate::view::parts::Parts;
use crate::view::read::{self, Absent, ReadQuery};

/// Questions that are with the database at once.
const LANES: usize = 4;
/// Records of one question.
const RECORDS_MAX: usize = 64;
/// Requests that may wait; there are fewer connections.
const ASKED_MAX: usize = 32_768;

const STOPPED: &str = "the listener is about to stop; ask again";

/// Where records are asked for.
#[derive(Clone)]
pub(in crate::http) struct Batcher {
    asked: mpsc::Sender<PendingRead>,
}

/// The other end of a [`Batcher`].
#[derive(Clone)]
pub(in crate::http) struct Lane {
    asked: Arc<Mutex<mpsc::Receiver<PendingRead>>>,
}

struct PendingRead {
    key: ProcessKey,
    answer: oneshot::Sender<Result<Result<FoundProcess, Absent>, HttpProblem>>,
}

/// Where to ask, and those who answer.
pub(in crate::http) fn together() -> (Batcher, [Lane; LANES]) {
    let (sender, receiver) = mpsc::channel(ASKED_MAX);
    let receiver = Arc::new(Mutex::new(receiver));
    let lane = |_| Lane {
        asked: Arc::clone(&receiver),
    };
    (Batcher { asked: sender }, std::array::from_fn(lane))
}

impl Batcher {
    /// The record of a process, without any of its parts.
    pub(in crate::http) async fn record(
        &self,
        key: ProcessKey,
    ) -> Result<Result<FoundProcess, Absent>, HttpProblem> {
        let (answer, answered) = oneshot::channel();
        let stopped = || HttpProblem::new(ProblemKind::Unavailable, STOPPED);
        let asked = self.asked.send(PendingRead { key, answer }).await;
        asked.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Lane {
    /// Answers until nobody can ask any more.
    pub(in crate::http) async fn serve(self, store: Store) {
        let mut asked = Vec::new();
        while self
            .asked
            .lock()
            .await
            .recv_many(&mut asked, RECORDS_MAX)
            .await
            > 0
        {
            let wishes: Vec<_> = asked.iter().map(PendingRead::wish).collect();
            let answers = read::read(&store, &wishes).await;
            let mut answers = answers.map(Vec::into_iter).map_err(HttpProblem::from);
            for PendingRead { answer, .. } in asked.drain(..) {
                let own = match &mut answers {
                    Ok(found) => Ok(found.next().unwrap_or(Err(Absent::Unknown))),
                    Err(problem) => Err(problem.clone()),
                };
                // Nobody minds if it has gone.
                let _ = answer.send(own);
            }
        }
    }
}

impl PendingRead {
    fn wish(&self) -> ReadQuery {
        ReadQuery {
            key: self.key,
            parts: Parts::default(),
            as_of: None,
        }
    }
}
