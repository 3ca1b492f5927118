//! What a batch changes: pure, between the two halves of its transaction.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::SignedDuration;

use crate::core::seal::{self, Cause};
use crate::core::{Kind, Process, ProcessKey, merge};
use crate::store::batch::Loaded;
use crate::store::event::NewEvent;
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
    /// Its process is of another kind.
    KindMismatch,
}

/// What a batch decided.
#[derive(Debug, Default)]
pub(super) struct Decision {
    /// One outcome per event, in the batch's order.
    pub(super) outcomes: Vec<Outcome>,
    /// Records to write.
    pub(super) changed: Vec<Process>,
    /// Outcomes of items to write.
    pub(super) items: Vec<ChangedItem>,
    /// Which of the changed records ended, and why.
    pub(super) ended: Vec<(usize, Cause)>,
    /// Records opened, by kind.
    pub(super) opened: BTreeMap<Kind, u64>,
    /// By how much the number of open processes changed.
    pub(super) open_change: BTreeMap<Kind, i64>,
}

/// The events of a batch with each identity once, and the places of the repetitions.
pub(super) fn unique<'a>(events: &[&'a NewEvent]) -> (Vec<&'a NewEvent>, Vec<bool>) {
    let mut seen = HashSet::with_capacity(events.len());
    let firsts: Vec<bool> = events.iter().map(|e| seen.insert(identity(e))).collect();
    let unique = events.iter().zip(&firsts);
    let unique = unique.filter_map(|(event, first)| first.then_some(*event));
    (unique.collect(), firsts)
}

/// Merges the new events of a batch into the loaded records and seals what is complete.
pub(super) fn decide(events: &[&NewEvent], loaded: Loaded, settle: SignedDuration) -> Decision {
    let (_, firsts) = unique(events);
    let late: HashMap<_, bool> = loaded
        .inserted
        .iter()
        .map(|i| ((i.key, i.source.as_str(), i.id.as_str()), i.late))
        .collect();
    let mut records: HashMap<ProcessKey, Record> = loaded
        .processes
        .into_iter()
        .map(|process| (process.key, Record::new(process)))
        .collect();
    let mut outcomes_of_items = loaded.outcomes;
    let mut decision = Decision {
        open_change: loaded.created,
        ..Decision::default()
    };
    for (event, first) in events.iter().zip(firsts) {
        let Some(record) = records.get_mut(&event.key) else {
            debug_assert!(false, "the first half locks every process of the batch");
            decision.outcomes.push(Outcome::KindMismatch);
            continue;
        };
        let outcome = if record.process.kind != event.event.kind {
            Outcome::KindMismatch
        } else {
            match late.get(&identity(event)) {
                Some(false) if first => Outcome::Applied,
                Some(true) if first => Outcome::Late,
                Some(_) | None => Outcome::Duplicate,
            }
        };
        if outcome == Outcome::Applied {
            let outcomes = outcomes_of_items.entry(event.key).or_default();
            record.touched |= merge::apply(&mut record.process, outcomes, &event.event);
        }
        decision.outcomes.push(outcome);
    }
    for (key, outcomes) in outcomes_of_items {
        let changed = outcomes.into_changed();
        decision
            .items
            .extend(changed.map(|(item, stamp)| ChangedItem { key, item, stamp }));
    }
    let mut records: Vec<Record> = records.into_values().filter(|r| r.touched).collect();
    records.sort_unstable_by_key(|record| record.process.key);
    for record in records {
        decision.conclude(record, settle, loaded.now);
    }
    decision
}

/// Seals records whose settle time or deadline has passed.
pub(super) fn decide_due(loaded: Loaded, settle: SignedDuration) -> Decision {
    let mut decision = Decision::default();
    for process in loaded.processes {
        decision.conclude(Record::new(process), settle, loaded.now);
    }
    decision
}

struct Record {
    process: Process,
    was_open: bool,
    touched: bool,
}

impl Record {
    fn new(process: Process) -> Self {
        Self {
            was_open: process.opening.is_some(),
            touched: false,
            process,
        }
    }
}

impl Decision {
    /// The processes that ended and have items to summarise.
    pub(super) fn ended_with_items(&self) -> impl Iterator<Item = ProcessKey> {
        let ended = self
            .ended
            .iter()
            .filter_map(|(index, _)| self.changed.get(*index));
        ended
            .filter(|process| process.items.seen > 0)
            .map(|process| process.key)
    }

    fn conclude(&mut self, record: Record, settle: SignedDuration, now: jiff::Timestamp) {
        let mut process = record.process;
        let kind = process.kind;
        if !record.was_open && process.opening.is_some() {
            *self.opened.entry(kind).or_insert(0) += 1;
        }
        if let Some(cause) = seal::seal(&mut process, settle, now) {
            self.ended.push((self.changed.len(), cause));
            *self.open_change.entry(kind).or_insert(0) -= 1;
        }
        self.changed.push(process);
    }
}

fn identity(event: &NewEvent) -> (ProcessKey, &str, &str) {
    let stamp = &event.event.stamp;
    (event.key, stamp.source.as_str(), stamp.id.as_str())
}
