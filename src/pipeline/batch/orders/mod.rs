//! The orders of a batch: how they move through their workflows while the batch is merged, and
//! what that changes.

mod refused;
mod walk;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

pub use self::refused::Refused;
use self::refused::{invalid_form, of_push, refused};
use self::walk::Walk;
pub use self::walk::{Announced, Entered};
use crate::domain::order::{self, Order, OrderLimits, Push, PushRefusal, Pushed};
use crate::domain::workflow::Workflow;
use crate::domain::{Event, Happening, Opening, Process, ProcessKey, form};
use crate::store::Unreadable;
use crate::wire::Reason;

/// Every version of a workflow that a batch needs.
pub type Catalog = HashMap<(String, i32), Arc<Workflow>>;

/// The outcome of an event of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It changed its order.
    Applied,
    /// It waits for its stage.
    Parked,
    /// It becomes a dead letter.
    Refused(Refused),
}

/// The orders of one batch.
#[derive(Debug, Default)]
pub struct Orders {
    walks: HashMap<ProcessKey, Walk>,
    catalog: Catalog,
    newest: BTreeMap<String, i32>,
    /// Workflows that this version can't read.
    unreadable: HashMap<(String, i32), Unreadable>,
    limits: OrderLimits,
}

/// The workflows of a batch.
#[derive(Debug, Default)]
pub struct Workflows {
    /// Those that this version can read.
    pub catalog: Catalog,
    /// The others.
    pub unreadable: HashMap<(String, i32), Unreadable>,
}

impl Orders {
    /// The loaded orders of a batch, and those that this version can't read.
    pub fn new(
        loaded: crate::store::write::stage::LoadedOrders,
        workflows: Workflows,
        limits: OrderLimits,
    ) -> (Self, HashMap<ProcessKey, Unreadable>) {
        let mut unreadable = loaded.unreadable;
        let mut walks = HashMap::with_capacity(loaded.rows.len());
        for (key, row) in loaded.rows {
            match Walk::of(row) {
                Ok(walk) => {
                    walks.insert(key, walk);
                }
                Err(why) => {
                    unreadable.insert(key, why);
                }
            }
        }
        let orders = Self {
            walks,
            catalog: workflows.catalog,
            newest: loaded.newest,
            unreadable: workflows.unreadable,
            limits,
        };
        (orders, unreadable)
    }

    /// Applies an event to its order's walk; `process` is as it was before.
    pub fn apply(&mut self, event: &Event, process: &Process, now: Timestamp) -> Verdict {
        self.bind(process);
        match &event.happening {
            Happening::Opened(opening) => {
                if let Err(refused) = self.open(event, opening, process) {
                    return Verdict::Refused(refused);
                }
                self.walk(process.key, now);
                Verdict::Applied
            }
            Happening::Pushed(push) => self.push(event, push, process.key, now),
            Happening::Step
            | Happening::Progress { .. }
            | Happening::Items(_)
            | Happening::Completed { .. }
            | Happening::Failed { .. }
            | Happening::Cancelled { .. } => Verdict::Applied,
        }
    }

    /// Applies the outcomes of stages whose deadlines have passed; returns when the order must end,
    /// if a stage has no such outcome or the order has reached its maximum of stops.
    pub fn expire(&mut self, process: &Process, now: Timestamp) -> Option<Timestamp> {
        self.bind(process);
        let key = process.key;
        loop {
            let walk = self.walks.get(&key)?;
            let workflow = walk.workflow.clone()?;
            let active = walk.row.stops.iter().filter(|stop| stop.left.is_none());
            let due = active.filter(|stop| stop.due_at.is_some_and(|due| due <= now));
            let stop = due.min_by_key(|stop| stop.due_at)?;
            let deadline = workflow.stages.get(&stop.stage)?.deadline.as_ref();
            let Some(outcome) = deadline.and_then(|deadline| deadline.outcome.clone()) else {
                return stop.due_at;
            };
            let (id, due_at) = (stop.data_id, stop.due_at);
            let pushed = self.on_order(key, |order| order.time_out(id, outcome, now));
            if pushed != Some(Pushed::Applied) {
                return due_at;
            }
            self.walks.entry(key).or_default().changed = true;
            self.walk(key, now);
        }
    }

    /// The workflow of an order, which sets its deadline and settle time.
    pub fn rules(&self, key: ProcessKey) -> Option<&Workflow> {
        self.walks.get(&key)?.workflow.as_deref()
    }

    /// Ensures that the walk of an open order has its workflow.
    fn bind(&mut self, process: &Process) {
        let walk = self.walks.entry(process.key).or_default();
        if walk.token.is_empty() {
            walk.token.clone_from(&process.token);
            walk.tenant.clone_from(&process.tenant);
            walk.attempt = Some(process.attempt_id());
        }
        let opened_at = process.opening.as_ref().map(|(stamp, _)| stamp.time);
        walk.opened_at = walk.opened_at.into_iter().chain(opened_at).min();
        if walk.workflow.is_none() && walk.row.version.is_some() {
            let opening = process.opening.as_ref().map(|(_, opening)| opening);
            walk.workflow = named(&self.catalog, opening, walk.row.version);
        }
    }

    /// How many stops an order has made.
    pub fn stops(&self, key: ProcessKey) -> u64 {
        let stops = self.walks.get(&key).map_or(0, |walk| walk.row.stops.len());
        u64::try_from(stops).unwrap_or(u64::MAX)
    }

