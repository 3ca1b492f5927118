//! What a batch changes: pure, between the parts of its transaction.
//!
//! First the events are merged into the records; then, with what the log and the items say of those
//! that may end, they are sealed.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::identity::Known;
use super::orders::{Entered, Orders, Refused};
use super::outcome::outcome;
use super::unique::Place;
use crate::core::merge::{self, Touched};
use crate::core::seal::{self, Cause};
use crate::core::{Kind, Process, ProcessKey};
use crate::store::batch::{Loaded, Questions};
use crate::store::event::{Corrections, NewEvent, Sequences};
use crate::store::item::ChangedItem;

/// What became of one event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It changed its process, or is a line of its history.
    Applied,
    /// Its identity was known.
    Duplicate,
    /// Its process had ended.
    Late,
    /// It waits until its order reaches a stop.
    Parked,
    /// It can't be applied; [`Merged::refusals`] says why.
    Refused,
}

/// Records with the events of a batch merged in.
#[derive(Debug)]
pub(super) struct Merged {
    /// One outcome per event, in the batch's order.
    pub(super) outcomes: Vec<Outcome>,
    /// What to put right in the log.
    pub(super) corrections: Corrections,
    /// Outcomes of items to write.
    pub(super) items: Vec<ChangedItem>,
    /// Why events can't be applied, by their place in the batch.
    pub(super) refusals: Vec<(usize, Refused)>,
    orders: Orders,
    records: Vec<Record>,
    created: BTreeMap<Kind, i64>,
    now: Timestamp,
}

/// What a batch decided about its records.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// Records to write.
    pub(super) changed: Vec<Changed>,
    /// Which of the changed records ended, and why.
    pub(super) ended: Vec<(usize, Cause)>,
    /// Records opened, by kind.
    pub(super) opened: BTreeMap<Kind, u64>,
    /// What changed of the orders' walks.
    pub(super) entered: Entered,
    /// By how much the number of open processes changed.
    pub(super) open_change: BTreeMap<Kind, i64>,
}

/// A record to write.
#[derive(Debug)]
pub(super) struct Changed {
    /// The record.
    pub(super) process: Process,
    /// Whether only its counts changed.
    pub(super) only_counts: bool,
}

#[derive(Debug)]
struct Record {
    process: Process,
    was_open: bool,
    touched: Touched,
    /// Whether an event of the batch is in its log.
    has_events: bool,
}

impl Merged {
    /// Merges what is new of a batch; `places` tells repetitions inside the batch apart.
    pub(super) fn of(
        events: &[&NewEvent],
        places: &[Place],
        mut loaded: Loaded,
        mut orders: Orders,
    ) -> Self {
        let records = std::mem::take(&mut loaded.processes).into_iter();
        let mut records: Vec<Record> = records.map(Record::new).collect();
        let indexes = records.iter().enumerate();
        let by_key: HashMap<_, usize> = indexes.map(|(i, r)| (r.process.key, i)).collect();
        let mut items = std::mem::take(&mut loaded.outcomes);
        let mut corrections = Corrections::default();
        let mut outcomes = Vec::with_capacity(events.len());
        let mut refusals = Vec::new();
        let mut firsts: Vec<&NewEvent> = Vec::with_capacity(events.len());
        for (index, (event, place)) in events.iter().zip(places).enumerate() {
            if matches!(place, Place::First(_)) {
                firsts.push(event);
            }
            let known = Known::of(event, *place, &firsts, &loaded);
            let record = by_key.get(&event.key).and_then(|i| records.get_mut(*i));
            let verdict = match &record {
                Some(record) => outcome(&record.process, event, known, &loaded, &mut orders),
                None => known.without_record(*place, loaded.unreadable.get(&event.key)),
            };
            if let (Ok(outcome), Some(record)) = (&verdict, record) {
                record.has_events |= *outcome != Outcome::Duplicate;
                if *outcome == Outcome::Applied {
                    let items = items.entry(event.key).or_default();
                    let touched = merge::apply(&mut record.process, items, &event.event);
                    record.touched = record.touched.max(touched);
                }
            }
            known.correct(&mut corrections, event, &verdict);
            outcomes.push(*verdict.as_ref().unwrap_or(&Outcome::Refused));
            refusals.extend(verdict.err().map(|refused| (index, refused)));
        }
        corrections.unmade = unmade(&mut records, &mut loaded.created);
        for record in records.iter_mut().filter(|r| r.is_order()) {
            record.take_from(&orders, loaded.now);
        }
        records.retain(|r| r.touched > Touched::Nothing || seal::may_end(&r.process, loaded.now));
        let mut created = BTreeMap::new();
        for kind in loaded.created.into_values() {
            *created.entry(kind).or_insert(0) += 1;
        }
        Self {
            outcomes,
            refusals,
            orders,
            corrections,
            items: items.into_iter().flat_map(changed_items).collect(),
            records,
            created,
            now: loaded.now,
        }
    }

