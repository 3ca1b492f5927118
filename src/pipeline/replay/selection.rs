//! Reads the selected dead letters, in pages and in pieces that fit into memory.

use uuid::Uuid;

use crate::store::read::dead_letter_scan::DeadLetterSize;
use crate::store::write::dead_letter::{DeadLetterCursor, DeadLetterSelection};
use crate::store::{Store, StoreError};

/// The dead letters of one page.
const PAGE: i64 = 500;
/// The maximum bytes of dead letters in one piece, unless a single one is longer.
const PIECE_BYTES_MAX: i64 = 8 << 20;

/// Reads dead letters up to the newest one at the start: those refused again meanwhile come after
/// it and are not read twice.
#[derive(Debug)]
pub struct Pages {
    store: Store,
    dead_letters: DeadLetterSelection,
    after: Option<DeadLetterCursor>,
    end: Option<DeadLetterCursor>,
}

impl Pages {
    /// Up to the newest dead letter.
    pub async fn new(store: &Store, dead_letters: DeadLetterSelection) -> Result<Self, StoreError> {
        Ok(Self {
            end: store.newest_dead_letter().await?,
            store: store.clone(),
            dead_letters,
            after: None,
        })
    }

    /// From one cursor to another.
    #[must_use]
    pub fn between(
        store: &Store,
        dead_letters: DeadLetterSelection,
        after: Option<DeadLetterCursor>,
        end: DeadLetterCursor,
    ) -> Self {
        Self {
            store: store.clone(),
            dead_letters,
            after,
            end: Some(end),
        }
    }

    /// The next page; `None` at the end.
    pub async fn next(&mut self) -> Result<Option<Vec<DeadLetterSize>>, StoreError> {
        let Some(end) = self.end else {
            return Ok(None);
        };
        let page = self
            .store
            .scan_dead_letters(&self.dead_letters, self.after, end, PAGE);
        let page = page.await?;
        let Some(last) = page.last() else {
            return Ok(None);
        };
        self.after = Some(last.place);
        Ok(Some(page))
    }
}

/// The ids of these dead letters.
#[must_use]
pub fn ids(dead_letters: &[DeadLetterSize]) -> Vec<Uuid> {
    dead_letters.iter().map(|it| it.place.id).collect()
}

/// Splits dead letters into pieces of at most `dead_letters_max`, and of limited bytes.
pub fn pieces(
    dead_letters: &[DeadLetterSize],
    dead_letters_max: usize,
) -> impl Iterator<Item = &[DeadLetterSize]> {
    let mut rest = dead_letters;
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fitting = rest.iter().take_while(|dead_letter| {
            let first = bytes == 0;
            bytes += dead_letter.bytes.max(1);
            first || bytes <= PIECE_BYTES_MAX
        });
        let count = fitting.take(dead_letters_max.max(1)).count();
        let (piece, others) = rest.split_at_checked(count)?;
        rest = others;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn of(bytes: i64) -> DeadLetterSize {
        DeadLetterSize {
            place: DeadLetterCursor {
                received_at: Timestamp::UNIX_EPOCH,
                id: Uuid::nil(),
            },
            bytes,
        }
    }

    #[test]
    fn a_piece_is_limited_in_bytes_and_never_empty() {
        let sizes = |bytes: &[i64], max| {
            let dead_letters: Vec<_> = bytes.iter().copied().map(of).collect();
            pieces(&dead_letters, max)
                .map(<[_]>::len)
                .collect::<Vec<_>>()
        };
        let most = PIECE_BYTES_MAX;
        assert_eq!(sizes(&[], 9), [0; 0]);
        assert_eq!(sizes(&[1, 1, 1, 1, 1], 2), [2, 2, 1]);
        assert_eq!(
            sizes(&[most, 1, most - 1, 1, most * 3, 0], 9),
            [1, 2, 1, 1, 1]
        );
        assert_eq!(sizes(&[0, 0], 0), [1, 1]);
    }
}
