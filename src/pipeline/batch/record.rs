//! One record while a batch is merged into it.

use std::collections::HashMap;

use jiff::Timestamp;

use super::orders::Orders;
use crate::domain::merge::{self, Outcomes, Touched};
use crate::domain::{Event, Kind, Process, ProcessKey};

/// One record while a batch is merged into it.
#[derive(Debug)]
pub struct Record {
    /// The record itself.
    pub process: Process,
    /// Whether it was open before the batch.
    pub was_open: bool,
    /// The kind by its first event.
    pub first_kind: Kind,
    /// Whether it was created in this transaction.
    is_new: bool,
    /// What the batch changed in it.
    pub touched: Touched,
    /// Whether an event of the batch is in its log.
    pub has_events: bool,
}

impl Record {
    /// A record as it was loaded, or created by this batch.
    pub fn new(process: Process, created: &HashMap<ProcessKey, Kind>) -> Self {
        Self {
            was_open: process.opening.is_some(),
            first_kind: process.kind,
            is_new: created.contains_key(&process.key),
            touched: Touched::Nothing,
            has_events: false,
            process,
        }
    }

    /// Whether it is an order by now.
    pub fn is_order(&self) -> bool {
        self.process.kind == Kind::Order
    }

    /// Merges an event that counts.
    pub fn apply(&mut self, items: &mut Outcomes, event: &Event) {
        let touched = merge::apply(&mut self.process, items, event);
        self.touched = self.touched.max(touched);
    }

    /// Changes to the other kind, by the opening that follows, and applies the events that waited.
    pub fn turn(&mut self, kind: Kind, items: &mut Outcomes, waited: &[Event]) {
        self.process.turn(kind);
        *items = Outcomes::default();
        for event in waited {
            self.apply(items, event);
        }
    }

    /// Whether its kind was decided in this batch, after events of it may have been parked.
    pub fn has_decided(&self) -> bool {
        let decided = self.process.decided_kind().is_some();
        decided && !self.was_open && !self.is_new
    }

    /// Copies what the walk of its order decides.
    pub fn take_from(&mut self, orders: &Orders, now: Timestamp) {
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
