//! The orders of a batch: their walks through their workflows while the batch is merged, and what
//! that changes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;

use crate::core::form;
use crate::core::order::{Order, Parked, Push, Pushed, Refusal, Stop};
use crate::core::workflow::Workflow;
use crate::core::{Event, Happening, Opening, Process, ProcessKey};
use crate::store::order::{OrderChange, OrderChanges, OrderRow};
use crate::wire::{FieldFault, Problem, Reason, StageEntered};

/// Every version of a workflow that a batch needs.
pub(super) type Catalog = HashMap<(String, i32), Arc<Workflow>>;

/// Why an event of an order can't be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) reason: Reason,
    pub(super) detail: String,
    pub(super) errors: Vec<FieldFault>,
}

/// What became of an event of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Applied,
    Parked,
    Refused(Refused),
}

/// The orders of one batch.
#[derive(Debug, Default)]
pub(super) struct Orders {
    walks: HashMap<ProcessKey, Walk>,
    catalog: Catalog,
    newest: BTreeMap<String, i32>,
}

/// One order on its walk.
#[derive(Debug, Default)]
struct Walk {
    row: OrderRow,
    /// As they were loaded.
    before: Vec<Stop>,
    workflow: Option<Arc<Workflow>>,
    token: String,
    tenant: String,
    attachments: Option<String>,
    parked: Vec<Parked>,
    /// What waited and does no longer.
    settled: Vec<(Parked, Pushed)>,
    changed: bool,
}

impl Orders {
    /// What was loaded of the orders of a batch.
    pub(super) fn new(loaded: crate::store::order::Orders, catalog: Catalog) -> Self {
        let walk = |(key, row): (ProcessKey, OrderRow)| {
            let parked = row.parked.iter().filter_map(|parked| {
                let push = crate::wire::push(&parked.data)?;
                let stamp = parked.stamp.clone();
                Some(Parked { stamp, push })
            });
            let walk = Walk {
                before: row.stops.clone(),
                parked: parked.collect(),
                row,
                ..Walk::default()
            };
            (key, walk)
        };
        Self {
            walks: loaded.rows.into_iter().map(walk).collect(),
            catalog,
            newest: loaded.newest,
        }
    }

