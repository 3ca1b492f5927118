//! How pushes move an order through its workflow.
//!
//! The stops follow from which stops were left, and how: the number of times a stage is entered is
//! a function of its predecessors' departures, so the order in which pushes arrive does not matter,
//! nor which worker applies them.

mod entry_counts;

use jiff::Timestamp;
use uuid::Uuid;

use super::form::{self, Filled, Form, FormFault};
use super::ids::{ProcessKey, Stamp};
use super::workflow::{NextStages, Stage, Workflow};

/// The most stops of an order: an endless loop must end somewhere.
pub const STOPS_MAX: usize = 1_000;

/// One stop of an order at a stage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    /// Its id, computed the same everywhere.
    pub data_id: Uuid,
    /// Its stage.
    pub stage: String,
    /// Its number at this stage, from 1.
    pub number: u32,
    /// When it was entered, by the time of the events that led here.
    pub entered_at: Timestamp,
    /// When a worker applied that.
    pub seen_at: Timestamp,
    /// Its deadline, counted from `seen_at`.
    pub due_at: Option<Timestamp>,
    /// How it was left.
    pub left: Option<Left>,
}

/// How a stop was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// When, by the push; without a push its deadline.
    pub at: Timestamp,
    /// When a worker applied that.
    pub seen_at: Timestamp,
    /// The outcome.
    pub outcome: Option<String>,
}

/// The event that moves an order on.
#[derive(Debug, Clone, PartialEq)]
pub struct Push {
    /// Which stop it leaves.
    pub target: PushTarget,
    /// The outcome of the stop.
    pub outcome: Option<String>,
    /// What it adds to the form.
    pub form: Filled,
}

/// Which stop a push leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushTarget {
    /// The stop with this id.
    Stop(Uuid),
    /// The oldest active stop at this stage.
    Stage(String),
}

/// A parked push.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// The event's stamp.
    pub stamp: Stamp,
    /// The push.
    pub push: Push,
}

/// The outcome of a push.
#[derive(Debug, Clone, PartialEq)]
pub enum Pushed {
    /// It left a stop.
    Applied,
    /// Its stop may still be entered.
    Parked,
    /// It can't be applied, now or later.
    Refused(PushRefusal),
}

/// Why a push can't be applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PushRefusal {
    /// The workflow has no such stage, the order no such stop.
    Unknown,
    /// The stop was left, and the order does not come back there.
    Left,
    /// The order ended before it reached the stop.
    Ended,
    /// The order has the maximum number of stops.
    TooManyStops,
    /// The stage continues by outcome, and the push's is none of these.
    Outcome(Vec<String>),
    /// The form does not match the stage's.
    Form(Vec<FormFault>),
    /// The form of the order would be longer than this.
    FormTooLong(usize),
}

/// Limits of an order.
#[derive(Debug, Clone, Copy, Default)]
pub struct OrderLimits {
    /// The longest form, in bytes.
    pub form_bytes: usize,
    /// The most parked pushes.
    pub parked_pushes: usize,
}

/// An order on its way through its workflow.
#[derive(Debug, Clone, PartialEq)]
pub struct Order<'a> {
    /// The key of its process.
    pub process: ProcessKey,
    /// Its workflow.
    pub workflow: &'a Workflow,
    /// When it was opened: the time of the earliest opening.
    pub opened_at: Timestamp,
    /// Every stop so far, each stage's in the order of their numbers.
    pub stops: Vec<Stop>,
    /// Its form.
    pub form: Form,
    /// The most bytes of the form.
    pub form_bytes_max: usize,
}

