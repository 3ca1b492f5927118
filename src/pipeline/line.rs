//! The batches of one lane in their order: whoever is free writes the next, but each is acknowledged
//! after the one before, because an acknowledgement speaks for all that was delivered earlier.

use tokio::sync::{Mutex, mpsc, oneshot};

use super::batch::Batch;
use crate::broker::BrokerError;
use crate::telemetry::Telemetry;

/// Where the writers of a lane stand in line.
pub(super) struct Line {
    queue: Mutex<Queue>,
}

struct Queue {
    taken: mpsc::Receiver<Batch>,
    /// Told when the batch that was given out last is acknowledged.
    last: Option<oneshot::Receiver<()>>,
}

/// A batch and its place in line.
pub(super) struct Turn {
    pub(super) batch: Batch,
    before: Option<oneshot::Receiver<()>>,
    acknowledged: oneshot::Sender<()>,
}

impl Line {
    pub(super) fn new(taken: mpsc::Receiver<Batch>) -> Self {
        let queue = Queue { taken, last: None };
        Self {
            queue: Mutex::new(queue),
        }
    }

    /// The next batch; `None` when no more will come.
    pub(super) async fn next(&self) -> Option<Turn> {
        let mut queue = self.queue.lock().await;
        let batch = queue.taken.recv().await?;
        let (acknowledged, last) = oneshot::channel();
        Some(Turn {
            batch,
            before: queue.last.replace(last),
            acknowledged,
        })
    }

    /// Takes no more; what was not given out comes again.
    pub(super) async fn close(&self, telemetry: &Telemetry) {
        let mut queue = self.queue.lock().await;
        queue.taken.close();
        while let Some(batch) = queue.taken.recv().await {
            batch.returned(telemetry);
        }
    }
}

impl Turn {
    /// Acknowledges the batch once the one before is; says no if that one never will be: then
    /// both come again, and the log knows what of them was applied.
    pub(super) async fn acknowledge(self) -> Result<bool, BrokerError> {
        if let Some(before) = self.before
            && before.await.is_err()
        {
            return Ok(false);
        }
        self.batch.acknowledge().await?;
        // Nobody waits behind the last one.
        let _ = self.acknowledged.send(());
        Ok(true)
    }
}
