//! A tenant's dead letters for the pages: grouped by reason, page by page, one by one.
//!
//! A dead letter belongs to the tenant that it names, or to [`UNKNOWN_TENANT`] as far as that can't be read.

use jiff::Timestamp;
use uuid::Uuid;

use crate::store::write::dead_letter::{DeadLetterCursor, StoredDeadLetter, from_row};
use crate::store::{Store, StoreError, column, from_bigint};

const GROUP: &str = include_str!("../queries/read/group_dead_letters.sql");
const PAGE: &str = include_str!("../queries/read/page_dead_letters.sql");
const OPEN: &str = include_str!("../queries/read/open_dead_letter.sql");

/// The tenant of dead letters whose tenant is not known.
pub const UNKNOWN_TENANT: &str = "";

/// The dead letters of one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadLetterGroup {
    /// Why they can't be applied.
    pub reason: String,
    /// How many there are, up to the limit of counting.
    pub dead_letters: u64,
    /// When the oldest was received.
    pub oldest: Timestamp,
    /// When the newest was received.
    pub newest: Timestamp,
}

impl Store {
    /// A tenant's dead letters by reason; of each, `count_max` are counted at most.
    pub async fn dead_letter_groups(
        &self,
        tenant: &str,
        count_max: i64,
    ) -> Result<Vec<DeadLetterGroup>, StoreError> {
        let rows = self.rows(GROUP, &[&tenant, &count_max]).await?;
        let group = |row: &tokio_postgres::Row| {
            Some(DeadLetterGroup {
                reason: row.get(0),
                dead_letters: from_bigint(row.get(1)),
                // Null where the last one has just been deleted.
                oldest: row.get::<_, Option<_>>(2)?,
                newest: row.get::<_, Option<_>>(3)?,
            })
        };
        Ok(rows.iter().filter_map(group).collect())
    }

    /// The oldest dead letters of a tenant and a reason after `after`, without their bodies.
    pub async fn dead_letter_page(
        &self,
        tenant: &str,
        reason: &str,
        after: Option<DeadLetterCursor>,
        limit: i64,
    ) -> Result<Vec<StoredDeadLetter>, StoreError> {
        let (time, id) = after.map(|place| (place.received_at, place.id)).unzip();
        let rows = self
            .rows(PAGE, &[&tenant, &reason, &time, &id, &limit])
            .await?;
        Ok(column(&rows, from_row))
    }

    /// A dead letter of one of these tenants with the beginning of its body.
    pub async fn open_dead_letter(
        &self,
        tenants: &[&str],
        id: Uuid,
        body_max: i32,
    ) -> Result<Option<StoredDeadLetter>, StoreError> {
        let row = self.row_if_any(OPEN, &[&id, &tenants, &body_max]).await?;
        Ok(row.as_ref().map(from_row))
    }
}
