//! Scanning many dead letters: the place and the size of each, without their bodies, of which a
//! page could be too large for memory.

use uuid::Uuid;

use crate::store::connection::Values;
use crate::store::write::dead_letter::{DeadLetterCursor, DeadLetterSelection};
use crate::store::{Store, StoreError, column};

const OF_TENANT: &str = include_str!("../queries/read/scan_dead_letters.sql");
const OF_ALL: &str = include_str!("../queries/read/scan_all_dead_letters.sql");
const ONE: &str = include_str!("../queries/read/measure_dead_letter.sql");

/// A dead letter's place and size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetterSize {
    /// Its place.
    pub place: DeadLetterCursor,
    /// Bytes of its body, headers and properties.
    pub bytes: i64,
}

impl Store {
    /// The oldest of these dead letters after one place and up to another.
    pub async fn scan_dead_letters(
        &self,
        dead_letters: &DeadLetterSelection,
        after: Option<DeadLetterCursor>,
        end: DeadLetterCursor,
        limit: i64,
    ) -> Result<Vec<DeadLetterSize>, StoreError> {
        if let Some(id) = dead_letters.dead_letter {
            let found = self.measure_dead_letter(id).await?.into_iter();
            let between =
                |one: &DeadLetterSize| one.place <= end && after.is_none_or(|it| it < one.place);
            return Ok(found.filter(between).collect());
        }
        let (time, id) = after.map(|place| (place.received_at, place.id)).unzip();
        let DeadLetterSelection { tenant, reason, .. } = dead_letters;
        let (end_time, end_id) = (end.received_at, end.id);
        let of_all: Values<'_> = &[reason, &time, &id, &end_time, &end_id, &limit];
        let of_tenant: Values<'_> = &[tenant, reason, &time, &id, &end_time, &end_id, &limit];
        let rows = match tenant {
            Some(_) => self.rows(OF_TENANT, of_tenant).await?,
            None => self.rows(OF_ALL, of_all).await?,
        };
        Ok(column(&rows, from_row))
    }

    async fn measure_dead_letter(&self, id: Uuid) -> Result<Option<DeadLetterSize>, StoreError> {
        let row = self.row_if_any(ONE, &[&id]).await?;
        Ok(row.as_ref().map(from_row))
    }
}

fn from_row(row: &tokio_postgres::Row) -> DeadLetterSize {
    DeadLetterSize {
        place: DeadLetterCursor {
            id: row.get(0),
            received_at: row.get(1),
        },
        bytes: row.get(2),
    }
}
