//! The state that events would find if they arrived now, read without locks: it may change at any
//! moment.

use crate::domain::{Event, Kind};
use crate::store::{Store, StoreError, column};

const LOOK_UP: &str = include_str!("../queries/read/dry_run_lookup.sql");

/// The state that an event would find.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DryRunLookup {
    /// The kind of its process, if the process exists and its kind is decided.
    pub kind: Option<Kind>,
    /// Whether the process is opened.
    pub is_opened: bool,
    /// Whether the process has ended.
    pub has_ended: bool,
    /// Whether the event is in the log.
    pub is_logged: bool,
}

impl Store {
    /// The state that each of these events would find, in the same order.
    pub async fn dry_run_lookups(
        &self,
        events: &[&Event],
    ) -> Result<Vec<DryRunLookup>, StoreError> {
        let keys = column(events, |event| event.key().0);
        let sources = column(events, |event| event.stamp.source.as_str());
        let ids = column(events, |event| event.stamp.id.as_str());
        let rows = self.rows(LOOK_UP, &[&keys, &sources, &ids]).await?;
        Ok(column(&rows, |row| DryRunLookup {
            kind: row.get::<_, Option<&str>>(0).and_then(Kind::from_name),
            is_opened: row.get::<_, Option<bool>>(1).unwrap_or(false),
            has_ended: row.get::<_, Option<bool>>(2).unwrap_or(false),
            is_logged: row.get(3),
        }))
    }
}
