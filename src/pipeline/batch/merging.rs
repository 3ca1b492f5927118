//! The merge of one batch, event by event.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::event::{BatchEvent, Outcome, Place};
use super::orders::{Orders, Refused};
use super::outcome::{IdentityMatch, outcome};
use super::record::Record;
use crate::domain::merge::{Outcomes, Touched};
use crate::domain::{Event, Fit, Kind, ProcessKey, completion_rules};
use crate::store::Unreadable;
use crate::store::write::batch::Loaded;
use crate::store::write::event::{Corrections, NewEvent};
use crate::store::write::item::ChangedItem;
use crate::store::write::parked::OtherRow;
use crate::wire;

/// Records with the events of a batch merged in.
#[derive(Debug)]
pub struct Merged {
    /// What to correct in the log.
    pub corrections: Corrections,
    /// Outcomes of items to write.
    pub items: Vec<ChangedItem>,
    /// The orders of the batch, moved on as far as their pushes lead.
    pub orders: Orders,
    /// The records of the batch, merged.
    pub records: Vec<Record>,
    /// How the number of open processes changes, by kind.
    pub open_change: BTreeMap<Kind, i64>,
    /// The time of the batch.
    pub now: Timestamp,
}

/// A batch while it is merged.
struct Merging {
    loaded: Loaded,
    orders: Orders,
    records: Vec<Record>,
    by_key: HashMap<ProcessKey, usize>,
    items: HashMap<ProcessKey, Outcomes>,
    /// Events that waited for openings which are in this batch.
    waited: HashMap<ProcessKey, Vec<Event>>,
    corrections: Corrections,
}

impl Merged {
    /// Merges the new events of a batch, openings first: they decide the kind of a record. Stores
    /// its outcome in each event.
    pub fn of(events: &mut [&mut BatchEvent], loaded: Loaded, orders: Orders) -> Self {
        let mut merging = Merging::new(loaded, orders);
        for opens in [true, false] {
            for at in 0..events.len() {
                let Some(event) = events.get(at) else { break };
                if event.new.event.opens() != opens {
                    continue;
                }
                let first = match event.place {
                    Place::First(_) => None,
                    Place::Repeat(first) => events.get(first).map(|first| &first.new),
                };
                let known = IdentityMatch::of(&event.new, event.place, first, &merging.loaded);
                if let Some(event) = events.get_mut(at) {
                    merging.merge(event, known);
                }
            }
        }
        merging.conclude()
    }
}

impl Merging {
    fn new(mut loaded: Loaded, orders: Orders) -> Self {
        let waited = waited(&mut loaded);
        let processes = std::mem::take(&mut loaded.processes).into_iter();
        let record = |process| Record::new(process, &loaded.created);
        let records: Vec<Record> = processes.map(record).collect();
        let indexes = records.iter().enumerate();
        Self {
            by_key: indexes.map(|(i, r)| (r.process.key, i)).collect(),
            records,
            orders,
            items: std::mem::take(&mut loaded.outcomes),
            waited,
            loaded,
            corrections: Corrections::default(),
        }
    }

    fn merge(&mut self, event: &mut BatchEvent, known: IdentityMatch) {
        event.outcome = self.apply(&event.new, event.place, known);
        known.correct(&mut self.corrections, &event.new, &event.outcome);
        event.is_kept = match event.outcome {
            Ok(Outcome::Parked) => true,
            Ok(Outcome::Applied) => {
                let record = self.by_key.get(&event.new.key);
                let record = record.and_then(|index| self.records.get(*index));
                record.is_some_and(|record| record.process.decided_kind().is_none())
            }
            Ok(Outcome::Duplicate | Outcome::Late) | Err(_) => false,
        };
    }

