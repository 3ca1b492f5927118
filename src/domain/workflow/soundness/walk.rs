//! Simulates the orders of a workflow to find those that end while a join still waits.
//!
//! Only the arrivals from its predecessors decide how often a stage is entered: with `join = "all"`
//! the minimum, with `any` the maximum, without a join their sum. So pushes commute, every order
//! that ends can be simulated with its pushes in a fixed order of stages, and parallel branches
//! need not be interleaved in every way.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::Flaw;
use crate::domain::workflow::{Join, NextStages, Predecessor, Workflow};

/// The most states that are examined; a workflow with more is assumed to be sound beyond them.
const STATES_MAX: usize = 20_000;
/// The greatest count in a state; states beyond it are not examined.
const COUNT_MAX: u8 = 8;

/// The joins that an order can leave waiting, each with the shortest example.
pub(super) fn left_waiting(workflow: &Workflow) -> Vec<Flaw> {
    let joins = |stage: &crate::domain::workflow::Stage| stage.join == Some(Join::All);
    if !workflow.stages.values().any(joins) {
        return Vec::new();
    }
    let mut walk = Walk::new(workflow);
    let mut at = 0;
    while at < walk.visits.len() {
        walk.go_on(at);
        at += 1;
    }
    walk.flaws.into_values().collect()
}

/// The state of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
struct State<'a> {
    /// How often each stage is active.
    active: BTreeMap<&'a str, u8>,
    /// By join and predecessor: how many of its arrivals wait for others (`all`), or how many were
    /// preceded by others and will change nothing (`any`).
    arrivals: BTreeMap<(&'a str, Predecessor<'a>), u8>,
}

/// A state with the push that led to it: its stage, and the outcome where it has a choice.
#[derive(Debug)]
struct Visit<'a> {
    state: State<'a>,
    before: Option<usize>,
    push: Option<(&'a str, &'a str)>,
}

#[derive(Debug)]
struct Walk<'a> {
    workflow: &'a Workflow,
    predecessors: BTreeMap<&'a str, BTreeSet<Predecessor<'a>>>,
    seen: HashSet<State<'a>>,
    visits: Vec<Visit<'a>>,
    flaws: BTreeMap<&'a str, Flaw>,
}

impl<'a> Walk<'a> {
    fn new(workflow: &'a Workflow) -> Self {
        let mut walk = Self {
            workflow,
            predecessors: workflow.predecessors(),
            seen: HashSet::new(),
            visits: Vec::new(),
            flaws: BTreeMap::new(),
        };
        let opened = walk.arrive(State::default(), None, &workflow.start);
        walk.visit(opened, None, None);
        walk
    }

    /// Pushes the first active stage with every outcome.
    fn go_on(&mut self, at: usize) {
        let Some(Visit { state, .. }) = self.visits.get(at) else {
            return;
        };
        let mut state = state.clone();
        let Some((name, count)) = state.active.pop_first() else {
            self.note_waiting(at, &state);
            return;
        };
        if count > 1 {
            state.active.insert(name, count - 1);
        }
        let workflow = self.workflow;
        match workflow.stages.get(name).map(|stage| &stage.next) {
            Some(NextStages::All(targets)) => {
                let after = self.arrive(state, Some(name), targets);
                self.visit(after, Some(at), None);
            }
            Some(NextStages::ByOutcome(choices)) => {
                for (outcome, targets) in choices {
                    let after = self.arrive(state.clone(), Some(name), targets);
                    self.visit(after, Some(at), Some((name, outcome)));
                }
            }
            None => {}
        }
    }

    fn visit(
        &mut self,
        state: Option<State<'a>>,
        before: Option<usize>,
        push: Option<(&'a str, &'a str)>,
    ) {
        let Some(state) = state else { return };
        if self.visits.len() < STATES_MAX && self.seen.insert(state.clone()) {
            self.visits.push(Visit {
                state,
                before,
                push,
            });
        }
    }

    /// The state after a predecessor was left towards these stages; `None` when a count is full.
    fn arrive(
        &self,
        mut state: State<'a>,
        from: Predecessor<'a>,
        targets: &'a [String],
    ) -> Option<State<'a>> {
        for target in targets {
            let target = target.as_str();
            let enters = match self.workflow.stages.get(target)?.join {
                None => true,
                Some(Join::All) => self.arrive_at_all(&mut state, from, target)?,
                Some(Join::Any) => self.arrive_at_any(&mut state, from, target)?,
            };
            if enters {
                add(state.active.entry(target).or_default())?;
            }
        }
        Some(state)
    }

    fn arrive_at_all(
        &self,
        state: &mut State<'a>,
        from: Predecessor<'a>,
        target: &'a str,
    ) -> Option<bool> {
        add(state.arrivals.entry((target, from)).or_default())?;
        let predecessors = self.predecessors.get(target)?;
        let has_come = |from: &Predecessor<'a>| state.arrivals.contains_key(&(target, *from));
        let complete = predecessors.iter().all(has_come);
        if complete {
            for from in predecessors {
                take(&mut state.arrivals, (target, *from));
            }
        }
        Some(complete)
    }

    fn arrive_at_any(
        &self,
        state: &mut State<'a>,
        from: Predecessor<'a>,
        target: &'a str,
    ) -> Option<bool> {
        if take(&mut state.arrivals, (target, from)) {
            return Some(false);
        }
        for other in self.predecessors.get(target)? {
            if *other != from {
                add(state.arrivals.entry((target, *other)).or_default())?;
            }
        }
        Some(true)
    }

    /// Notes the joins that wait in a state without active stages.
    fn note_waiting(&mut self, at: usize, state: &State<'a>) {
        let waiting: BTreeSet<&str> = state.arrivals.keys().map(|(stage, _)| *stage).collect();
        for name in waiting {
            let join = self.workflow.stages.get(name).and_then(|stage| stage.join);
            if join != Some(Join::All) || self.flaws.contains_key(name) {
                continue;
            }
            let predecessors = self.predecessors.get(name).into_iter().flatten();
            let (arrived, missing): (Vec<&Predecessor<'_>>, Vec<_>) =
                predecessors.partition(|from| state.arrivals.contains_key(&(name, **from)));
            let owned = |names: Vec<&Predecessor<'_>>| {
                let names = names.into_iter();
                names.map(|from| from.map(str::to_owned)).collect()
            };
            let flaw = Flaw::LeftWaiting {
                stage: name.to_owned(),
                arrived: owned(arrived),
                missing: owned(missing),
                outcomes: self.outcomes_to(at),
            };
            self.flaws.insert(name, flaw);
        }
    }

    /// The choices that led to a state, first to last.
    fn outcomes_to(&self, at: usize) -> Vec<(String, String)> {
        let mut outcomes = Vec::new();
        let mut place = Some(at);
        while let Some(visit) = place.and_then(|at| self.visits.get(at)) {
            let push = visit.push;
            outcomes.extend(push.map(|(stage, outcome)| (stage.to_owned(), outcome.to_owned())));
            place = visit.before;
        }
        outcomes.reverse();
        outcomes
    }
}

fn add(count: &mut u8) -> Option<()> {
    *count += 1;
    (*count <= COUNT_MAX).then_some(())
}

/// Subtracts one; returns whether there was one.
fn take<K: Ord>(counts: &mut BTreeMap<K, u8>, key: K) -> bool {
    match counts.get_mut(&key) {
        None => false,
        Some(1) => counts.remove(&key).is_some(),
        Some(count) => {
            *count -= 1;
            true
        }
    }
}
