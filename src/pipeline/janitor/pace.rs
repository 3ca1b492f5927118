//! How many records a job claims at once, and which record it fails at: pure.
//!
//! A slice that fails is halved down to one record. That record is skipped while others are tried;
//! once another has succeeded it is tried again, and if it fails again it is quarantined. While
//! nothing succeeds, the database is at fault and nothing is quarantined.

use std::collections::BTreeMap;

use uuid::Uuid;

use crate::domain::ProcessKey;
use crate::store::Blame;
use crate::store::admin::quarantine::{ClaimLimits, ClaimedRecord};

/// How many slices in a row must succeed before the next one is twice as large.
const GROWS_AFTER: u32 = 8;
/// How many records in a row may fail on their own before the job waits for its next round.
const FAILED_ALONE_MAX: u32 = 32;
/// How many failed records are remembered until another succeeds.
const SUSPECTS_MAX: usize = 10_000;

/// The pace of one job.
#[derive(Debug)]
pub(super) struct Pace {
    most: i64,
    limit: i64,
    successes: u32,
    failures: u32,
    /// Records that have failed on their own, and whether another has succeeded since.
    suspects: BTreeMap<Uuid, bool>,
}

/// What to do after a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Try again at once, with the records claimed then.
    Again,
    /// Try again in the next round.
    Rest,
    /// Quarantine this one and go on.
    Quarantine(ProcessKey),
}

impl Pace {
    /// At most `most` records at once.
    pub(super) fn new(most: i64) -> Self {
        Self {
            most,
            limit: most,
            successes: 0,
            failures: 0,
            suspects: BTreeMap::new(),
        }
    }

    /// What to claim next.
    pub(super) fn cut(&self) -> ClaimLimits {
        let waiting = self.suspects.iter().filter(|(_, may_be)| !**may_be);
        ClaimLimits {
            limit: self.limit,
            skip: waiting.map(|(key, _)| *key).collect(),
        }
    }

    /// Nothing else is left to do: skipped records may be tried again.
    pub(super) fn idle(&mut self) {
        self.suspects.clear();
    }

    /// A slice has succeeded with these records.
    pub(super) fn succeeded(&mut self, claimed: &[ClaimedRecord]) {
        self.failures = 0;
        for record in claimed {
            self.suspects.remove(&record.key.0);
        }
        for may_be in self.suspects.values_mut() {
            *may_be = true;
        }
        self.successes += 1;
        if self.suspects.is_empty() && self.successes >= GROWS_AFTER {
            self.successes = 0;
            self.limit = self.limit.saturating_mul(2).min(self.most);
        }
    }

    /// A slice has failed with these records.
    pub(super) fn failed(&mut self, blame: Blame, claimed: &[ClaimedRecord]) -> Next {
        self.successes = 0;
        match (blame, claimed) {
            (Blame::Database, _) => Next::Rest,
            (Blame::Size | Blame::Record, [one]) => self.suspect(*one),
            (Blame::Size | Blame::Record, _) if self.limit > 1 => {
                let claimed = i64::try_from(claimed.len()).unwrap_or(i64::MAX);
                let failed = match claimed {
                    0 => self.limit,
                    claimed => self.limit.min(claimed),
                };
                self.limit = (failed / 2).max(1);
                Next::Again
            }
            (Blame::Size | Blame::Record, _) => Next::Rest,
        }
    }

