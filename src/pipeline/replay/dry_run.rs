//! Predicts the outcomes of dead letters if they were published now: decided as a worker would, as
//! far as possible without locks, and with nothing changed.
//!
//! It ignores the effects of the dead letters on each other, and the stages of orders.

use std::collections::HashMap;

use uuid::Uuid;

use super::sender;
use crate::broker::Delivery;
use crate::clock;
use crate::domain::workflow::Workflow;
use crate::domain::{Event, Happening, Kind, Opening, form};
use crate::pipeline::authorization::EventRules;
use crate::pipeline::batch::entry::Entry;
use crate::pipeline::dead_letter;
use crate::store::admin::replay::{ExpectedCounts, ExpectedOutcome};
use crate::store::admin::replay_claim::ClaimedReplay;
use crate::store::read::dry_run_lookup::DryRunLookup;
use crate::store::write::dead_letter::StoredDeadLetter;
use crate::store::{Store, StoreError};
use crate::wire::{self, Reason};

/// How many workflows are cached: every dead letter may name another one.
const WORKFLOWS_MAX: usize = 100;

/// The expected outcomes of one replay.
pub struct DryRun {
    store: Store,
    rules: EventRules,
    replay: Option<Uuid>,
    expected: ExpectedCounts,
    /// Cached: the newest versions of workflows.
    workflows: HashMap<String, Option<Workflow>>,
}

impl DryRun {
    /// A dry run by the rules of events.
    #[must_use]
    pub fn new(store: &Store, rules: EventRules) -> Self {
        Self {
            store: store.clone(),
            rules,
            replay: None,
            expected: ExpectedCounts::new(),
            workflows: HashMap::new(),
        }
    }

    /// The same, to continue a claimed replay.
    pub(super) fn of(self, replay: &ClaimedReplay) -> Self {
        Self {
            replay: Some(replay.id),
            expected: replay.expected.clone(),
            ..self
        }
    }

    /// How many of each outcome or reason are expected so far.
    #[must_use]
    pub fn expected(&self) -> &ExpectedCounts {
        &self.expected
    }

    /// Adds a piece of dead letters.
    pub async fn add(&mut self, ids: &[Uuid]) -> Result<(), StoreError> {
        let mut readable = Vec::new();
        for kept in self.store.read_dead_letters(ids).await? {
            if kept.dead_letter.reason == Reason::Undeliverable.name() {
                self.count(ExpectedOutcome::Undecided.name());
                continue;
            }
            match self.delivered(&kept) {
                Some(entry) => readable.push(entry),
                None => self.count(ExpectedOutcome::Damaged.name()),
            }
        }
        for dead_letter in readable.iter().filter_map(Entry::as_dead_letter) {
            self.count(&dead_letter.reason);
        }
        let events = readable.iter().filter_map(Entry::as_event);
        let events: Vec<&Event> = events.map(|event| &event.new.event).collect();
        let found = self.store.dry_run_lookups(&events).await?;
        for (event, found) in events.iter().zip(found) {
            let name = self.decide(event, found).await?;
            self.count(name);
        }
        Ok(())
    }

    /// The entry that a worker would make of it.
    fn delivered(&self, kept: &StoredDeadLetter) -> Option<Entry> {
        let message = dead_letter::replay(&kept.dead_letter)?;
        let message = sender::marked(message, kept.dead_letter.id, self.replay);
        let delivery = Box::new(Delivery::from(message));
        let (entry, _) = Entry::event(delivery, &kept.dead_letter.queue, &self.rules, clock::now());
        Some(entry)
    }

    async fn decide(
        &mut self,
        event: &Event,
        found: DryRunLookup,
    ) -> Result<&'static str, StoreError> {
        if found.kind.is_some_and(|kind| kind != event.kind) {
            return Ok(Reason::KindMismatch.name());
        }
        if found.is_logged {
            return Ok(ExpectedOutcome::Duplicate.name());
        }
        if found.has_ended {
            return Ok(ExpectedOutcome::Late.name());
        }
        if let Happening::Pushed(_) = &event.happening {
            return Ok(ExpectedOutcome::Undecided.name());
        }
        if let Some(opening) = event.opening()
            && event.kind == Kind::Order
            && !found.is_opened
            && let Some(reason) = self.refuses(opening).await?
        {
            return Ok(reason.name());
        }
        Ok(ExpectedOutcome::Applied.name())
    }

    /// Why an order can't be opened, if it can't.
    async fn refuses(&mut self, opening: &Opening) -> Result<Option<Reason>, StoreError> {
        let Some(name) = &opening.workflow else {
            return Ok(None);
        };
        if !self.workflows.contains_key(name) {
            let stored = self.store.load_workflow(name, None).await?;
            let read = stored.and_then(|it| wire::workflow_file::read(it.source.as_bytes()).ok());
            if self.workflows.len() >= WORKFLOWS_MAX {
                self.workflows.clear();
            }
            self.workflows.insert(name.clone(), read);
        }
        let Some(Some(workflow)) = self.workflows.get(name) else {
            return Ok(Some(Reason::UnknownWorkflow));
        };
        let faults = opening.order.as_ref().map_or(0, |order| {
            form::faults(&workflow.form, &order.form, &order.files).len()
        });
        Ok((faults > 0).then_some(Reason::InvalidForm))
    }

    fn count(&mut self, name: &str) {
        *self.expected.entry(name.to_owned()).or_default() += 1;
    }
}
