//! One poll of the database for all viewers of the charts: samples are written every ten seconds,
//! and the load does not depend on the number of viewers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use super::hour::Hour;
use crate::http::web::HttpProblem;
use crate::store::admin::samples::Lately;
use crate::store::write::counters::Tally;
use crate::store::write::outbox::OutboxState;
use crate::store::{Store, StoreError};
use crate::telemetry::names::SECONDS;

/// How old a result may be.
const GOOD_FOR: Duration = Duration::from_secs(5);
/// How long a failure is reported before the database is queried again.
const BAD_FOR: Duration = Duration::from_secs(1);

/// The latest poll, shared by all viewers.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct ChartPolls(Arc<Mutex<Option<(Instant, PollResult)>>>);

type PollResult = Result<Arc<LatestPoll>, HttpProblem>;

/// What the page shows.
#[derive(Debug)]
pub(super) struct LatestPoll {
    pub(super) hour: Hour,
    pub(super) lately: Lately,
    pub(super) tally: Tally,
    pub(super) outbox: OutboxState,
}

impl ChartPolls {
    /// The latest result, or a new one if that is too old.
    pub(super) async fn poll(&self, store: &Store) -> PollResult {
        let mut latest = self.0.lock().await;
        if let Some((at, result)) = &*latest
            && at.elapsed() < if result.is_ok() { GOOD_FOR } else { BAD_FOR }
        {
            return result.clone();
        }
        let result = read(store).await.map(Arc::new).map_err(HttpProblem::from);
        *latest = Some((Instant::now(), result.clone()));
        result
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
