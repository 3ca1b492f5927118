//! Records of processes for every handler: the native API, the pages and the dialects read them here.

use std::slice;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::spawn_blocking;

use super::problem::HttpProblem;
use crate::http::state::Api;
use crate::store::StoreError;
use crate::view::parts::Parts;
use crate::view::read::{self, Absent, ReadQuery};
use crate::view::record::FoundProcess;

/// The longest wait for a turn to merge a log.
const TURN_MAX: Duration = Duration::from_secs(10);

impl Api {
    /// The record, if there is one; a problem if it was deleted or can't be read.
    pub(in crate::http) async fn record(
        &self,
        query: &ReadQuery,
    ) -> Result<Option<FoundProcess>, HttpProblem> {
        match self.records(slice::from_ref(query)).await?.pop() {
            Some(Ok(found)) => Ok(Some(found)),
            Some(Err(Absent::Forgotten)) => Err(HttpProblem::forgotten()),
            Some(Err(Absent::Unreadable(column))) => Err(StoreError::Corrupt(column).into()),
            Some(Err(_)) | None => Ok(None),
        }
    }

    /// These processes; the results are in the order of the queries. A single record without parts
    /// shares its query with others that are read at the same time.
    pub(in crate::http) async fn records(
        &self,
        queries: &[ReadQuery],
    ) -> Result<Vec<Result<FoundProcess, Absent>>, HttpProblem> {
        if let [query] = queries
            && query.parts == Parts::default()
            && query.as_of.is_none()
        {
            return Ok(vec![self.batcher.record(self.tenant(), query.key).await?]);
        }
        let is_past = queries.iter().any(|query| query.as_of.is_some());
        match is_past {
            true => self.past_records(queries.to_vec()).await,
            false => Ok(read::read(&self.store(), queries).await?),
        }
    }

    /// Past states, whose logs are read and merged again: in a turn of the tenant, and on a thread that
    /// answers no other requests.
    async fn past_records(
        &self,
        queries: Vec<ReadQuery>,
    ) -> Result<Vec<Result<FoundProcess, Absent>>, HttpProblem> {
        let mut paced = self.paced().await?;
        let turn = self.mergers.turn(self.tenant().to_owned(), 1, TURN_MAX);
        let turn = turn.await.ok_or_else(HttpProblem::busy)?;
        paced.begin();
        let (store, runtime) = (self.store(), Handle::current());
        let found = spawn_blocking(move || {
            let _turn = turn;
            let found = runtime.block_on(read::read(&store, &queries));
            paced.finish();
            found
        });
        Ok(found.await.map_err(|_| HttpProblem::busy())??)
    }
}
