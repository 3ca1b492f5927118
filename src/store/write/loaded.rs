//! What the first half of a batch's transaction loaded.

use std::collections::HashMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::event::{Logged, NewEvent};
use super::parked::Others;
use super::process;
use crate::domain::merge::Outcomes;
use crate::domain::{Kind, Process, ProcessKey};
use crate::store::Unreadable;
use crate::store::admin::retention::Tombstone;

/// What the first half loaded.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The database's time: the one clock that all workers share.
    pub now: Timestamp,
    /// The records, locked, in key order.
    pub processes: Vec<Process>,
    /// Records that are locked too and that this version can't read; they are not written.
    pub unreadable: HashMap<ProcessKey, Unreadable>,
    /// The created records.
    pub created: HashMap<ProcessKey, Kind>,
    /// The tombstones of earlier attempts, where a token was opened again.
    pub tombstones: HashMap<ProcessKey, Tombstone>,
    /// Whether each event is new.
    pub new: Vec<bool>,
    /// The logged events of those that are not, by their places.
    pub logged: HashMap<usize, Logged>,
    /// The stored outcomes of the items that the events mention.
    pub outcomes: HashMap<ProcessKey, Outcomes>,
    /// Parked events of the other kind, where a record is not open and such an event arrives.
    pub others: HashMap<ProcessKey, Others>,
}

impl Loaded {
    /// Moves records that this version can't read completely to `unreadable`.
    pub fn leave_out(&mut self, unreadable: HashMap<ProcessKey, Unreadable>) {
        if unreadable.is_empty() {
            return;
        }
        self.processes
            .retain(|process| !unreadable.contains_key(&process.key));
        for (key, why) in unreadable {
            self.unreadable.entry(key).or_insert(why);
        }
    }
}

impl From<process::Locked> for Loaded {
    fn from(locked: process::Locked) -> Self {
        Self {
            now: locked.now,
            processes: locked.processes,
            unreadable: locked.unreadable,
            ..Self::default()
        }
    }
}

/// Existing records that are not open and for which events of the other kind arrive; and whether
/// one of these is an opening.
pub(super) fn with_others(
    processes: &[Process],
    events: &[&NewEvent],
    created: &HashMap<ProcessKey, Kind>,
) -> Vec<(Uuid, bool)> {
    let undecided = processes
        .iter()
        .filter(|process| process.decided_kind().is_none() && !created.contains_key(&process.key));
    let undecided: HashMap<ProcessKey, Kind> = undecided.map(|p| (p.key, p.kind)).collect();
    let mut others: HashMap<ProcessKey, bool> = HashMap::new();
    for event in events {
        if undecided
            .get(&event.key)
            .is_some_and(|kind| *kind != event.event.kind)
        {
            *others.entry(event.key).or_default() |= event.event.opens();
        }
    }
    others
        .into_iter()
        .map(|(key, opens)| (key.0, opens))
        .collect()
}
