//! The way through the letters that are meant, in pages and in pieces that may be held at once.

use crate::store::read::dead_letter_scan::Weighed;
use crate::store::write::dead_letter::{DeadLetterCursor, Letters};
use crate::store::{Store, StoreError};

/// How many letters one page holds.
const PAGE: i64 = 500;
/// How many bytes of letters are held at once, unless a single one is longer.
const HELD_BYTES_MAX: i64 = 8 << 20;

/// Goes through letters up to where they end at the start: what is refused again meanwhile comes
/// behind that and is not taken twice.
#[derive(Debug)]
pub struct Pages {
    store: Store,
    letters: Letters,
    after: Option<DeadLetterCursor>,
    end: Option<DeadLetterCursor>,
}

impl Pages {
    /// All that are there now.
    pub async fn new(store: &Store, letters: Letters) -> Result<Self, StoreError> {
        Ok(Self {
            end: store.newest_dead_letter().await?,
            store: store.clone(),
            letters,
            after: None,
        })
    }

    /// From one place to another.
    #[must_use]
    pub fn between(
        store: &Store,
        letters: Letters,
        after: Option<DeadLetterCursor>,
        end: DeadLetterCursor,
    ) -> Self {
        Self {
            store: store.clone(),
            letters,
            after,
            end: Some(end),
        }
    }

    /// The next page; empty at the end.
    pub async fn next(&mut self) -> Result<Vec<Weighed>, StoreError> {
        let Some(end) = self.end else {
            return Ok(Vec::new());
        };
        let page = self
            .store
            .walk_letters(&self.letters, self.after, end, PAGE);
        let page = page.await?;
        self.after = page.last().map(|letter| letter.place).or(self.after);
        Ok(page)
    }
}

/// The letters in pieces of so many at most, and of so many bytes as may be held at once.
pub fn pieces(letters: &[Weighed], letters_max: usize) -> impl Iterator<Item = &[Weighed]> {
    let mut rest = letters;
    std::iter::from_fn(move || {
        let mut held = 0;
        let fitting = rest.iter().take_while(|letter| {
            let first = held == 0;
            held += letter.bytes.max(1);
            first || held <= HELD_BYTES_MAX
        });
        let count = fitting.take(letters_max.max(1)).count();
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

    fn of(bytes: i64) -> Weighed {
        Weighed {
            place: DeadLetterCursor {
                received_at: Timestamp::UNIX_EPOCH,
                id: Uuid::nil(),
            },
            bytes,
        }
    }

    #[test]
    fn a_piece_is_as_long_as_may_be_held_and_never_empty() {
        let sizes = |bytes: &[i64], max| {
            let letters: Vec<_> = bytes.iter().copied().map(of).collect();
            pieces(&letters, max).map(<[_]>::len).collect::<Vec<_>>()
        };
        let most = HELD_BYTES_MAX;
        assert_eq!(sizes(&[], 9), [0; 0]);
        assert_eq!(sizes(&[1, 1, 1, 1, 1], 2), [2, 2, 1]);
        assert_eq!(
            sizes(&[most, 1, most - 1, 1, most * 3, 0], 9),
            [1, 2, 1, 1, 1]
        );
        assert_eq!(sizes(&[0, 0], 0), [1, 1]);
    }
}
