//! The direction of a graph's arrows, for drawing a workflow: forward, or back to an earlier stage.

use std::collections::{BTreeMap, BTreeSet};

use super::{NextStages, Predecessor, Workflow};

/// The arrows of a workflow, and its stages in topological order.
#[derive(Debug, Default)]
pub struct Arrows<'a> {
    back: BTreeSet<(&'a str, &'a str)>,
    parents: BTreeMap<&'a str, Predecessor<'a>>,
    sorted: Vec<&'a str>,
}

impl<'a> Arrows<'a> {
    /// The arrows of a workflow; unreachable stages are left out.
    #[must_use]
    pub fn of(workflow: &'a Workflow) -> Self {
        let mut search = Search {
            workflow,
            on_way: BTreeSet::new(),
            finished: Vec::new(),
            seen: BTreeSet::new(),
            back: BTreeSet::new(),
        };
        for stage in workflow.start.iter().rev() {
            search.visit(stage);
        }
        let mut sorted = search.finished;
        sorted.reverse();
        let mut arrows = Self {
            back: search.back,
            parents: BTreeMap::new(),
            sorted,
        };
        let start = workflow.start.iter();
        arrows
            .parents
            .extend(start.map(|stage| (stage.as_str(), None)));
        // From the start to the ends: the last parent wins.
        for name in &arrows.sorted {
            let next = workflow.stages.get(*name).map(|stage| &stage.next);
            for target in next.into_iter().flat_map(NextStages::targets) {
                if !arrows.back.contains(&(*name, target)) {
                    arrows.parents.insert(target, Some(name));
                }
            }
        }
        arrows
    }

    /// Whether an arrow leads back.
    #[must_use]
    pub fn is_back(&self, from: &str, to: &str) -> bool {
        self.back.contains(&(from, to))
    }

    /// Of a stage's forward predecessors, the one farthest from the start.
    #[must_use]
    pub fn parent(&self, stage: &str) -> Option<Predecessor<'a>> {
        self.parents.get(stage).copied()
    }

    /// The stages in topological order; of several candidates, the one that the workflow names
    /// first.
    #[must_use]
    pub fn sorted(&self) -> &[&'a str] {
        &self.sorted
    }
}

/// A depth-first search, last branches first: these finish first, so the reversed result begins
/// with the first ones.
#[derive(Debug)]
struct Search<'a> {
    workflow: &'a Workflow,
    on_way: BTreeSet<&'a str>,
    finished: Vec<&'a str>,
    seen: BTreeSet<&'a str>,
    back: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> Search<'a> {
    fn visit(&mut self, name: &'a str) {
        if !self.seen.insert(name) {
            return;
        }
        self.on_way.insert(name);
        let next = self.workflow.stages.get(name).map(|stage| &stage.next);
        let targets: Vec<_> = next.into_iter().flat_map(NextStages::targets).collect();
        for target in targets.into_iter().rev() {
            if self.on_way.contains(target) {
                self.back.insert((name, target));
            } else {
                self.visit(target);
            }
        }
        self.on_way.remove(name);
        self.finished.push(name);
    }
}
