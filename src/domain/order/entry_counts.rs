//! How often a stage is entered, and whether an order can still reach it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use uuid::Uuid;

use super::{Left, Order, PushRefusal, PushTarget, Pushed};
use crate::domain::workflow::{Join, NextStages, Stage};

/// How far ahead of the existing stops a push may name one.
const AHEAD: u32 = 64;

impl Order<'_> {
    pub(super) fn entered(&self, stage: &str) -> u32 {
        count(self.stops.iter().filter(|stop| stop.stage == stage))
    }

    /// When a stage is entered for the first time, the second, …: this follows from the times of
    /// all departures, not from the order in which they were received.
    pub(super) fn entries(&self, name: &str, stage: &Stage) -> Vec<Timestamp> {
        let mut arrivals: Vec<Vec<Timestamp>> = self.arrivals(name).into_values().collect();
        arrivals.iter_mut().for_each(|times| times.sort_unstable());
        let Some(join) = stage.join else {
            let mut all = arrivals.concat();
            all.sort_unstable();
            return all;
        };
        let mut entries = Vec::new();
        loop {
            let nth = arrivals
                .iter()
                .map(|times| times.get(entries.len()).copied());
            let entered = match join {
                Join::All => nth
                    .collect::<Option<Vec<_>>>()
                    .and_then(|times| times.into_iter().max()),
                Join::Any => nth.flatten().min(),
            };
            match entered {
                Some(time) => entries.push(time),
                None => return entries,
            }
        }
    }

    /// When each predecessor was left towards a stage; the start is one of them, named "".
    fn arrivals(&self, name: &str) -> BTreeMap<&str, Vec<Timestamp>> {
        let workflow = self.workflow;
        let mut arrivals = BTreeMap::new();
        if workflow.start.iter().any(|start| start == name) {
            arrivals.insert("", vec![self.opened_at]);
        }
        for (predecessor, stage) in &workflow.stages {
            if stage.next.targets().any(|target| target == name) {
                let stops = self.stops.iter().filter(|stop| stop.stage == *predecessor);
                let left = stops.filter_map(|stop| stop.left.as_ref());
                let towards = left.filter(|left| leads(&stage.next, left, name));
                let times = towards.map(|left| left.at).collect();
                arrivals.insert(predecessor.as_str(), times);
            }
        }
        arrivals
    }

    /// The outcome of a push whose stop is not active.
    pub(super) fn absent(&self, target: &PushTarget) -> Pushed {
        let stages = &self.workflow.stages;
        let stage = match target {
            PushTarget::Stage(name) => stages.get_key_value(name).map(|(name, _)| name),
            PushTarget::Stop(id) if self.stops.iter().any(|stop| stop.data_id == *id) => {
                return Pushed::Refused(PushRefusal::Left);
            }
            PushTarget::Stop(id) => stages.keys().find(|name| self.is_ahead(name, *id)),
        };
        match stage {
            None => Pushed::Refused(PushRefusal::Unknown),
            // A second push for a stop must not leave the next stop at that stage.
            Some(name) if matches!(target, PushTarget::Stage(_)) && self.entered(name) > 0 => {
                Pushed::Refused(PushRefusal::Left)
            }
            Some(name) if self.may_come(name) => Pushed::Parked,
            Some(_) => Pushed::Refused(PushRefusal::Left),
        }
    }

    fn is_ahead(&self, stage: &str, id: Uuid) -> bool {
        let entered = self.entered(stage);
        (entered + 1..=entered + AHEAD).any(|n| Self::data_id(self.process, stage, n) == id)
    }

    /// Whether a stage can still be entered: from an active stop, or by a waiting join.
    fn may_come(&self, name: &str) -> bool {
        let stages = &self.workflow.stages;
        let mut reached: Vec<&str> = Vec::new();
        let waiting = stages.iter().filter(|(name, stage)| {
            stage.join == Some(Join::All)
                && self
                    .arrivals(name)
                    .values()
                    .any(|times| count(times.iter()) > self.entered(name))
        });
        let mut open: Vec<&str> = waiting.map(|(name, _)| name.as_str()).collect();
        open.extend(self.active().flat_map(|stop| {
            let stage = stages.get(&stop.stage);
            stage.into_iter().flat_map(|stage| stage.next.targets())
        }));
        while let Some(next) = open.pop() {
            if next == name {
                return true;
            }
            if !reached.contains(&next) {
                reached.push(next);
                open.extend(stages.get(next).into_iter().flat_map(|s| s.next.targets()));
            }
        }
        false
    }
}

fn leads(next: &NextStages, left: &Left, name: &str) -> bool {
    match next {
        NextStages::All(stages) => stages.iter().any(|stage| stage == name),
        NextStages::ByOutcome(choices) => {
            let chosen = left
                .outcome
                .as_ref()
                .and_then(|outcome| choices.get(outcome));
            chosen.is_some_and(|stages| stages.iter().any(|stage| stage == name))
        }
    }
}

fn count<T>(items: impl Iterator<Item = T>) -> u32 {
    u32::try_from(items.count()).unwrap_or(u32::MAX)
}
