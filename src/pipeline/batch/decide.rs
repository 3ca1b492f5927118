//! Decides what a batch changes: pure, between the two halves of its transaction.
//!
//! First the events are merged into the records; then the records that may end are sealed, given
//! what the log and the items say about them.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};

use super::merging::Merged;
use super::orders::Refused;
use super::orders::{Entered, Orders};
use super::record::Record;
use crate::domain::completion_rules::{self, Cause};
use crate::domain::merge::Touched;
use crate::domain::{Kind, Process, ProcessKey};
use crate::store::write::batch::Changes;
use crate::store::write::batch::{EndingQueries, Loaded};
use crate::store::write::dead_letter::DeadLetter;
use crate::store::write::event::{Corrections, Sequences};
use crate::store::write::outbox::OutboxRow;
use crate::store::write::parked::DecidedKinds;

/// What a batch decided about its records.
#[derive(Debug, Default)]
pub struct Decision {
    /// Records to write.
    pub changed: Vec<Changed>,
    /// Which of the changed records ended, and why.
    pub ended: Vec<(usize, Cause)>,
    /// Records opened, by kind.
    pub opened: BTreeMap<Kind, u64>,
    /// What changed in the orders.
    pub entered: Entered,
    /// By how much the number of open processes changed.
    pub open_change: BTreeMap<Kind, i64>,
    /// Which processes' kinds were decided after events may have been parked for that.
    pub kinds: Vec<(ProcessKey, Kind)>,
}

/// A record to write.
#[derive(Debug)]
pub struct Changed {
    /// The record.
    pub process: Process,
    /// Whether only its counts changed.
    pub only_counts: bool,
}

impl Merged {
    /// The records whose settle time or deadline has passed, with nothing to merge.
    pub fn due(loaded: Loaded, mut orders: Orders) -> Self {
        let record = |process| Record::new(process, &loaded.created);
        let mut records: Vec<_> = loaded.processes.into_iter().map(record).collect();
        for Record { process, .. } in records.iter_mut().filter(|r| r.is_order()) {
            let overdue = orders.expire(process, loaded.now);
            process.deadline_at = process.deadline_at.into_iter().chain(overdue).min();
            process.through = orders.through(process.key);
            process.stops = orders.stops(process.key);
        }
        Self {
            orders,
            corrections: Corrections::default(),
            items: Vec::new(),
            records,
            open_change: BTreeMap::new(),
            now: loaded.now,
        }
    }

    /// What must be read to seal the records that may end.
    pub fn questions(&self) -> EndingQueries {
        let records = self.records.iter().map(|record| &record.process);
        let ending: Vec<&Process> = records
            .filter(|p| completion_rules::may_end(p, self.now))
            .collect();
        let sequenced = ending.iter().filter_map(|process| {
            let sequence = match &process.ending {
                Some(ending) => ending.stamp.sequence?,
                None => process.through.map(|_| u64::MAX)?,
            };
            Some((process.key, process.kind, sequence))
        });
        let with_items = ending.iter().filter(|process| process.items.seen > 0);
        EndingQueries {
            sequenced: sequenced.filter(|(.., sequence)| *sequence > 0).collect(),
            items: with_items.map(|process| process.key.0).collect(),
            place: !ending.is_empty(),
        }
    }

    /// Seals the records that are complete.
    pub fn decide(
        self,
        sequenced: &HashMap<ProcessKey, Sequences>,
        settle: SignedDuration,
    ) -> Decision {
        let mut decision = Decision {
            open_change: self.open_change,
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
        let orders = decision.ended().filter(|(p, _)| p.kind == Kind::Order);
        let ended = orders.filter_map(|(process, _)| {
            let at = process.ended.as_ref()?.at;
            Some((process.key, at))
        });
        let ended = ended.collect();
        decision.entered = self.orders.changes(&ended, self.now);
        decision
    }
}

impl Decision {
    fn conclude(&mut self, mut record: Record, settle: SignedDuration, now: Timestamp) {
        let kind = record.process.kind;
        if !record.was_open && record.process.opening.is_some() {
            *self.opened.entry(kind).or_insert(0) += 1;
        }
        let waited_until = record.process.settle_at;
        let cause = completion_rules::seal(&mut record.process, settle, now);
        if record.has_decided() {
            self.kinds.push((record.process.key, kind));
        }
        let process = record.process;
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
    pub fn ended(&self) -> impl Iterator<Item = (&Process, Cause)> {
        let ended = self.ended.iter();
        ended.filter_map(|(index, cause)| Some((&self.changed.get(*index)?.process, *cause)))
    }
}

/// What a decision writes.
pub(in crate::pipeline) fn changes<'a>(
    decision: &'a Decision,
    outbox: Vec<OutboxRow>,
    dead_letters: Vec<&'a DeadLetter>,
) -> Changes<'a> {
    let (counts, whole): (Vec<_>, Vec<_>) = decision
        .changed
        .iter()
        .partition(|changed| changed.only_counts);
    Changes {
        processes: whole.into_iter().map(|changed| &changed.process).collect(),
        counts: counts.into_iter().map(|changed| &changed.process).collect(),
        outbox,
        dead_letters,
        open: decision.open_change.clone(),
        orders: Some(&decision.entered.changes),
        kinds: kinds(decision),
        refused_openings: Vec::new(),
    }
}

/// What happens to the events that were parked until the kinds of processes were decided.
fn kinds(decision: &Decision) -> Option<DecidedKinds> {
    let processes = Some(decision.kinds.clone()).filter(|kinds| !kinds.is_empty())?;
    let refused = Refused::other_kind();
    Some(DecidedKinds {
        processes,
        reason: refused.reason.name(),
        problem: serde_json::json!(refused.problem()).to_string(),
    })
}
