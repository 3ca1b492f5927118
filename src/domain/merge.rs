//! What one event changes in its process and its items; each rule commutes and is idempotent.
//!
//! The caller has already dropped duplicates (the event log knows them) and late events; whether
//! the process ends now is decided in `seal`.

use std::collections::HashMap;

use super::event::{Event, Happening, Item, Opening};
use super::ids::Stamp;
use super::process::{Ending, EndingKind, Process};

/// The stored outcomes of the items that events mention.
#[derive(Debug, Default)]
pub struct Outcomes {
    by_identifier: HashMap<String, ItemOutcome>,
}

/// An item's outcome with the stamp of its event.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemOutcome {
    /// The stamp it won with.
    pub stamp: Stamp,
    /// Whether the item succeeded.
    pub ok: bool,
    /// The new value, where it changed since it was loaded.
    pub changed: Option<Item>,
}

impl Outcomes {
    /// Adds a stored outcome.
    pub fn load(&mut self, identifier: String, ok: bool, stamp: Stamp) {
        let stored = ItemOutcome {
            stamp,
            ok,
            changed: None,
        };
        self.by_identifier.insert(identifier, stored);
    }

    /// The outcomes that differ from the stored ones.
    pub fn into_changed(self) -> impl Iterator<Item = (Item, Stamp)> {
        self.by_identifier
            .into_values()
            .filter_map(|outcome| Some((outcome.changed?, outcome.stamp)))
    }
}

/// Which part of a record an event may have changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Touched {
    /// Nothing: it is a step.
    Nothing,
    /// Its counts and totals.
    Counts,
    /// Anything.
    Whole,
}

/// Applies one event to the process and to the outcomes of its items.
pub fn apply(process: &mut Process, outcomes: &mut Outcomes, event: &Event) -> Touched {
    debug_assert_eq!(process.key, event.key(), "an event of another process");
    debug_assert!(process.ended.is_none(), "nothing changes after the end");
    let stamp = &event.stamp;
    match &event.happening {
        Happening::Opened(opening) => open(process, stamp, opening),
        // The walk through the workflow is in `order`.
        Happening::Step | Happening::Pushed(_) => {}
        Happening::Progress { done, total } => {
            process.progress_done = process.progress_done.max(done.unwrap_or(0));
            set_total(process, stamp, *total);
        }
        Happening::Items(items) => {
            for item in items {
                set_outcome(process, outcomes, stamp, item);
            }
        }
        Happening::Completed { total } => {
            set_total(process, stamp, *total);
            end(process, stamp, EndingKind::Completed);
        }
        Happening::Failed { message, code } => {
            let (message, code) = (message.clone(), code.clone());
            end(process, stamp, EndingKind::Failed { message, code });
        }
        Happening::Cancelled { reason } => {
            let reason = reason.clone();
            end(process, stamp, EndingKind::Cancelled { reason });
        }
    }
    event.happening.touches()
}

impl Happening {
    fn touches(&self) -> Touched {
        match self {
            Self::Step | Self::Pushed(_) => Touched::Nothing,
            Self::Progress { .. } | Self::Items(_) => Touched::Counts,
            Self::Opened(_)
            | Self::Completed { .. }
            | Self::Failed { .. }
            | Self::Cancelled { .. } => Touched::Whole,
        }
    }
}

/// The opening with the smallest stamp counts.
fn open(process: &mut Process, stamp: &Stamp, opening: &Opening) {
    let first = process
        .opening
        .as_ref()
        .is_none_or(|(known, _)| stamp < known);
    if first {
        process.opening = Some((stamp.clone(), opening.clone()));
    }
    set_total(process, stamp, opening.total);
}

/// The total with the greatest stamp counts.
fn set_total(process: &mut Process, stamp: &Stamp, total: Option<u64>) {
    let Some(total) = total else { return };
    let newer = process
        .total
        .as_ref()
        .is_none_or(|(known, _)| stamp > known);
    if newer {
        process.total = Some((stamp.clone(), total));
    }
}

/// The outcome with the greatest stamp counts; inside one event the last one.
fn set_outcome(process: &mut Process, outcomes: &mut Outcomes, stamp: &Stamp, item: &Item) {
    let counts = &mut process.items;
    match outcomes.by_identifier.get_mut(&item.identifier) {
        Some(known) if *stamp < known.stamp => {}
        Some(known) => {
            counts.failed = counts.failed + u64::from(!item.ok) - u64::from(!known.ok);
            known.stamp = stamp.clone();
            known.ok = item.ok;
            known.changed = Some(item.clone());
        }
        None => {
            counts.seen += 1;
            counts.failed += u64::from(!item.ok);
            let outcome = ItemOutcome {
                stamp: stamp.clone(),
                ok: item.ok,
                changed: Some(item.clone()),
            };
            outcomes
                .by_identifier
                .insert(item.identifier.clone(), outcome);
        }
    }
}

/// The ending with the smallest stamp counts.
fn end(process: &mut Process, stamp: &Stamp, kind: EndingKind) {
    let first = process
        .ending
        .as_ref()
        .is_none_or(|known| *stamp < known.stamp);
    if first {
        process.ending = Some(Ending {
            stamp: stamp.clone(),
            kind,
        });
    }
}