    /// Takes records whose settle time or deadline has passed.
    pub(super) fn due(loaded: Loaded, mut orders: Orders) -> Self {
        let mut records: Vec<_> = loaded.processes.into_iter().map(Record::new).collect();
        for Record { process, .. } in records.iter_mut().filter(|r| r.is_order()) {
            let overdue = orders.expire(process, loaded.now);
            process.deadline_at = process.deadline_at.into_iter().chain(overdue).min();
            process.through = orders.through(process.key);
            process.stops = orders.stops(process.key);
        }
        Self {
            outcomes: Vec::new(),
            refusals: Vec::new(),
            orders,
            corrections: Corrections::default(),
            items: Vec::new(),
            records,
            created: BTreeMap::new(),
            now: loaded.now,
        }
    }

    /// What must be known to seal what may end.
    pub(super) fn questions(&self) -> Questions {
        let records = self.records.iter().map(|record| &record.process);
        let ending: Vec<&Process> = records.filter(|p| seal::may_end(p, self.now)).collect();
        let sequenced = ending.iter().filter_map(|process| {
            let sequence = match &process.ending {
                Some(ending) => ending.stamp.sequence?,
                None => process.through.map(|_| u64::MAX)?,
            };
            Some((process.key, sequence))
        });
        let with_items = ending.iter().filter(|process| process.items.seen > 0);
        Questions {
            sequenced: sequenced.filter(|(_, sequence)| *sequence > 0).collect(),
            items: with_items.map(|process| process.key.0).collect(),
            place: !ending.is_empty(),
        }
    }

    /// Seals what is complete.
    pub(super) fn decide(
        self,
        sequenced: &HashMap<ProcessKey, Sequences>,
        settle: SignedDuration,
    ) -> Decision {
        let mut decision = Decision {
            open_change: self.created,
            ..Decision::default()
        };
        for mut record in self.records {
            let key = record.process.key;
            let sequences = sequenced.get(&key).copied().unwrap_or_default();
            record.process.sequenced = sequences.count;
            record.process.declared = sequences.declared;
            let own = self.orders.rules(key).and_then(|workflow| workflow.settle);
            let settle = own.unwrap_or(settle);
            decision.conclude(record, settle, self.now);
        }
        let ended = decision.ended().filter_map(|(process, _)| {
            let at = process.ended.as_ref()?.at;
            Some((process.key, at))
        });
        let ended = ended.collect();
        decision.entered = self.orders.changes(&ended, self.now);
        decision
    }
}

impl Decision {
    fn conclude(&mut self, record: Record, settle: SignedDuration, now: Timestamp) {
        let mut process = record.process;
        let kind = process.kind;
        if !record.was_open && process.opening.is_some() {
            *self.opened.entry(kind).or_insert(0) += 1;
        }
        let waited_until = process.settle_at;
        let cause = seal::seal(&mut process, settle, now);
        if let Some(cause) = cause {
            self.ended.push((self.changed.len(), cause));
            *self.open_change.entry(kind).or_insert(0) -= 1;
        }
        self.changed.push(Changed {
            only_counts: cause.is_none()
                && record.touched <= Touched::Counts
                && process.settle_at == waited_until,
            process,
        });
    }

    /// The records that ended.
    pub(super) fn ended(&self) -> impl Iterator<Item = (&Process, Cause)> {
        let ended = self.ended.iter();
        ended.filter_map(|(index, cause)| Some((&self.changed.get(*index)?.process, *cause)))
    }
}

impl Record {
    /// Takes over what the walk of its order decides.
    fn take_from(&mut self, orders: &Orders, now: Timestamp) {
        let process = &mut self.process;
        process.through = orders.through(process.key);
        process.stops = orders.stops(process.key);
        let workflow = orders.rules(process.key);
        if let Some(limit) = workflow.and_then(|workflow| workflow.deadline)
            && !self.was_open
            && process.opening.is_some()
        {
            process.deadline_at = now.saturating_add(limit).ok();
        }
    }

    fn is_order(&self) -> bool {
        self.process.kind == Kind::Order
    }

    fn new(process: Process) -> Self {
        Self {
            was_open: process.opening.is_some(),
            touched: Touched::Nothing,
            has_events: false,
            process,
        }
    }
}

/// Takes out records that were made for events of which none may open them: a token whose process was
/// deleted and is remembered gets another one only by an opening.
fn unmade(records: &mut Vec<Record>, created: &mut HashMap<ProcessKey, Kind>) -> Vec<ProcessKey> {
    let unmade = |record: &mut Record| {
        record.process.attempt > 1
            && !record.has_events
            && created.remove(&record.process.key).is_some()
    };
    let unmade = records.extract_if(.., unmade);
    unmade.map(|record| record.process.key).collect()
}

fn changed_items(
    (key, outcomes): (ProcessKey, merge::Outcomes),
) -> impl Iterator<Item = ChangedItem> {
    let changed = outcomes.into_changed();
    changed.map(move |(item, stamp)| ChangedItem { key, item, stamp })
}