    /// Applies what an event means for its order's walk; `process` is as it was before.
    pub(super) fn apply(&mut self, event: &Event, process: &Process, now: Timestamp) -> Verdict {
        let walk = self.walks.entry(process.key).or_default();
        walk.token.clone_from(&process.token);
        walk.tenant.clone_from(&process.tenant);
        if walk.workflow.is_none() && walk.row.version.is_some() {
            let opening = process.opening.as_ref().map(|(_, opening)| opening);
            walk.workflow = self.catalog.named(opening, walk.row.version);
        }
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

    /// Whether an order has walked to its end.
    pub(super) fn is_through(&self, key: ProcessKey) -> bool {
        let walk = self.walks.get(&key);
        walk.is_some_and(|w| {
            !w.row.stops.is_empty() && w.row.stops.iter().all(|s| s.left.is_some())
        })
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
        if walk.row.version.is_none() {
            let version = match &opening.workflow {
                None => Some(0),
                Some(name) => self.newest.get(name).copied(),
            };
            walk.workflow = self.catalog.named(Some(opening), version);
            walk.row.version = version;
        }
        let (Some(workflow), Some(order)) = (&walk.workflow, &opening.order) else {
            let detail = "is no workflow that was applied; apply it, then replay this message";
            return Err(refused(Reason::UnknownWorkflow, "workflow_id", detail));
        };
        let mut faults = Vec::new();
        if walk.row.version != Some(0) {
            faults = form::faults(&workflow.form, &order.form, &order.files);
        }
        if !faults.is_empty() {
            return Err(misfilled(faults));
        }
        walk.row.form.merge(&event.stamp, &order.form);
        walk.attachments.clone_from(&order.attachments);
        walk.changed = true;
        Ok(())
    }

    fn push(&mut self, event: &Event, push: &Push, key: ProcessKey, now: Timestamp) -> Verdict {
        let stamp = &event.stamp;
        let pushed = self.on_order(key, |order| order.push(stamp, push, now));
        match pushed.unwrap_or(Pushed::Parked) {
            Pushed::Applied => {
                self.walk(key, now);
                Verdict::Applied
            }
            Pushed::Parked => {
                let walk = self.walks.entry(key).or_default();
                let (stamp, push) = (stamp.clone(), push.clone());
                walk.parked.push(Parked { stamp, push });
                Verdict::Parked
            }
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
        walk.settled.extend(settled.unwrap_or_default());
    }

    /// Does something to an order that is open.
    fn on_order<T>(&mut self, key: ProcessKey, act: impl FnOnce(&mut Order<'_>) -> T) -> Option<T> {
        let walk = self.walks.get_mut(&key)?;
        let workflow = walk.workflow.as_deref()?;
        let mut order = Order {
            process: key,
            workflow,
            stops: std::mem::take(&mut walk.row.stops),
            form: std::mem::take(&mut walk.row.form),
        };
        let acted = act(&mut order);
        (walk.row.stops, walk.row.form) = (order.stops, order.form);
        walk.changed = true;
        Some(acted)
    }

    /// What to write of the orders, and the stops that were entered; of those that ended, every
    /// stop is left and nothing is parked any more.
    pub(super) fn changes(mut self, ended: &HashMap<ProcessKey, Timestamp>) -> Entered {
        let mut entered = Entered::default();
        for (key, at) in ended {
            if let Some(walk) = self.walks.get_mut(key) {
                walk.end(*at);
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

/// What a batch writes of its orders, and which stops are to be announced.
#[derive(Debug, Default)]
pub(super) struct Entered {
    pub(super) changes: OrderChanges,
    pub(super) stops: Vec<Announced>,
}

/// A stop that was entered, as the next system is told.
#[derive(Debug)]
pub(super) struct Announced {
    pub(super) process: ProcessKey,
    pub(super) entered: StageEntered,
}

impl Walk {
    fn end(&mut self, at: Timestamp) {
        for stop in self.row.stops.iter_mut().filter(|stop| stop.left.is_none()) {
            stop.left = Some(crate::core::order::Left { at, outcome: None });
        }
        let unreached = self.parked.drain(..);
        self.settled
            .extend(unreached.map(|parked| (parked, Pushed::Refused(Refusal::Left))));
        self.changed = true;
    }

    fn announcement(&self, stop: &Stop) -> StageEntered {
        let workflow = self.workflow.as_ref();
        let form = self.row.form.fields.iter();
        StageEntered {
            data_id: stop.data_id,
            token: self.token.clone(),
            tenant: self.tenant.clone(),
            workflow: workflow.map(|w| w.name.clone()).unwrap_or_default(),
            stage: stop.stage.clone(),
            entered_at: stop.entered_at,
            form: form
                .map(|(id, (_, json))| (id.clone(), json.clone()))
                .collect(),
        }
    }

    fn note(self, key: ProcessKey, entered: &mut Entered) {
        let was = |stop: &Stop| {
            self.before
                .iter()
                .find(|b| b.data_id == stop.data_id)
                .cloned()
        };
        for stop in &self.row.stops {
            let before = was(stop);
            if before.is_none() {
                entered.stops.push(Announced {
                    process: key,
                    entered: self.announcement(stop),
                });
            }
            if before.as_ref() != Some(stop) {
                entered.changes.stops.push((key, stop.clone()));
            }
        }
        for (parked, pushed) in self.settled {
            let id = (key, parked.stamp);
            match pushed {
                Pushed::Applied | Pushed::Parked => entered.changes.applied.push(id),
                Pushed::Refused(refusal) => {
                    let refused = of_push(&refusal);
                    let problem = refused.problem();
                    let problem = serde_json::json!(problem).to_string();
                    let refused = (id, refused.reason.name(), problem);
                    entered.changes.refused.push(refused);
                }
            }
        }
        entered.changes.orders.push(OrderChange {
            key,
            version: self.row.version,
            form: self.row.form,
            attachments: self.attachments,
        });
    }
}

impl Refused {
    /// The token is taken by a process of the other kind.
    pub(super) fn other_kind() -> Self {
        let detail = "the token belongs to a process of the other kind; use another token";
        Self {
            reason: Reason::KindMismatch,
            detail: detail.to_owned(),
            errors: Vec::new(),
        }
    }

    /// What people and programs read about it.
    pub(super) fn problem(&self) -> Problem {
        let mut problem = Problem::new(self.reason, self.detail.clone());
        problem.errors.clone_from(&self.errors);
        problem
    }
}

trait Named {
    fn named(&self, opening: Option<&Opening>, version: Option<i32>) -> Option<Arc<Workflow>>;
}

impl Named for Catalog {
    fn named(&self, opening: Option<&Opening>, version: Option<i32>) -> Option<Arc<Workflow>> {
        match (version?, &opening?.workflow) {
            (0, _) | (_, None) => Some(Arc::new(Workflow::plain())),
            (version, Some(name)) => self.get(&(name.clone(), version)).cloned(),
        }
    }
}

fn refused(reason: Reason, field: &str, detail: &str) -> Refused {
    let fault = FieldFault {
        detail: detail.to_owned(),
        pointer: Some(format!("#/data/{field}")),
    };
    Refused {
        reason,
        detail: format!("{field} {detail}"),
        errors: vec![fault],
    }
}

fn misfilled(faults: Vec<form::FormFault>) -> Refused {
    let errors = faults.into_iter().map(|fault| FieldFault {
        pointer: Some(format!("#/data/form/{}", fault.field)),
        detail: fault.detail,
    });
    Refused {
        reason: Reason::InvalidForm,
        detail: "the form is not filled as the workflow asks".to_owned(),
        errors: errors.collect(),
    }
}

fn of_push(refusal: &Refusal) -> Refused {
    match refusal {
        Refusal::Unknown => {
            let detail = "is no stage of this order; look where it stands";
            refused(Reason::UnknownStage, "stage", detail)
        }
        Refusal::Left => {
            let detail = "was left, or will not be reached; look where the order stands";
            refused(Reason::StageLeft, "stage", detail)
        }
        Refusal::Outcome(outcomes) => {
            let detail = format!("must be one of {}", outcomes.join(", "));
            refused(Reason::InvalidField, "outcome", &detail)
        }
        Refusal::Form(faults) => misfilled(faults.clone()),
    }
}
