//! Rules of the core as sentences, and its convergence as a property.

mod access;
mod convergence;
mod end;
mod kinds;
mod orders;
mod record;
mod replay_history;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::completion_rules::{Cause, seal};
use super::merge::{Outcomes, apply};
use crate::domain::*;

/// How long an ending waits here.
const SETTLE: SignedDuration = SignedDuration::from_secs(3_600);

/// A second of these tests' day.
fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

/// An event of the one process of these tests.
fn event(second: i64, id: &str, happening: Happening) -> Event {
    Event {
        tenant: "acme".to_owned(),
        token: "t1".to_owned(),
        kind: Kind::Upload,
        stamp: Stamp {
            time: at(second),
            sequence: None,
            source: "scanner".to_owned(),
            id: id.to_owned(),
        },
        happening,
    }
}

/// The same event with a sequence.
fn sequenced(sequence: u64, mut event: Event) -> Event {
    event.stamp.sequence = Some(sequence);
    event
}

fn opened(total: Option<u64>) -> Happening {
    let opening = Opening {
        total,
        ..Opening::default()
    };
    Happening::Opened(Box::new(opening))
}

fn items(outcomes: &[(&str, bool)]) -> Happening {
    let item = |&(identifier, ok): &(&str, bool)| Item {
        identifier: identifier.to_owned(),
        ok,
        messages: Vec::new(),
        document_id: None,
        data: None,
    };
    Happening::Items(outcomes.iter().map(item).collect())
}

fn progress(done: u64) -> Happening {
    Happening::Progress {
        done: Some(done),
        total: None,
    }
}

fn completed(total: Option<u64>) -> Happening {
    Happening::Completed { total }
}

fn failed() -> Happening {
    Happening::Failed {
        message: Some("the file is encrypted".to_owned()),
        code: Some("unreadable".to_owned()),
    }
}

fn cancelled() -> Happening {
    Happening::Cancelled {
        reason: Some("sent again".to_owned()),
    }
}

/// One process with what surrounds it: the event log that knows repetitions, the stored items.
#[derive(Debug)]
struct World {
    process: Process,
    items: BTreeMap<String, (Item, Stamp)>,
    log: HashSet<(String, String)>,
    sequences: BTreeSet<u64>,
    late: Vec<Event>,
    /// Events that were logged before the kind was decided.
    early: Vec<Event>,
    /// Events of the other kind.
    refused: Vec<Event>,
    causes: Vec<Cause>,
}

impl World {
    fn new() -> Self {
        Self {
            process: Process::unopened("acme".to_owned(), "t1".to_owned(), Kind::Upload),
            items: BTreeMap::new(),
            log: HashSet::new(),
            sequences: BTreeSet::new(),
            late: Vec::new(),
            early: Vec::new(),
            refused: Vec::new(),
            causes: Vec::new(),
        }
    }

    /// All events in one batch, at second 0.
    fn of(events: impl IntoIterator<Item = Event>) -> Self {
        let mut world = Self::new();
        world.batch(events);
        world
    }

    /// Every event in a batch of its own, at second 0.
    fn one_by_one(events: impl IntoIterator<Item = Event>) -> Self {
        let mut world = Self::new();
        for event in events {
            world.batch([event]);
        }
        world
    }

    /// One transaction, as the pipeline runs it.
    fn batch(&mut self, events: impl IntoIterator<Item = Event>) {
        let mut events: Vec<Event> = events.into_iter().collect();
        events.sort_by_key(|event| !event.opens());
        let is_first = self.log.is_empty() && self.refused.is_empty();
        if let Some(first) = events.first().filter(|_| is_first) {
            self.process.kind = first.kind;
        }
        let ended = self.process.ended.is_some();
        let mut outcomes = Outcomes::default();
        for (identifier, (item, stamp)) in &self.items {
            outcomes.load(identifier.clone(), item.ok, stamp.clone());
        }
        for event in events {
            let identity = (event.stamp.source.clone(), event.stamp.id.clone());
            if !self.log.insert(identity) {
                continue;
            }
            match self.process.fit(&event) {
                Fit::Never => {
                    self.refused.push(event);
                    continue;
                }
                Fit::Waits => {
                    self.early.push(event);
                    continue;
                }
                Fit::Turns => self.turn(event.kind, &mut outcomes),
                Fit::Same if ended => {
                    self.late.push(event);
                    continue;
                }
                Fit::Same => {}
            }
            if self.process.decided_kind().is_none() {
                self.early.push(event.clone());
            }
            self.sequences.extend(event.stamp.sequence);
            apply(&mut self.process, &mut outcomes, &event);
        }
        let changed = outcomes.into_changed();
        self.items
            .extend(changed.map(|(item, stamp)| (item.identifier.clone(), (item, stamp))));
        self.clock(0);
        self.check();
    }

    /// The opening of the other kind has come.
    fn turn(&mut self, kind: Kind, outcomes: &mut Outcomes) {
        self.process.turn(kind);
        self.items.clear();
        self.sequences.clear();
        *outcomes = Outcomes::default();
        for event in self.early.iter().filter(|event| event.kind == kind) {
            self.sequences.extend(event.stamp.sequence);
            apply(&mut self.process, outcomes, event);
        }
    }

    /// What the janitor does at a second.
    fn clock(&mut self, second: i64) {
        let ending = self.process.ending.as_ref();
        let sequence = ending.and_then(|ending| ending.stamp.sequence);
        let before = self.sequences.range(..sequence.unwrap_or(0)).count();
        self.process.sequenced = before as u64;
        self.causes
            .extend(seal(&mut self.process, SETTLE, at(second)));
        if let Some(kind) = self.process.decided_kind() {
            let others = std::mem::take(&mut self.early).into_iter();
            self.refused
                .extend(others.filter(|event| event.kind != kind));
        }
    }

    /// Counters equal a recount, and it ends once.
    fn check(&self) {
        let failed = self.items.values().filter(|(item, _)| !item.ok).count();
        assert_eq!(self.process.items.seen, self.items.len() as u64);
        assert_eq!(self.process.items.failed, failed as u64);
        assert_eq!(
            self.process.status().is_final(),
            self.process.ended.is_some()
        );
        assert_eq!(self.causes.len(), usize::from(self.process.ended.is_some()));
    }

    fn status(&self) -> Status {
        self.process.status()
    }

    fn code(&self) -> Option<&str> {
        self.process.ended.as_ref()?.code.as_deref()
    }

    fn end(&self) -> (Status, Option<&str>) {
        (self.status(), self.code())
    }

    fn ended_at(&self) -> Option<Timestamp> {
        self.process.ended.as_ref().map(|ended| ended.at)
    }
}
