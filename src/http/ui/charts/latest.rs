//! One look at the database for all who watch the charts: samples come every ten seconds, and it does
//! not matter how many people look at them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::hour::Hour;
use crate::http::web::problem::HttpProblem;
use crate::store::admin::samples::Lately;
use crate::store::write::counters::Tally;
use crate::store::write::outbox::OutboxState;
use crate::store::{Store, StoreError};
use crate::telemetry::names::SECONDS;

/// How old a look may be.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// How long nobody asks again after a failure.
const BAD_FOR: Duration = Duration::from_secs(1);

/// The latest look, shared by all who watch.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Latest(Arc<Mutex<Option<(Instant, Looked)>>>);

type Looked = Result<Arc<LatestPoll>, HttpProblem>;

/// What the page shows.
#[derive(Debug)]
pub(super) struct LatestPoll {
    pub(super) hour: Hour,
    pub(super) lately: Lately,
    pub(super) tally: Tally,
    pub(super) outbox: OutboxState,
}

impl Latest {
    /// The latest look, or a new one.
    pub(super) async fn look(&self, store: &Store) -> Looked {
        let mut latest = self.0.lock().await;
        if let Some((at, looked)) = &*latest
            && at.elapsed() < if looked.is_ok() { GOOD_FOR } else { BAD_FOR }
        {
            return looked.clone();
        }
        let looked = read(store).await.map(Arc::new).map_err(HttpProblem::from);
        *latest = Some((Instant::now(), looked.clone()));
        looked
    }
}

async fn read(store: &Store) -> Result<LatestPoll, StoreError> {
    let lately = store.sampled_lately(SECONDS).await?;
    let minutes = store.sampled_minutes(SECONDS).await?;
    Ok(LatestPoll {
        hour: Hour::new(minutes, lately.now),
        lately,
        tally: store.tally().await?,
        outbox: store.outbox_state().await?,
    })
}