impl Order<'_> {
    /// The id of a stop.
    #[must_use]
    pub fn data_id(process: ProcessKey, stage: &str, number: u32) -> Uuid {
        let name = format!("{stage}\n{number}");
        Uuid::new_v5(&process.0, name.as_bytes())
    }

    /// Enters every stage that is due, and sets each stop's time to that of the departure that led
    /// to it.
    pub fn advance(&mut self, now: Timestamp) {
        let workflow = self.workflow;
        for (name, stage) in &workflow.stages {
            for (number, entered_at) in (1..).zip(self.entries(name, stage)) {
                let mut stops = self.stops.iter_mut();
                match stops.find(|stop| stop.number == number && stop.stage == *name) {
                    Some(stop) => stop.entered_at = entered_at,
                    None => self.stops.push(Stop {
                        entered_at,
                        ..self.stop(name, stage, number, now)
                    }),
                }
            }
        }
    }

    fn stop(&self, name: &str, stage: &Stage, number: u32, now: Timestamp) -> Stop {
        let deadline = stage.deadline.as_ref();
        Stop {
            data_id: Self::data_id(self.process, name, number),
            stage: name.to_owned(),
            number,
            entered_at: now,
            seen_at: now,
            due_at: deadline.and_then(|deadline| now.saturating_add(deadline.after).ok()),
            left: None,
        }
    }

    /// Applies a push if its stop is active, and enters the next stages.
    pub fn push(&mut self, stamp: &Stamp, push: &Push, now: Timestamp) -> Pushed {
        let count = self.stops.len();
        let active = self.stops.iter_mut().filter(|stop| stop.left.is_none());
        let stop = match &push.target {
            PushTarget::Stop(id) => active.into_iter().find(|stop| stop.data_id == *id),
            PushTarget::Stage(name) => active.into_iter().find(|stop| stop.stage == *name),
        };
        let Some(stop) = stop else {
            return self.absent(&push.target);
        };
        if count >= STOPS_MAX {
            return Pushed::Refused(PushRefusal::TooManyStops);
        }
        if let Some(stage) = self.workflow.stages.get(&stop.stage)
            && let Some(refusal) = unfit(self.workflow, stage, push)
        {
            return Pushed::Refused(refusal);
        }
        if self.form.bytes_with(&push.form) > self.form_bytes_max {
            return Pushed::Refused(PushRefusal::FormTooLong(self.form_bytes_max));
        }
        stop.left = Some(Left {
            at: stamp.time,
            seen_at: now,
            outcome: push.outcome.clone(),
        });
        self.form.merge(stamp, &push.form);
        self.advance(now);
        Pushed::Applied
    }

    /// Leaves a stop past its deadline with the outcome that its workflow sets.
    pub fn time_out(&mut self, data_id: Uuid, outcome: String, now: Timestamp) -> Pushed {
        if self.stops.len() >= STOPS_MAX {
            return Pushed::Refused(PushRefusal::TooManyStops);
        }
        let stop = self.stops.iter_mut().find(|stop| stop.data_id == data_id);
        if let Some(stop) = stop {
            stop.left = Some(Left {
                at: stop.due_at.unwrap_or(now),
                seen_at: now,
                outcome: Some(outcome),
            });
        }
        self.advance(now);
        Pushed::Applied
    }

    /// Enters due stages and applies parked pushes, in stamp order, until nothing changes any more.
    /// Returns the pushes that are no longer parked, with their outcomes.
    pub fn walk(&mut self, parked: &mut Vec<Parked>, now: Timestamp) -> Vec<(Parked, Pushed)> {
        let mut settled = Vec::new();
        parked.sort_by(|one, other| one.stamp.cmp(&other.stamp));
        self.advance(now);
        loop {
            let before = settled.len();
            for waiting in std::mem::take(parked) {
                match self.push(&waiting.stamp, &waiting.push, now) {
                    Pushed::Parked => parked.push(waiting),
                    pushed => settled.push((waiting, pushed)),
                }
            }
            if settled.len() == before {
                return settled;
            }
        }
    }

    /// The active stops.
    pub fn active(&self) -> impl Iterator<Item = &Stop> {
        self.stops.iter().filter(|stop| stop.left.is_none())
    }
}

/// When an order left the last of these stops, if it has reached the end of its workflow.
#[must_use]
pub fn through(stops: &[Stop]) -> Option<Timestamp> {
    let left = stops.iter().map(|stop| Some(stop.left.as_ref()?.at));
    left.collect::<Option<Vec<_>>>()?.into_iter().max()
}

/// Why a push can't leave a stage, at whichever stop.
#[must_use]
pub fn unfit(workflow: &Workflow, stage: &Stage, push: &Push) -> Option<PushRefusal> {
    if let NextStages::ByOutcome(choices) = &stage.next
        && !push
            .outcome
            .as_ref()
            .is_some_and(|outcome| choices.contains_key(outcome))
    {
        return Some(PushRefusal::Outcome(choices.keys().cloned().collect()));
    }
    let known = |id: &String| stage.form.iter().any(|field| field.id == *id);
    let own: Filled = push
        .form
        .iter()
        .filter(|(id, _)| known(id))
        .map(|(id, value)| (id.clone(), value.clone()))
        .collect();
    let mut faults = form::faults(&stage.form, &own, &[]);
    let unknown = push.form.keys().filter(|id| !workflow.has_field(id));
    faults.extend(unknown.map(|id| FormFault {
        field: id.clone(),
        detail: "is no field of the workflow; its stages define the fields".to_owned(),
    }));
    (!faults.is_empty()).then_some(PushRefusal::Form(faults))
}
