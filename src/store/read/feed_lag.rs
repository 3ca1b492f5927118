//! What delays the change feed: the oldest open transaction with a transaction id, in any database
//! of the cluster, because readers see only what lies below it. Replicas and replication slots do
//! not delay the feed: they have no transaction ids.

use jiff::Timestamp;

use crate::store::{Store, StoreError};

const LAG: &str = include_str!("../queries/read/feed_lag.sql");
const HOLDER: &str = include_str!("../queries/read/feed_holder.sql");

/// How far the feed lags behind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FeedLag {
    /// When the oldest event was logged that is committed and not yet visible to readers.
    pub since: Timestamp,
    /// How many seconds ago, by the server's clock.
    pub seconds: f64,
}

/// A transaction that delays the feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The backend's process id; `None` for a prepared transaction.
    pub pid: Option<i32>,
    /// The user it belongs to.
    pub user: Option<String>,
    /// The database it runs in.
    pub database: Option<String>,
    /// When it began, or was prepared; unknown for other users' without `pg_read_all_stats`.
    pub since: Option<Timestamp>,
    /// The name of a prepared transaction.
    pub prepared: Option<String>,
}

impl Store {
    /// How far the feed lags behind; `None` when every committed event is visible to readers.
    pub async fn feed_lag(&self) -> Result<Option<FeedLag>, StoreError> {
        let row = self.row_if_any(LAG, &[]).await?;
        Ok(row.map(|row| FeedLag {
            since: row.get(0),
            seconds: row.get(1),
        }))
    }

    /// The oldest open transaction with a transaction id, if there is one.
    pub async fn feed_holder(&self) -> Result<Option<Holder>, StoreError> {
        let row = self.row_if_any(HOLDER, &[]).await?;
        Ok(row.map(|row| Holder {
            pid: row.get(0),
            user: row.get(1),
            database: row.get(2),
            since: row.get(3),
            prepared: row.get(4),
        }))
    }
}
