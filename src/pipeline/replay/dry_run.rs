//! What would become of dead letters that were published now: decided as a worker would, as far as that
//! can be told without locks, and with nothing changed.
//!
//! What the dead letters would do to each other is left out, and so is where an order would stand.

use std::collections::HashMap;

use uuid::Uuid;

use super::sender;
use crate::broker::Delivery;
use crate::clock;
use crate::domain::workflow::Workflow;
use crate::domain::{Event, Happening, Kind, Opening, form};
use crate::pipeline::batch::entry::Entry;
use crate::pipeline::dead_letter;
use crate::store::admin::replay::{ExpectedCounts, ExpectedOutcome};
use crate::store::admin::replay_claim::ClaimedReplay;
use crate::store::read::dry_run_lookup::DryRunLookup;
use crate::store::write::dead_letter::StoredDeadLetter;
use crate::store::{Store, StoreError};
use crate::wire::{self, Limits, Reason};

/// Workflows that are remembered: dead letters may name as many as there are dead letters.
const WORKFLOWS_MAX: usize = 100;

/// The outlook of one replay.
pub struct DryRun {
    store: Store,
    limits: Limits,
    replay: Option<Uuid>,
    foreseen: ExpectedCounts,
    /// The newest version of some that were asked for.
    workflows: HashMap<String, Option<Workflow>>,
}

impl DryRun {
    /// Of dead letters that must keep those limits.
    #[must_use]
    pub fn new(store: &Store, limits: Limits) -> Self {
        Self {
            store: store.clone(),
            limits,
            replay: None,
            foreseen: ExpectedCounts::new(),
            workflows: HashMap::new(),
        }
    }

    /// The same of a replay, where somebody has looked at some dead letters already.
    pub(super) fn of(self, held: &ClaimedReplay) -> Self {
        Self {
            replay: Some(held.id),
            foreseen: held.expected.clone(),
            ..self
        }
    }

    /// How many of each fate or reason there are so far.
    #[must_use]
    pub fn foreseen(&self) -> &ExpectedCounts {
        &self.foreseen
    }

    /// Looks at some dead letters, as many as may be held at once.
    pub async fn add(&mut self, ids: &[Uuid]) -> Result<(), StoreError> {
        let mut readable = Vec::new();
        for kept in self.store.read_dead_letters(ids).await? {
            if kept.dead_letter.reason == Reason::Undeliverable.name() {
                self.count(ExpectedOutcome::Undecided.name());
                continue;
            }
            match self.delivered(&kept) {
                Some(held) => readable.push(held),
                None => self.count(ExpectedOutcome::Damaged.name()),
            }
        }
        for dead_letter in readable.iter().filter_map(Entry::as_dead_letter) {
            self.count(&dead_letter.reason);
        }
        let events = readable.iter().filter_map(Entry::as_event);
        let events: Vec<&Event> = events.map(|event| &event.new.event).collect();
        let met = self.store.dry_run_lookups(&events).await?;
        for (event, met) in events.iter().zip(met) {
            let name = self.decide(event, met).await?;
            self.count(name);
        }
        Ok(())
    }

    /// As a worker would take it.
    fn delivered(&self, kept: &StoredDeadLetter) -> Option<Entry> {
        let message = dead_letter::replay(&kept.dead_letter)?;
        let message = sender::marked(message, kept.dead_letter.id, self.replay);
        let delivery = Box::new(Delivery::from(message));
        let (held, _) = Entry::event(
            delivery,
            &kept.dead_letter.queue,
            &self.limits,
            clock::now(),
        );
        Some(held)
    }

    async fn decide(
        &mut self,
        event: &Event,
        met: DryRunLookup,
    ) -> Result<&'static str, StoreError> {
        if met.kind.is_some_and(|kind| kind != event.kind) {
            return Ok(Reason::KindMismatch.name());
        }
        if met.is_logged {
            return Ok(ExpectedOutcome::Duplicate.name());
        }
        if met.has_ended {
            return Ok(ExpectedOutcome::Late.name());
        }
        if let Happening::Pushed(_) = &event.happening {
            return Ok(ExpectedOutcome::Undecided.name());
        }
        if let Happening::Opened(opening) = &event.happening
            && event.kind == Kind::Order
            && !met.is_opened
            && let Some(reason) = self.refuses(opening).await?
        {
            return Ok(reason.name());
        }
        Ok(ExpectedOutcome::Applied.name())
    }

    /// Why an order can't be opened, if so.
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
        *self.foreseen.entry(name.to_owned()).or_default() += 1;
    }
}
