//! One record while a batch is merged into it.

use std::collections::HashMap;

use jiff::Timestamp;

use super::orders::Orders;
use crate::core::merge::{self, Outcomes, Touched};
use crate::core::{Event, Kind, Process, ProcessKey};

/// One record while a batch is merged into it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) process: Process,
    pub(super) was_open: bool,
    /// What its first event said it is.
    pub(super) first_kind: Kind,
    /// Whether it was made in this transaction.
    is_new: bool,
    pub(super) touched: Touched,
    /// Whether an event of the batch is in its log.
    pub(super) has_events: bool,
}

impl Record {
    pub(super) fn new(process: Process, created: &HashMap<ProcessKey, Kind>) -> Self {
        Self {
            was_open: process.opening.is_some(),
            first_kind: process.kind,
            is_new: created.contains_key(&process.key),
            touched: Touched::Nothing,
            has_events: false,
            process,
        }
    }

    pub(super) fn is_order(&self) -> bool {
        self.process.kind == Kind::Order
    }

    /// Merges an event that counts.
    pub(super) fn apply(&mut self, items: &mut Outcomes, event: &Event) {
        let touched = merge::apply(&mut self.process, items, event);
        self.touched = self.touched.max(touched);
    }

    /// Becomes of the other kind, for the opening that comes now, and takes what has waited for that.
    pub(super) fn turn(&mut self, kind: Kind, items: &mut Outcomes, waited: &[Event]) {
        self.process.turn(kind);
        *items = Outcomes::default();
        for event in waited {
            self.apply(items, event);
        }
    }

    /// Whether its kind was decided in this batch, after events of it may have been kept.
    pub(super) fn has_decided(&self) -> bool {
        let decided = self.process.decided_kind().is_some();
        decided && !self.was_open && !self.is_new
    }

    /// Takes over what the walk of its order decides.
    pub(super) fn take_from(&mut self, orders: &Orders, now: Timestamp) {
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
}
