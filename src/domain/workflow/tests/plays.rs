//! The walk finds what playing every order in every way finds, on any graph.

use proptest::prelude::*;

use super::*;

/// An order by definition: how often each way was walked, and each stage left.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Played {
    arrived: BTreeMap<(String, Option<String>), usize>,
    left: BTreeMap<String, usize>,
}

impl Played {
    fn arrive(&mut self, from: Option<&str>, targets: &[String]) {
        for target in targets {
            let way = (target.clone(), from.map(str::to_owned));
            *self.arrived.entry(way).or_default() += 1;
        }
    }

    fn arrivals(&self, workflow: &Workflow, name: &str) -> Vec<usize> {
        let predecessors = workflow.predecessors();
        let from = predecessors.get(name).into_iter().flatten();
        let way = |from: &Option<&str>| (name.to_owned(), from.map(str::to_owned));
        from.map(|from| self.arrived.get(&way(from)).copied().unwrap_or(0))
            .collect()
    }

    fn entries(&self, workflow: &Workflow, name: &str) -> usize {
        let arrivals = self.arrivals(workflow, name).into_iter();
        let entries = match workflow.stages[name].join {
            Some(Join::All) => arrivals.min(),
            Some(Join::Any) => arrivals.max(),
            None => Some(arrivals.sum()),
        };
        entries.unwrap_or(0)
    }

    fn active(&self, workflow: &Workflow, name: &str) -> bool {
        self.entries(workflow, name) > self.left.get(name).copied().unwrap_or(0)
    }

    /// The joins that have more arrivals than entries.
    fn waiting(&self, workflow: &Workflow) -> BTreeSet<String> {
        let joins = workflow.stages.iter();
        let joins = joins.filter(|(_, stage)| stage.join == Some(Join::All));
        let waits = |name: &&String| {
            let entries = self.entries(workflow, name);
            self.arrivals(workflow, name).iter().any(|n| *n > entries)
        };
        joins.map(|(name, _)| name).filter(waits).cloned().collect()
    }
}

/// The joins that some order of up to that number of pushes leaves waiting.
fn played(workflow: &Workflow, pushes_max: usize) -> BTreeSet<String> {
    let mut opened = Played::default();
    opened.arrive(None, &workflow.start);
    let mut waiting = BTreeSet::new();
    let mut orders = BTreeSet::from([opened]);
    for _ in 0..=pushes_max {
        let mut after = BTreeSet::new();
        for order in &orders {
            let mut ended = true;
            for (name, stage) in &workflow.stages {
                if !order.active(workflow, name) {
                    continue;
                }
                ended = false;
                let ways: Vec<&Vec<String>> = match &stage.next {
                    NextStages::All(targets) => vec![targets],
                    NextStages::ByOutcome(choices) => choices.values().collect(),
                };
                for targets in ways {
                    let mut order = order.clone();
                    *order.left.entry(name.clone()).or_default() += 1;
                    order.arrive(Some(name), targets);
                    after.insert(order);
                }
            }
            if ended {
                waiting.extend(order.waiting(workflow));
            }
        }
        orders = after;
    }
    waiting
}

/// The joins that the walk finds waiting; nothing where the graph has other flaws.
fn walked(workflow: &Workflow) -> Option<BTreeSet<String>> {
    let mut waiting = BTreeSet::new();
    for flaw in flaws(workflow) {
        match flaw {
            Flaw::LeftWaiting { stage, .. } => waiting.insert(stage),
            Flaw::Unreachable { .. } | Flaw::NeedlessJoin { .. } | Flaw::Deadlock { .. } => {
                return None;
            }
        };
    }
    Some(waiting)
}

const STAGES: usize = 6;

/// Lists of targets per outcome, and a join, for each stage. Without loops each leads only to
/// later ones.
fn graphs(loops: bool) -> impl Strategy<Value = Workflow> {
    let targets = prop::collection::btree_set(0..STAGES, 0..3);
    let ways = prop::collection::vec(targets, 1..3);
    let join = prop_oneof![Just(None), Just(Some(Join::All)), Just(Some(Join::Any))];
    let start = prop::collection::btree_set(0..2_usize, 1..3);
    let stages = prop::collection::vec((ways, join), STAGES);
    (start, stages).prop_map(move |(start, stages)| graph(&start, &stages, loops))
}

type Shape = (Vec<BTreeSet<usize>>, Option<Join>);

fn graph(start: &BTreeSet<usize>, shapes: &[Shape], loops: bool) -> Workflow {
    let name = |n: usize| format!("s{n}");
    let mut stages = BTreeMap::new();
    for (n, (ways, join)) in shapes.iter().enumerate() {
        let kept = |way: &BTreeSet<usize>| -> Vec<String> {
            let way = way.iter().copied();
            way.filter(|to| loops || *to > n).map(name).collect()
        };
        let next = match ways.as_slice() {
            [way] => NextStages::All(kept(way)),
            ways => {
                let named = ways.iter().enumerate();
                NextStages::ByOutcome(named.map(|(n, way)| (format!("o{n}"), kept(way))).collect())
            }
        };
        stages.insert(name(n), Stage::new(next, *join));
    }
    sound_but_for_joins(Workflow {
        start: start.iter().copied().map(name).collect(),
        stages,
        ..Workflow::plain()
    })
}

/// Without the stages that nothing leads to and the joins that have nothing to join, which most
/// graphs drawn by lot have.
fn sound_but_for_joins(mut workflow: Workflow) -> Workflow {
    for flaw in flaws(&workflow) {
        match &flaw {
            Flaw::Unreachable { stage } => drop(workflow.stages.remove(stage)),
            Flaw::NeedlessJoin { .. } | Flaw::Deadlock { .. } | Flaw::LeftWaiting { .. } => {}
        }
    }
    for flaw in flaws(&workflow) {
        if let Flaw::NeedlessJoin { stage } = &flaw {
            workflow.stages.get_mut(stage).unwrap().join = None;
        }
    }
    workflow
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_loops_the_walk_finds_exactly_what_every_order_shows(workflow in graphs(false)) {
        if let Some(walked) = walked(&workflow) {
            prop_assert_eq!(played(&workflow, 40), walked);
        }
    }

    #[test]
    fn with_loops_the_walk_misses_nothing_that_short_orders_show(workflow in graphs(true)) {
        if let Some(walked) = walked(&workflow) {
            let shown = played(&workflow, 8);
            let missed: Vec<_> = shown.difference(&walked).collect();
            prop_assert!(missed.is_empty(), "{missed:?}");
        }
    }
}
