//! Checks whether a graph can be walked: unreachable stages, and joins that never complete.
//!
//! Most flaws follow from the graph alone. `walk` simulates possible orders to find those that end
//! while a join still waits.

mod walk;

use std::collections::{BTreeMap, BTreeSet};

use super::{Join, Predecessor, Workflow};

/// Why not every order of a workflow can reach its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// No way leads from the start to this stage.
    Unreachable {
        /// The stage.
        stage: String,
    },
    /// It has a join, but fewer than two predecessors.
    NeedlessJoin {
        /// The stage.
        stage: String,
    },
    /// It waits for predecessors that are themselves entered only after it.
    Deadlock {
        /// The stage.
        stage: String,
        /// The predecessors it waits for.
        missing: Vec<String>,
    },
    /// An order can end, by pushes alone, while it still waits.
    LeftWaiting {
        /// The stage.
        stage: String,
        /// The predecessors that arrived; `None` is the opening.
        arrived: Vec<Option<String>>,
        /// The predecessors that never arrive.
        missing: Vec<Option<String>>,
        /// Example outcomes that lead there, as stage and outcome.
        outcomes: Vec<(String, String)>,
    },
}

impl Flaw {
    /// The stage it concerns.
    #[must_use]
    pub fn stage(&self) -> &str {
        match self {
            Self::Unreachable { stage }
            | Self::NeedlessJoin { stage }
            | Self::Deadlock { stage, .. }
            | Self::LeftWaiting { stage, .. } => stage,
        }
    }
}

/// Every flaw, by kind. Orders are simulated only if the graph has no other flaws, because those
/// would show up again.
#[must_use]
pub fn flaws(workflow: &Workflow) -> Vec<Flaw> {
    let predecessors = workflow.predecessors();
    let mut flaws = unreachable(workflow);
    flaws.extend(needless_joins(workflow, &predecessors));
    flaws.extend(deadlocks(workflow, &predecessors));
    if flaws.is_empty() {
        flaws = walk::left_waiting(workflow);
    }
    flaws.sort();
    flaws
}

type Predecessors<'a> = BTreeMap<&'a str, BTreeSet<Predecessor<'a>>>;

fn unreachable(workflow: &Workflow) -> Vec<Flaw> {
    let mut reached: BTreeSet<&str> = BTreeSet::new();
    let mut ahead: Vec<&str> = workflow.start.iter().map(String::as_str).collect();
    while let Some(name) = ahead.pop() {
        if reached.insert(name)
            && let Some(stage) = workflow.stages.get(name)
        {
            ahead.extend(stage.next.targets());
        }
    }
    let lost = workflow
        .stages
        .keys()
        .filter(|name| !reached.contains(name.as_str()));
    lost.map(|stage| Flaw::Unreachable {
        stage: stage.clone(),
    })
    .collect()
}

fn needless_joins(workflow: &Workflow, predecessors: &Predecessors<'_>) -> Vec<Flaw> {
    let count = |name: &str| predecessors.get(name).map_or(0, BTreeSet::len);
    let needless = workflow
        .stages
        .iter()
        .filter(|(name, stage)| stage.join.is_some() && count(name) < 2);
    needless
        .map(|(stage, _)| Flaw::NeedlessJoin {
            stage: stage.clone(),
        })
        .collect()
}

/// Joins of which a predecessor can't be entered before the join itself. Only joins that some
/// predecessor reaches are named: those behind them wait for the same reason.
fn deadlocks(workflow: &Workflow, predecessors: &Predecessors<'_>) -> Vec<Flaw> {
    let entered = enterable(workflow, predecessors);
    let comes = |from: &Predecessor<'_>| from.is_none_or(|stage| entered.contains(stage));
    let mut flaws = Vec::new();
    for (name, from) in predecessors {
        let joins = workflow.stages.get(*name).and_then(|stage| stage.join) == Some(Join::All);
        if joins && !entered.contains(name) && from.iter().any(comes) {
            let missing = from.iter().filter(|from| !comes(from));
            flaws.push(Flaw::Deadlock {
                stage: (*name).to_owned(),
                missing: missing.flatten().map(|stage| (*stage).to_owned()).collect(),
            });
        }
    }
    flaws
}

/// The stages that can be entered, if every outcome is possible.
fn enterable<'a>(workflow: &Workflow, predecessors: &Predecessors<'a>) -> BTreeSet<&'a str> {
    let mut entered: BTreeSet<&str> = BTreeSet::new();
    loop {
        let before = entered.len();
        for (name, from) in predecessors {
            let join = workflow.stages.get(*name).and_then(|stage| stage.join);
            let mut comes = from
                .iter()
                .map(|from| from.is_none_or(|stage| entered.contains(stage)));
            let enters = match join {
                Some(Join::All) => comes.all(|comes| comes),
                Some(Join::Any) | None => comes.any(|comes| comes),
            };
            if enters {
                entered.insert(*name);
            }
        }
        if entered.len() == before {
            return entered;
        }
    }
}
