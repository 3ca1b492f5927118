//! Pictures of the example workflows, and properties of every picture.

use std::collections::BTreeMap;
use std::fmt::Write;

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::graph::Graph;
use super::{Node, Picture, What, of, rows};
use crate::domain::workflow::{NextStages, Stage, Workflow};
use crate::wire::workflow_file::read;

const PURCHASE: &str = include_str!("../../../examples/workflows/purchase.toml");
const INVOICE: &str = include_str!("../../../examples/workflows/invoice.toml");

fn is_drawn(file: &str, expected: &Expect) {
    let workflow = read(file.as_bytes()).expect("it is sound");
    let picture = of(&workflow, 0).expect("it is small");
    let mut text = format!("{} × {}\n", picture.width, picture.height);
    for node in &picture.nodes {
        let Node { what, x, y, .. } = node;
        let _ = writeln!(text, "{what:?} {x} {y} {} × {}", node.width, node.height);
    }
    for arrow in &picture.arrows {
        let (label, (x, y)) = arrow.label.clone().unwrap_or_default();
        let way = if arrow.is_back { "back" } else { "on" };
        let _ = writeln!(text, "{way} to {:?} {label:?} {x} {y}", arrow.tip);
    }
    expected.assert_eq(&text);
}

#[test]
fn branches_a_join_a_choice_and_a_loop_are_placed() {
    is_drawn(
        PURCHASE,
        &expect![[r#"
            770 × 235
            Start 20 97 18 × 18
            Stage("review") 98 89 128 × 35
            Stage("finance") 356 20 128 × 35
            Stage("stock") 356 71 128 × 35
            Stage("buy") 544 36 128 × 52
            Stage("correct") 356 155 128 × 35
            End 356 121 18 × 18
            End 732 53 18 × 18
            on to (98, 106) "" 0 0
            on to (356, 37) "accepted" 291 37
            on to (356, 88) "accepted" 291 88
            on to (356, 130) "refused" 291 130
            on to (356, 172) "unclear" 291 172
            on to (544, 62) "" 0 0
            on to (544, 62) "" 0 0
            on to (732, 62) "" 0 0
            back to (98, 115) "" 0 0
        "#]],
    );
}

#[test]
fn several_outcomes_on_one_way_are_one_arrow() {
    let again = "name = 'w'\nstart = ['a']\n[stages]\na.next = { again = ['a'], more = ['a'], no = [], yes = ['b'], maybe = ['b'] }\nb = {}\n";
    is_drawn(
        again,
        &expect![[r#"
            601 × 121
            Start 20 49 18 × 18
            Stage("a") 98 41 128 × 35
            Stage("b") 375 20 128 × 35
            End 375 70 18 × 18
            End 563 28 18 × 18
            on to (98, 58) "" 0 0
            on to (375, 37) "maybe, yes" 300 37
            on to (375, 79) "no" 300 79
            on to (563, 37) "" 0 0
            back to (98, 67) "again, more" 159 101
        "#]],
    );
}

#[test]
fn ways_that_need_not_cross_do_not() {
    for file in [PURCHASE, INVOICE] {
        let workflow = read(file.as_bytes()).expect("it is sound");
        let mut graph = Graph::of(&workflow, 0).expect("it is small");
        rows::arrange(&mut graph);
        assert_eq!(rows::crossings(&graph), 0);
    }
}

#[test]
fn a_workflow_that_is_too_large_is_not_drawn() {
    let names: Vec<String> = (0..60).map(|n| format!("s{n}")).collect();
    let all = |name: &String| (name.clone(), stage(NextStages::All(names.clone())));
    let tangle = Workflow {
        start: names.clone(),
        stages: names.iter().map(all).collect(),
        ..Workflow::plain()
    };
    assert_eq!(of(&tangle, 0), None);
}

fn stage(next: NextStages) -> Stage {
    Stage {
        next,
        join: None,
        form: Vec::new(),
        deadline: None,
    }
}

/// Workflows of stages with random successors.
fn workflows() -> impl Strategy<Value = Workflow> {
    let targets = || prop::collection::vec(0_usize..12, 0..4);
    let next = prop_oneof![
        targets().prop_map(|targets| NextStages::All(names(&targets))),
        prop::collection::btree_map("[a-c]{1,40}", targets(), 1..4).prop_map(|choices| {
            let choices = choices.into_iter();
            NextStages::ByOutcome(choices.map(|(outcome, to)| (outcome, names(&to))).collect())
        }),
    ];
    prop::collection::vec(next, 12).prop_map(|nexts| {
        let stages = nexts.into_iter().enumerate();
        let stages: BTreeMap<_, _> = stages
            .map(|(n, next)| (format!("s{n}"), stage(next)))
            .collect();
        Workflow {
            start: names(&[0, 1]),
            stages,
            ..Workflow::plain()
        }
    })
}

fn names(numbers: &[usize]) -> Vec<String> {
    numbers.iter().map(|n| format!("s{n}")).collect()
}

fn faults(picture: &Picture<'_>) -> Vec<String> {
    let mut faults = Vec::new();
    for (index, one) in picture.nodes.iter().enumerate() {
        let is_inside = one.x > 0
            && one.y > 0
            && one.x + one.width < picture.width
            && one.y + one.height < picture.height;
        if !is_inside {
            faults.push(format!("outside: {one:?}"));
        }
        for other in picture.nodes.iter().skip(index + 1) {
            let is_beside = one.x + one.width < other.x || other.x + other.width < one.x;
            let is_above = one.y + one.height < other.y || other.y + other.height < one.y;
            if !is_beside && !is_above {
                faults.push(format!("{one:?} covers {other:?}"));
            }
        }
    }
    for arrow in &picture.arrows {
        let (x, y) = arrow.tip;
        let mut nodes = picture.nodes.iter();
        if !nodes.any(|node| node.x == x && (node.y..node.y + node.height).contains(&y)) {
            faults.push(format!("points at nothing: {arrow:?}"));
        }
        let labels = arrow.label.iter();
        faults.extend(labels.filter_map(|(_, (x, y))| {
            let is_inside = (0..picture.width).contains(x) && (0..picture.height).contains(y);
            (!is_inside).then(|| format!("written outside: {arrow:?}"))
        }));
    }
    faults
}

proptest! {
    #[test]
    fn nothing_covers_anything_and_every_arrow_points_at_a_node(workflow in workflows()) {
        let picture = of(&workflow, 1).expect("it is small");
        prop_assert_eq!(faults(&picture), Vec::<String>::new());
        let stages = picture.nodes.iter().filter(|node| matches!(node.what, What::Stage(_)));
        prop_assert!(stages.count() <= workflow.stages.len());
        prop_assert_eq!(of(&workflow, 1), Some(picture));
    }
}
