//! Waiting for what the database will say one day: however many wait, it is asked once for all.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio_util::sync::CancellationToken;

/// How often the database is asked while somebody waits.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Questions that are put at once.
const QUESTIONS_AT_ONCE: usize = 5_000;

/// Those who wait, by what they ask.
pub(in crate::http) struct Waiters<Q, A> {
    asked: Arc<Mutex<HashMap<Q, Vec<oneshot::Sender<A>>>>>,
}

impl<Q: Clone + Eq + Hash, A: Clone> Waiters<Q, A> {
    /// Waits for the answer; `None` if whoever looks for it has stopped.
    pub(in crate::http) async fn answer(&self, question: Q) -> Option<A> {
        let (sender, answer) = oneshot::channel();
        self.locked().entry(question).or_default().push(sender);
        answer.await.ok()
    }

    /// Looks for everybody with `ask`, until told to stop: it gives the answers that there are.
    pub(in crate::http) async fn look(
        self,
        ask: impl AsyncFn(&[Q]) -> Vec<(Q, A)>,
        stop: CancellationToken,
    ) {
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
            for questions in self.questions().chunks(QUESTIONS_AT_ONCE) {
                for (question, answer) in ask(questions).await {
                    for sender in self.locked().remove(&question).into_iter().flatten() {
                        // Nobody minds if it has gone.
                        let _ = sender.send(answer.clone());
                    }
                }
            }
        }
        self.locked().clear();
    }

    /// What somebody still asks.
    fn questions(&self) -> Vec<Q> {
        let mut asked = self.locked();
        asked.retain(|_, senders| {
            senders.retain(|sender| !sender.is_closed());
            !senders.is_empty()
        });
        asked.keys().cloned().collect()
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<Q, Vec<oneshot::Sender<A>>>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<Q, A> Clone for Waiters<Q, A> {
    fn clone(&self) -> Self {
        let asked = Arc::clone(&self.asked);
        Self { asked }
    }
}

impl<Q, A> Default for Waiters<Q, A> {
    fn default() -> Self {
        let asked = Arc::default();
        Self { asked }
    }
}
