//! Whole orders: pushes, items, totals and sequences in any order and repetition give one record.

use std::collections::HashSet;

use super::*;
use crate::domain::completion_rules::seal;
use crate::domain::merge::{Outcomes, apply};
use crate::domain::order::Parked;
use crate::domain::tests::{items as items_of, opened};
use crate::domain::{Ended, Event, Happening, ItemCounts, Kind, Process, Status};
const SETTLE: SignedDuration = SignedDuration::from_secs(600);
/// After every settle time, and after every time that an event says.
const LATER: i64 = 1_000_000;

/// An order with what surrounds it.
struct Whole<'a> {
    workflow: &'a Workflow,
    process: Process,
    stops: Vec<Stop>,
    parked: Vec<Parked>,
    items: BTreeMap<String, (bool, Stamp)>,
    sequences: BTreeSet<u64>,
    log: HashSet<String>,
    late: usize,
}

impl<'a> Whole<'a> {
    fn new(workflow: &'a Workflow) -> Self {
        let (tenant, token) = ("default".to_owned(), "order".to_owned());
        Self {
            workflow,
            process: Process::unopened(tenant, token, Kind::Order),
            stops: Vec::new(),
            parked: Vec::new(),
            items: BTreeMap::new(),
            sequences: BTreeSet::new(),
            log: HashSet::new(),
            late: 0,
        }
    }

    /// One event in a transaction of its own.
    fn take(&mut self, event: &Event) {
        if !self.log.insert(event.stamp.id.clone()) {
            return;
        }
        self.sequences.extend(event.stamp.sequence);
        if self.process.ended.is_some() {
            self.late += 1;
            return;
        }
        let mut outcomes = Outcomes::default();
        for (id, (ok, stamp)) in &self.items {
            outcomes.load(id.clone(), *ok, stamp.clone());
        }
        if let Happening::Pushed(push) = &event.happening {
            let (stamp, push) = (event.stamp.clone(), (**push).clone());
            self.parked.push(Parked { stamp, push });
        }
        apply(&mut self.process, &mut outcomes, event);
        for (item, stamp) in outcomes.into_changed() {
            self.items.insert(item.identifier, (item.ok, stamp));
        }
        if let Some((stamp, _)) = &self.process.opening {
            let mut order = Order {
                opened_at: stamp.time,
                stops: std::mem::take(&mut self.stops),
                ..order(self.workflow)
            };
            let settled = order.walk(&mut self.parked, NOW);
            assert_eq!(count_refused(&settled), 0);
            self.stops = order.stops;
        }
        self.clock(0);
    }

    fn clock(&mut self, second: i64) {
        let process = &mut self.process;
        process.through = through(&self.stops);
        let below = match &process.ending {
            Some(ending) => ending.stamp.sequence.unwrap_or(0),
            None => u64::MAX,
        };
        let seen = self.sequences.range(..below);
        process.declared = seen.clone().max().map_or(0, |greatest| greatest + 1);
        process.sequenced = u64::try_from(seen.count()).unwrap();
        let now = NOW + SignedDuration::from_secs(second);
        seal(process, SETTLE, now);
    }
}

/// What must be the same in the end.
#[derive(Debug, PartialEq)]
struct Record {
    ended: Option<Ended>,
    items: ItemCounts,
    outcomes: BTreeMap<String, (bool, Stamp)>,
    walked: Walked,
}

fn record(workflow: &Workflow, events: &[Event]) -> (Record, usize) {
    let mut whole = Whole::new(workflow);
    events.iter().for_each(|event| whole.take(event));
    whole.clock(LATER);
    let record = Record {
        ended: whole.process.ended,
        items: whole.process.items,
        outcomes: whole.items,
        walked: outcome(&whole.stops),
    };
    (record, whole.late)
}

/// The events of an order: its opening, an event for each item, and what moves it on, last.
fn events(pushes: &[Parked], outcomes: &[bool], total: Option<u64>, numbered: bool) -> Vec<Event> {
    let items = outcomes.iter().enumerate();
    let items = items.map(|(number, ok)| items_of(&[(&format!("item-{number}"), *ok)]));
    let pushes = pushes
        .iter()
        .map(|parked| Happening::Pushed(Box::new(parked.push.clone())));
    let happenings = std::iter::once(opened(total)).chain(items).chain(pushes);
    happenings
        .enumerate()
        .map(|(number, happening)| Event {
            tenant: "default".to_owned(),
            token: "order".to_owned(),
            kind: Kind::Order,
            stamp: Stamp {
                sequence: numbered.then_some(number as u64),
                ..stamp(number)
            },
            happening,
        })
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn an_order_with_items_waits_for_what_was_declared_and_converges(
        block in block(),
        choices in prop::collection::vec(any::<Index>(), 1..8),
        outcomes in prop::collection::vec(any::<bool>(), 0..4),
        numbered in any::<bool>(),
        seed in prop::collection::vec(any::<Index>(), 64),
        again in subsequence((0..64).collect::<Vec<usize>>(), 0..16),
    ) {
        let workflow = workflow(&block);
        let pushes = history(&workflow, &choices, false);
        let total = (!numbered).then_some(outcomes.len() as u64);
        let ordered = events(&pushes, &outcomes, total, numbered);
        let repeated = again.iter().filter_map(|place| ordered.get(*place).cloned());
        let mut shuffled: Vec<Event> = repeated.chain(ordered.iter().cloned()).collect();
        shuffle(&mut shuffled, &seed);
        let (expected, late) = record(&workflow, &ordered);
        prop_assert_eq!(late, 0);
        prop_assert_eq!(expected.items.seen, outcomes.len() as u64);
        let (record, late) = record(&workflow, &shuffled);
        prop_assert_eq!(late, 0);
        prop_assert_eq!(record, expected);
    }
}

#[test]
fn an_order_that_walked_through_without_its_items_ends_incomplete_after_the_settle_time() {
    let workflow = Workflow::plain();
    let push = push(PushTarget::Stage("open".to_owned()), None);
    let stamp = stamp(0);
    let pushes = [Parked { stamp, push }];
    let mut ordered = events(&pushes, &[true, true], Some(3), false);
    let end = ordered.len() as i64 - 1;
    let (record, _) = record(&workflow, &ordered);
    let ended = record.ended.unwrap();
    assert_eq!(
        (ended.status, ended.code.as_deref()),
        (Status::Warning, Some("incomplete"))
    );
    let mut whole = Whole::new(&workflow);
    ordered.truncate(2);
    ordered.iter().for_each(|event| whole.take(event));
    assert!(whole.process.ended.is_none());
    let all = events(&pushes, &[true, true, true], Some(3), false);
    all.iter().for_each(|event| whole.take(event));
    let ended = whole.process.ended.unwrap();
    assert_eq!(ended.status, Status::Done);
    // When it left its last stage, not when that became known.
    assert_eq!(ended.at, NOW + SignedDuration::from_secs(end + 1));
}
