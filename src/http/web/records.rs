//! Records of processes for every handler: the native API, the pages and the dialects read them here.

use std::slice;

use super::problem::HttpProblem;
use crate::http::state::Api;
use crate::store::StoreError;
use crate::view::parts::Parts;
use crate::view::read::{self, Absent, ReadQuery};
use crate::view::record::FoundProcess;

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
        match queries {
            [query] if query.parts == Parts::default() && query.as_of.is_none() => {
                Ok(vec![self.batcher.record(query.key).await?])
            }
            _ => Ok(read::read(&self.store, queries).await?),
        }
    }
}
