//! A budget that several parties share.
//!
//! There are two ways to hold a part of it. What ends soon by itself waits for its turn
//! ([`FairBudget::turn`]): one party may hold all of the budget while no other waits; then the party
//! that holds least is the next, and those that hold as much take turns. What a client can prolong, such
//! as a stream, gets a place at once or not at all ([`FairBudget::place`]): the more a party holds, the
//! more has to be free, so that one alone gets three quarters and the next ones three quarters of what
//! it has left. In other fields this rule is known as a dynamic threshold.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::lock::lock;

/// Of a queue that has grown by so many, those that have stopped waiting are removed.
const CLEAN_EVERY: usize = 256;

/// How much of the budget one party alone may hold in places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    /// Three quarters: of parties that have a right to it.
    ThreeQuarters,
    /// One quarter: of addresses, which may be of anything.
    OneQuarter,
}

/// A budget of so many units.
#[derive(Debug)]
pub(crate) struct FairBudget<K: Clone + Eq + Hash>(Arc<Mutex<State<K>>>);

#[derive(Debug)]
struct State<K: Clone + Eq + Hash> {
    free: usize,
    share: Share,
    used: HashMap<K, usize>,
    /// Without empty queues.
    waiting: HashMap<K, Queue<K>>,
    /// How often a party began to wait, or had a turn while it waited.
    rounds: u64,
}

/// What waits of one party.
#[derive(Debug)]
struct Queue<K: Clone + Eq + Hash> {
    /// The round in which the party began to wait, or had its last turn since.
    round: u64,
    waiting: VecDeque<Waiting<K>>,
}

#[derive(Debug)]
struct Waiting<K: Clone + Eq + Hash> {
    units: usize,
    granted: oneshot::Sender<Permit<K>>,
}

/// A part of a budget, released on drop.
#[derive(Debug)]
pub(crate) struct Permit<K: Clone + Eq + Hash> {
    budget: FairBudget<K>,
    party: K,
    units: usize,
}

impl<K: Clone + Eq + Hash> FairBudget<K> {
    /// A budget of which a party alone may hold three quarters in places.
    pub(crate) fn new(units: usize) -> Self {
        Self::with_share(units, Share::ThreeQuarters)
    }

    /// A budget with this share of a party alone.
    pub(crate) fn with_share(units: usize, share: Share) -> Self {
        Self(Arc::new(Mutex::new(State {
            free: units,
            share,
            used: HashMap::new(),
            waiting: HashMap::new(),
            rounds: 0,
        })))
    }

    /// How many units a party holds.
    pub(crate) fn used<Q>(&self, party: &Q) -> usize
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        lock(&self.0).used.get(party).copied().unwrap_or(0)
    }

    /// A part that the party may hold for long, or `None` if it has its share already.
    pub(crate) fn place(&self, party: K, units: usize) -> Option<Permit<K>> {
        let mut state = lock(&self.0);
        state.may_hold(&party, units).then(|| {
            state.hold(&party, units);
            self.permit(party, units)
        })
    }

    /// A part for something that ends soon; waits for its turn for as long as `patience`, then it is
    /// `None`. There must be that many units in all.
    pub(crate) async fn turn(
        &self,
        party: K,
        units: usize,
        patience: Duration,
    ) -> Option<Permit<K>> {
        let granted = {
            let mut state = lock(&self.0);
            if state.waiting.is_empty() && units <= state.free {
                state.hold(&party, units);
                return Some(self.permit(party, units));
            }
            state.wait(party, units)
        };
        // The sender is dropped only with the whole budget.
        timeout(patience, granted).await.ok()?.ok()
    }

    fn permit(&self, party: K, units: usize) -> Permit<K> {
        Permit {
            budget: self.clone(),
            party,
            units,
        }
    }

    fn release(&self, party: K, units: usize) {
        let mut returned = vec![(party, units)];
        while !returned.is_empty() {
            let granted = {
                let mut state = lock(&self.0);
                for (party, units) in returned.drain(..) {
                    state.release(&party, units);
                }
                let mut granted = Vec::new();
                while let Some((party, waiting)) = state.next() {
                    state.hold(&party, waiting.units);
                    granted.push((self.permit(party, waiting.units), waiting.granted));
                }
                granted
            };
            for (permit, waiting) in granted {
                // One that has just stopped waiting returns its permit, here and not by dropping it: that
                // would call this function again, once for each of many.
                if let Err(mut permit) = waiting.send(permit) {
                    let units = std::mem::take(&mut permit.units);
                    returned.push((permit.party.clone(), units));
                }
            }
        }
    }
}

