//! What events would meet if they came now, read without locks: it may be otherwise a moment later.

use crate::domain::{Event, Kind};
use crate::store::{Store, StoreError, column};

const LOOK_UP: &str = include_str!("../queries/read/dry_run_lookup.sql");

/// What an event would meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DryRunLookup {
    /// What its process tracks, if there is one and that is decided.
    pub kind: Option<Kind>,
    /// Whether that is opened.
    pub is_opened: bool,
    /// Whether it has ended.
    pub has_ended: bool,
    /// Whether the event is in the log.
    pub is_logged: bool,
}

impl Store {
    /// What these events would meet, each at its place.
    pub async fn dry_run_lookups(
        &self,
        events: &[&Event],
    ) -> Result<Vec<DryRunLookup>, StoreError> {
        let connection = self.connection().await?;
        let statement = connection.prepared(LOOK_UP).await?;
        let keys = column(events, |event| event.key().0);
        let sources = column(events, |event| event.stamp.source.as_str());
        let ids = column(events, |event| event.stamp.id.as_str());
        let rows = connection
            .query(&statement, &[&keys, &sources, &ids])
            .await?;
        Ok(column(&rows, |row| DryRunLookup {
            kind: row.get::<_, Option<&str>>(0).and_then(Kind::from_name),
            is_opened: row.get::<_, Option<bool>>(1).unwrap_or(false),
            has_ended: row.get::<_, Option<bool>>(2).unwrap_or(false),
            is_logged: row.get(3),
        }))
    }
}