    /// When an order left its last stop, if it has walked to its end.
    pub fn through(&self, key: ProcessKey) -> Option<Timestamp> {
        order::through(&self.walks.get(&key)?.row.stops)
    }

    fn open(&mut self, event: &Event, opening: &Opening, process: &Process) -> Result<(), Refused> {
        let Some(walk) = self.walks.get_mut(&process.key) else {
            return Ok(());
        };
        let known = process.opening.as_ref().map(|(_, known)| &known.workflow);
        if known.is_some_and(|known| *known != opening.workflow) {
            let detail = "names another workflow than the order opened with";
            return Err(refused(Reason::InvalidField, "workflow_id", detail));
        }
        let version = walk.row.version.or_else(|| match &opening.workflow {
            None => Some(0),
            Some(name) => self.newest.get(name).copied(),
        });
        let bound = walk.workflow.clone();
        let bound = bound.or_else(|| named(&self.catalog, Some(opening), version));
        let unread = opening.workflow.clone().zip(version);
        if let Some(why) = unread.and_then(|version| self.unreadable.get(&version)) {
            return Err(Refused::unreadable(why));
        }
        let (Some(workflow), Some(order)) = (bound, &opening.order) else {
            let detail = "is no workflow that was applied; apply it, then replay this message";
            return Err(refused(Reason::UnknownWorkflow, "workflow_id", detail));
        };
        let mut faults = Vec::new();
        if version != Some(0) {
            faults = form::faults(&workflow.form, &order.form, &order.files);
        }
        if !faults.is_empty() {
            return Err(invalid_form(faults));
        }
        if walk.row.form.bytes_with(&order.form) > self.limits.form_bytes {
            return Err(of_push(&PushRefusal::FormTooLong(self.limits.form_bytes)));
        }
        // Only now: an opening that is refused binds the order to nothing.
        (walk.workflow, walk.row.version) = (Some(workflow), version);
        walk.row.form.merge(&event.stamp, &order.form);
        let known = process.opening.as_ref().map(|(known, _)| known);
        if known.is_none_or(|known| event.stamp < *known) {
            walk.attachments = Some(order.attachments.clone());
        }
        walk.opened_at = walk.opened_at.into_iter().chain([event.stamp.time]).min();
        walk.changed = true;
        Ok(())
    }

    fn push(&mut self, event: &Event, push: &Push, key: ProcessKey, now: Timestamp) -> Verdict {
        let stamp = &event.stamp;
        let pushed = self.on_order(key, |order| order.push(stamp, push, now));
        let walk = self.walks.entry(key).or_default();
        match pushed.unwrap_or(Pushed::Parked) {
            Pushed::Applied => {
                walk.changed = true;
                if !walk.parked.is_empty() {
                    self.walk(key, now);
                }
                Verdict::Applied
            }
            Pushed::Parked => match walk.park(stamp, push, self.limits) {
                Ok(()) => Verdict::Parked,
                Err(refused) => Verdict::Refused(refused),
            },
            Pushed::Refused(refusal) => Verdict::Refused(of_push(&refusal)),
        }
    }

    /// Enters what is due and applies what was parked for it.
    fn walk(&mut self, key: ProcessKey, now: Timestamp) {
        let walk = self.walks.entry(key).or_default();
        let mut parked = std::mem::take(&mut walk.parked);
        let settled = self.on_order(key, |order| order.walk(&mut parked, now));
        let walk = self.walks.entry(key).or_default();
        walk.parked = parked;
        let settled = settled.unwrap_or_default();
        walk.changed |= !settled.is_empty();
        walk.settled.extend(settled);
    }

    /// Runs `act` on an order that is open.
    fn on_order<T>(&mut self, key: ProcessKey, act: impl FnOnce(&mut Order<'_>) -> T) -> Option<T> {
        let walk = self.walks.get_mut(&key)?;
        let workflow = walk.workflow.as_deref()?;
        let mut order = Order {
            process: walk.attempt.unwrap_or(key),
            workflow,
            opened_at: walk.opened_at.unwrap_or_default(),
            stops: std::mem::take(&mut walk.row.stops),
            form: std::mem::take(&mut walk.row.form),
            form_bytes_max: self.limits.form_bytes,
        };
        let acted = act(&mut order);
        (walk.row.stops, walk.row.form) = (order.stops, order.form);
        Some(acted)
    }

    /// What to write of the orders, and the stops that were entered. An order that ended leaves
    /// every stop and has nothing parked any more.
    pub fn changes(mut self, ended: &HashMap<ProcessKey, Timestamp>, now: Timestamp) -> Entered {
        let mut entered = Entered::default();
        for (key, at) in ended {
            if let Some(walk) = self.walks.get_mut(key) {
                walk.end(*at, now);
            }
        }
        for (key, walk) in self.walks {
            if walk.changed {
                walk.note(key, &mut entered);
            }
        }
        entered
    }
}

/// The workflow that an opening names, or the plain one if it names none.
fn named(
    catalog: &Catalog,
    opening: Option<&Opening>,
    version: Option<i32>,
) -> Option<Arc<Workflow>> {
    match (version?, &opening?.workflow) {
        (0, _) | (_, None) => Some(Arc::new(Workflow::plain())),
        (version, Some(name)) => catalog.get(&(name.clone(), version)).cloned(),
    }
}