impl<K: Clone + Eq + Hash> State<K> {
    fn used(&self, party: &K) -> usize {
        self.used.get(party).copied().unwrap_or(0)
    }

    fn may_hold(&self, party: &K, units: usize) -> bool {
        let total = self.used(party).saturating_add(units);
        let most = match self.share {
            Share::ThreeQuarters => self.free.saturating_mul(3),
            Share::OneQuarter => self.free.div_ceil(3),
        };
        units <= self.free && total <= most
    }

    fn hold(&mut self, party: &K, units: usize) {
        self.free = self.free.saturating_sub(units);
        if units > 0 {
            *self.used.entry(party.clone()).or_default() += units;
        }
    }

    fn release(&mut self, party: &K, units: usize) {
        self.free += units;
        if let Some(used) = self.used.get_mut(party) {
            *used = used.saturating_sub(units);
            if *used == 0 {
                self.used.remove(party);
            }
        }
    }

    fn wait(&mut self, party: K, units: usize) -> oneshot::Receiver<Permit<K>> {
        let (granted, receiver) = oneshot::channel();
        let round = self.rounds;
        let queue = self.waiting.entry(party).or_insert_with(|| {
            self.rounds += 1;
            Queue {
                round,
                waiting: VecDeque::new(),
            }
        });
        let queue = &mut queue.waiting;
        if queue.len() % CLEAN_EVERY == CLEAN_EVERY - 1 {
            queue.retain(|waiting| !waiting.is_gone());
        }
        queue.push_back(Waiting { units, granted });
        receiver
    }

    /// Removes the next one that waits: of the party that holds least, and of several the one that has
    /// had no turn for longest. None if what it waits for is not free: nothing smaller overtakes it.
    fn next(&mut self) -> Option<(K, Waiting<K>)> {
        self.waiting.retain(|_, queue| {
            while queue.waiting.front().is_some_and(Waiting::is_gone) {
                queue.waiting.pop_front();
            }
            !queue.waiting.is_empty()
        });
        let next = self.waiting.iter();
        let next = next.min_by_key(|(party, queue)| (self.used(party), queue.round));
        let party = next.map(|(party, _)| party.clone())?;
        let queue = self.waiting.get_mut(&party)?;
        if queue.waiting.front()?.units > self.free {
            return None;
        }
        let waiting = queue.waiting.pop_front()?;
        queue.round = self.rounds;
        self.rounds += 1;
        if queue.waiting.is_empty() {
            self.waiting.remove(&party);
        }
        Some((party, waiting))
    }
}

impl<K: Clone + Eq + Hash> Waiting<K> {
    fn is_gone(&self) -> bool {
        self.granted.is_closed()
    }
}

impl<K: Clone + Eq + Hash> Permit<K> {
    /// Adds another permit of the same party.
    pub(crate) fn merge(&mut self, mut other: Self) {
        self.units += std::mem::take(&mut other.units);
    }
}

impl<K: Clone + Eq + Hash> Drop for Permit<K> {
    fn drop(&mut self) {
        if self.units > 0 {
            self.budget.release(self.party.clone(), self.units);
        }
    }
}

