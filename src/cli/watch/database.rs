//! Looking at a process in the database, again and again.

use tokio::time::Instant;

use super::{PATIENCE, WatchPoll};
use crate::backoff::Backoff;
use crate::cli::failure::Failure;
use crate::domain::ProcessKey;
use crate::store::read::feed_cursor::Cursor;
use crate::store::read::process_poll::Glance;
use crate::store::{Store, StoreError};
use crate::view::{record, summary};

/// One process in the database.
pub(super) struct Stored {
    store: Store,
    key: ProcessKey,
    place: Cursor,
}

impl Stored {
    pub(super) fn new(store: Store, key: ProcessKey) -> Self {
        Self {
            store,
            key,
            place: Cursor::default(),
        }
    }

    /// A database that is away for a while does not end the watching.
    pub(super) async fn look(&mut self) -> Result<Option<WatchPoll>, Failure> {
        let began = Instant::now();
        let mut backoff = Backoff::new();
        loop {
            match self.store.glance(self.key, self.place).await {
                Ok(glance) => return Ok(glance.map(|glance| self.take(&glance))),
                Err(error) if passes(&error) && began.elapsed() < PATIENCE => {
                    tracing::debug!(%error, "the database is asked again");
                    tokio::time::sleep(backoff.next()).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn take(&mut self, glance: &Glance) -> WatchPoll {
        self.place = glance.place;
        let process = &glance.process;
        WatchPoll {
            steps: glance.steps.iter().map(record::step).collect(),
            summary: summary::summary(process, glance.created_at),
            status: process.status().name().to_owned(),
            has_ended: process.ended.is_some(),
            more: glance.more,
        }
    }
}

/// Whether the same question may be answered later: no server, or one that comes or goes.
fn passes(error: &StoreError) -> bool {
    match error {
        StoreError::Unavailable(_) | StoreError::Timeout => true,
        StoreError::Database(_) => {
            let class = error.state().and_then(|state| state.code().get(..2));
            class.is_none_or(|class| matches!(class, "08" | "53" | "57"))
        }
        StoreError::Removed
        | StoreError::Corrupt(_)
        | StoreError::Settings(_)
        | StoreError::NoRandomness
        | StoreError::Unfit(_)
        | StoreError::Migration(_) => false,
    }
}
