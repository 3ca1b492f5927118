//! A part of a batch to be written, and what to do when its transaction fails: retry it, halve it
//! until the culprit is alone, or quarantine the culprit. Pure.

use std::ops::Range;

use crate::store::StoreError;

/// The same error this many times in a row is persistent.
const TRIES: u32 = 3;

/// A part of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Its place in the batch.
    pub(super) range: Range<usize>,
    failing: Option<Failing>,
}

/// The error that a part keeps failing with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Failing {
    cause: String,
    in_a_row: u32,
    /// How many transactions had applied events when it was first seen.
    commits_before: u64,
}

/// What to do with a part that has failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Remedy {
    /// It may pass: retry the part later.
    Retry,
    /// The culprit is among several messages.
    Halve,
    /// It is alone, and nothing else has been committed since: it may be the database.
    Suspect,
    /// It is alone, and others have been committed since: keep it as a dead letter.
    Quarantine,
}

impl Part {
    pub(super) fn new(range: Range<usize>) -> Self {
        Self {
            range,
            failing: None,
        }
    }

    /// Decides after a failure; `commits` is how many transactions have applied events so far.
    pub(super) fn failed(&mut self, error: &StoreError, commits: u64) -> Remedy {
        let alone = self.range.len() <= 1;
        if error.is_data() {
            return match alone {
                true => Remedy::Quarantine,
                false => Remedy::Halve,
            };
        }
        let Some(cause) = error.persistent_cause() else {
            self.failing = None;
            return Remedy::Retry;
        };
        let known = self.failing.take().filter(|known| known.cause == cause);
        let mut failing = known.unwrap_or_else(|| Failing {
            cause: cause.to_owned(),
            in_a_row: 0,
            commits_before: commits,
        });
        failing.in_a_row += 1;
        let remedy = match (failing.in_a_row < TRIES, alone) {
            (true, _) => Remedy::Retry,
            (false, false) => Remedy::Halve,
            (false, true) if commits > failing.commits_before => Remedy::Quarantine,
            (false, true) => Remedy::Suspect,
        };
        self.failing = Some(failing);
        remedy
    }

    /// Both halves. They inherit the error of the whole, so that one more failure halves them
    /// again; a single message gets all its tries.
    pub(super) fn halves(self) -> [Self; 2] {
        let middle = self.range.start + self.range.len() / 2;
        [self.range.start..middle, middle..self.range.end].map(|range| {
            let tried = if range.len() > 1 { TRIES - 1 } else { 0 };
            let failing = self.failing.as_ref().map(|failing| Failing {
                in_a_row: tried,
                ..failing.clone()
            });
            Self { range, failing }
        })
    }

    /// Whether it is a single message that has used all its tries.
    pub(super) fn is_suspect(&self) -> bool {
        let failing = self.failing.as_ref();
        self.range.len() <= 1 && failing.is_some_and(|failing| failing.in_a_row >= TRIES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORRUPT: StoreError = StoreError::Corrupt("status");

    fn lost() -> StoreError {
        StoreError::Unavailable("away".to_owned())
    }

    #[test]
    fn the_same_error_three_times_in_a_row_halves_and_its_halves_are_halved_at_once() {
        let mut whole = Part::new(0..5);
        let remedies = [(); 3].map(|()| whole.failed(&CORRUPT, 7));
        assert_eq!(remedies, [Remedy::Retry, Remedy::Retry, Remedy::Halve]);
        let [mut first, mut second] = whole.halves();
        assert_eq!((&first.range, &second.range), (&(0..2), &(2..5)));
        assert_eq!(first.failed(&CORRUPT, 7), Remedy::Halve);
        assert_eq!(second.failed(&lost(), 7), Remedy::Retry);
        assert_eq!(second.failed(&CORRUPT, 7), Remedy::Retry);
    }

    #[test]
    fn an_error_that_passes_or_another_one_begins_the_count_again() {
        let mut part = Part::new(0..2);
        for other in [lost(), StoreError::Timeout, StoreError::Removed] {
            part.failed(&CORRUPT, 0);
            part.failed(&CORRUPT, 0);
            assert_eq!(part.failed(&other, 0), Remedy::Retry);
        }
    }

    #[test]
    fn a_culprit_is_quarantined_only_after_another_message_was_committed() {
        let [mut culprit, _] = {
            let mut both = Part::new(0..2);
            for _ in 0..TRIES {
                both.failed(&CORRUPT, 7);
            }
            both.halves()
        };
        let alone = [(); 4].map(|()| culprit.failed(&CORRUPT, 7));
        let (retry, suspect) = (Remedy::Retry, Remedy::Suspect);
        assert_eq!(alone, [retry, retry, suspect, suspect]);
        assert!(culprit.is_suspect());
        assert_eq!(culprit.failed(&CORRUPT, 8), Remedy::Quarantine);
    }
}