impl<K: Clone + Eq + Hash> Clone for FairBudget<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use proptest::prelude::*;

    use super::*;

    const LONG: Duration = Duration::from_secs(60);

    fn places(budget: &FairBudget<u8>, party: u8) -> Vec<Permit<u8>> {
        std::iter::from_fn(|| budget.place(party, 1)).collect()
    }

    #[test]
    fn alone_a_party_gets_three_quarters_and_the_next_ones_of_what_is_left() {
        let budget = FairBudget::new(256);
        let first = places(&budget, 1);
        let second = places(&budget, 2);
        let third = places(&budget, 3);
        assert_eq!([first.len(), second.len(), third.len()], [192, 48, 12]);
        assert!(budget.place(4, 1).is_some());
        drop(first);
        assert!(places(&budget, 2).len() > 100, "it is work-conserving");
    }

    #[test]
    fn addresses_get_a_quarter() {
        let budget = FairBudget::with_share(16_384, Share::OneQuarter);
        let [first, second] = [1, 2].map(|party| places(&budget, party));
        assert_eq!([first.len(), second.len()], [4_096, 3_072]);
    }

    #[tokio::test]
    async fn a_party_alone_has_all_turns_until_another_one_waits() {
        let budget = FairBudget::new(4);
        let mut greedy = Vec::new();
        for _ in 0..4 {
            greedy.push(budget.turn(1, 1, LONG).await.unwrap());
        }
        let turn = |party| Box::pin(budget.turn(party, 1, LONG));
        let (mut one, mut two, mut other) = (turn(1), turn(1), turn(2));
        for waiting in [&mut one, &mut two, &mut other] {
            assert!(waiting.now_or_never().is_none());
        }
        greedy.pop();
        assert!((&mut one).now_or_never().is_none());
        let _other = other.await.unwrap();
        greedy.pop();
        let _one = one.await.unwrap();
        assert!((&mut two).now_or_never().is_none());
    }

    #[tokio::test]
    async fn of_a_budget_for_one_a_party_with_many_that_wait_has_every_second_turn() {
        let budget = FairBudget::new(1);
        let first = budget.turn(1, 1, LONG).await;
        let turn = |party| Box::pin(budget.turn(party, 1, LONG));
        let mut greedy: Vec<_> = (0..8).map(|_| turn(1)).collect();
        for waiting in &mut greedy {
            assert!(waiting.now_or_never().is_none());
        }
        let mut other = [turn(2), turn(2)];
        for waiting in &mut other {
            assert!(waiting.now_or_never().is_none());
        }
        drop(first);
        for waiting in other {
            drop(greedy.remove(0).await.unwrap());
            drop(waiting.await.unwrap());
        }
    }

    #[tokio::test]
    async fn one_that_stopped_waiting_takes_nothing_with_it() {
        let budget = FairBudget::new(1);
        let used = budget.turn(1, 1, LONG).await;
        let gone = budget.turn(2, 1, Duration::from_millis(1)).await;
        assert!(gone.is_none());
        drop(used);
        assert!(budget.turn(3, 1, LONG).await.is_some());
        assert!(lock(&budget.0).used.is_empty());
    }

    #[tokio::test]
    async fn very_many_that_stopped_waiting_are_passed_over_at_once() {
        let budget = FairBudget::new(1);
        let first = budget.turn(0, 1, LONG).await;
        for number in 0..100_000 {
            let mut waiting = Box::pin(budget.turn(number % 7, 1, LONG));
            assert!((&mut waiting).now_or_never().is_none());
        }
        assert!(
            lock(&budget.0)
                .waiting
                .values()
                .all(|queue| queue.waiting.len() <= CLEAN_EVERY)
        );
        let mut last = Box::pin(budget.turn(1, 1, LONG));
        assert!((&mut last).now_or_never().is_none());
        drop(first);
        assert!(last.await.is_some());
    }

    proptest! {
        #[test]
        fn all_that_was_used_comes_back(takes in prop::collection::vec((0_u8..4, 0_usize..20), 1..60)) {
            let budget = FairBudget::new(64);
            let mut used: Vec<Permit<u8>> = Vec::new();
            for (party, units) in takes {
                match budget.place(party, units) {
                    Some(permit) if units % 3 == 0 => used.push(permit),
                    Some(permit) => match used.iter_mut().find(|used| used.party == party) {
                        Some(first) => first.merge(permit),
                        None => drop(permit),
                    },
                    None => drop(used.pop()),
                }
                let state = lock(&budget.0);
                let sum: usize = state.used.values().sum();
                prop_assert_eq!(sum + state.free, 64);
            }
            used.clear();
            prop_assert_eq!(lock(&budget.0).free, 64);
            prop_assert!(lock(&budget.0).used.is_empty());
        }
    }
}