    fn suspect(&mut self, one: ClaimedRecord) -> Next {
        self.limit = 1;
        let key = one.key.0;
        if one.again || self.suspects.get(&key) == Some(&true) {
            self.suspects.remove(&key);
            return Next::Quarantine(one.key);
        }
        if self.suspects.len() >= SUSPECTS_MAX {
            self.suspects.clear();
        }
        self.suspects.insert(key, false);
        self.failures += 1;
        if self.failures >= FAILED_ALONE_MAX {
            self.failures = 0;
            return Next::Rest;
        }
        Next::Again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays slices over numbered records, of which some fail, until nothing is left to do; returns
    /// which were quarantined and how many slices that took.
    fn play(pace: &mut Pace, left: &mut Vec<u128>, broken: &[u128]) -> (Vec<u128>, u32) {
        let mut quarantined = Vec::new();
        for slices in 0.. {
            let cut = pace.cut();
            let open = left
                .iter()
                .filter(|n| !cut.skip.contains(&Uuid::from_u128(**n)));
            let numbers: Vec<u128> = open.copied().take(cut.limit.try_into().unwrap()).collect();
            let claimed: Vec<ClaimedRecord> = numbers.iter().map(|n| record(*n)).collect();
            if claimed.is_empty() {
                pace.idle();
                return (quarantined, slices);
            }
            if numbers.iter().any(|n| broken.contains(n)) {
                match pace.failed(Blame::Record, &claimed) {
                    Next::Quarantine(ProcessKey(key)) => {
                        quarantined.push(key.as_u128());
                        left.retain(|n| *n != key.as_u128());
                    }
                    Next::Again => {}
                    Next::Rest => return (quarantined, slices),
                }
            } else {
                pace.succeeded(&claimed);
                left.retain(|n| !numbers.contains(n));
            }
        }
        unreachable!("the loop has no end of its own")
    }

    fn record(number: u128) -> ClaimedRecord {
        let key = ProcessKey(Uuid::from_u128(number));
        ClaimedRecord { key, again: false }
    }

    #[test]
    fn the_culprits_are_found_and_all_others_are_done() {
        for broken in [&[1][..], &[700], &[1, 2, 3], &[13, 14, 499, 500, 998]] {
            let mut left: Vec<u128> = (1..=1_000).collect();
            let mut pace = Pace::new(500);
            let (quarantined, slices) = play(&mut pace, &mut left, broken);
            assert_eq!((quarantined.as_slice(), left.len()), (broken, 0));
            assert!(slices < 700, "{slices} slices");
        }
    }

    #[test]
    fn nothing_is_quarantined_while_nothing_succeeds() {
        let all: Vec<u128> = (1..=100).collect();
        let mut pace = Pace::new(500);
        let mut left = all.clone();
        for _ in 0..10 {
            assert_eq!(play(&mut pace, &mut left, &all).0, []);
        }
        assert_eq!(left.len(), 100);
        let mut none = Vec::new();
        assert_eq!(play(&mut pace, &mut none, &all).0, []);
        assert_eq!(play(&mut pace, &mut left, &[]).0, []);
        assert!(left.is_empty());
    }

    #[test]
    fn one_record_that_succeeds_is_reached_behind_any_number_of_culprits() {
        let broken: Vec<u128> = (1..=100).collect();
        let mut pace = Pace::new(500);
        let mut left: Vec<u128> = (1..=101).collect();
        let mut quarantined = Vec::new();
        for _ in 0..10 {
            quarantined.extend(play(&mut pace, &mut left, &broken).0);
        }
        assert_eq!((quarantined, left.len()), (broken, 0));
    }

    #[test]
    fn a_slice_that_takes_too_long_is_halved_and_grows_again() {
        let mut pace = Pace::new(500);
        let claimed: Vec<ClaimedRecord> = (0..500).map(record).collect();
        assert_eq!(pace.failed(Blame::Size, &claimed), Next::Again);
        assert_eq!(pace.failed(Blame::Size, &[]), Next::Again);
        assert_eq!(pace.cut().limit, 125);
        for _ in 0..GROWS_AFTER {
            pace.succeeded(&claimed);
        }
        assert_eq!(pace.cut().limit, 250);
        assert_eq!(pace.failed(Blame::Database, &claimed), Next::Rest);
        assert_eq!(pace.cut().limit, 250);
    }

    #[test]
    fn a_record_that_was_quarantined_before_is_so_again_at_once() {
        let mut pace = Pace::new(500);
        let key = ProcessKey(Uuid::from_u128(1));
        let again = ClaimedRecord { key, again: true };
        assert_eq!(pace.failed(Blame::Record, &[again]), Next::Quarantine(key));
    }
}