    fn apply(
        &mut self,
        event: &NewEvent,
        place: Place,
        known: IdentityMatch,
    ) -> Result<Outcome, Refused> {
        let record = self.by_key.get(&event.key);
        let record = record.and_then(|index| self.records.get_mut(*index));
        let Some(record) = record else {
            let why = self.loaded.unreadable.get(&event.key);
            return known.without_record(place, why);
        };
        let fit = record.process.fit(&event.event);
        let outcome = outcome(
            &record.process,
            event,
            known,
            &self.loaded,
            &mut self.orders,
        )?;
        if outcome == Outcome::Parked && fit == Fit::Waits {
            let others = self.loaded.others.entry(event.key).or_default();
            if !others.add(event.data.len()) {
                return Err(Refused::too_early());
            }
        }
        record.has_events |= outcome != Outcome::Duplicate;
        if outcome == Outcome::Applied {
            let items = self.items.entry(event.key).or_default();
            if fit == Fit::Turns {
                let waited = self.waited.remove(&event.key).unwrap_or_default();
                record.turn(event.event.kind, items, &waited);
                self.corrections.turned.push(event.key);
            }
            record.apply(items, &event.event);
        }
        Ok(outcome)
    }

    fn conclude(mut self) -> Merged {
        let now = self.loaded.now;
        self.corrections.unmade = self.unmade();
        for record in self.records.iter_mut().filter(|r| r.is_order()) {
            record.take_from(&self.orders, now);
        }
        self.records
            .retain(|r| r.touched > Touched::Nothing || completion_rules::may_end(&r.process, now));
        Merged {
            orders: self.orders,
            corrections: self.corrections,
            items: self.items.into_iter().flat_map(changed_items).collect(),
            open_change: open_change(&self.records, &self.loaded.created),
            records: self.records,
            now,
        }
    }

    /// Removes records that were created for events of which none may open them: a token whose
    /// deleted process has a tombstone gets a new process only by an opening.
    fn unmade(&mut self) -> Vec<ProcessKey> {
        let created = &mut self.loaded.created;
        let unmade = |record: &mut Record| {
            record.process.attempt > 1
                && !record.has_events
                && created.remove(&record.process.key).is_some()
        };
        let unmade = self.records.extract_if(.., unmade);
        unmade.map(|record| record.process.key).collect()
    }
}

/// Reads the events that waited for openings; leaves out records whose waiting events this version
/// can't read.
fn waited(loaded: &mut Loaded) -> HashMap<ProcessKey, Vec<Event>> {
    let (mut waited, mut unreadable) = (HashMap::new(), HashMap::new());
    for process in &loaded.processes {
        let Some(others) = loaded.others.get_mut(&process.key) else {
            continue;
        };
        let event = |row: OtherRow| {
            Some(Event {
                tenant: process.tenant.clone(),
                token: process.token.clone(),
                kind: wire::kind_of(&row.type_name)?,
                happening: wire::logged(&row.type_name, &row.data)?,
                stamp: row.stamp,
            })
        };
        let rows = std::mem::take(&mut others.rows).into_iter();
        match rows.map(event).collect() {
            Some(events) => drop(waited.insert(process.key, events)),
            None => drop(unreadable.insert(process.key, Unreadable::contents("early event"))),
        }
    }
    loaded.leave_out(unreadable);
    waited
}

/// By how much the number of open processes has changed: processes created, and those that turned
/// out to be of the other kind.
fn open_change(records: &[Record], created: &HashMap<ProcessKey, Kind>) -> BTreeMap<Kind, i64> {
    let mut change = BTreeMap::new();
    for kind in created.values() {
        *change.entry(*kind).or_insert(0) += 1;
    }
    for record in records.iter().filter(|r| r.process.kind != r.first_kind) {
        *change.entry(record.first_kind).or_insert(0) -= 1;
        *change.entry(record.process.kind).or_insert(0) += 1;
    }
    change
}

fn changed_items((key, outcomes): (ProcessKey, Outcomes)) -> impl Iterator<Item = ChangedItem> {
    let changed = outcomes.into_changed();
    changed.map(move |(item, stamp)| ChangedItem { key, item, stamp })
}
