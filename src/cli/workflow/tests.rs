//! Drawings and lists of workflows, for the samples and for small graphs.

use expect_test::{Expect, expect};
use proptest::prelude::*;

use super::{details, dot, drawing, list};
use crate::domain::workflow::Workflow;
use crate::store::admin::workflow::ListedWorkflow;
use crate::wire::workflow_file::read;

const PURCHASE: &str = include_str!("../../../examples/workflows/purchase.toml");
const INVOICE: &str = include_str!("../../../examples/workflows/invoice.toml");

fn workflow(file: &str) -> Workflow {
    read(file.as_bytes()).expect("it is valid")
}

/// The drawing of a workflow of these stages.
fn draws(start: &str, stages: &str, expected: &Expect) {
    let file = format!("name = 'w'\nstart = {start}\n[stages]\n{stages}");
    expected.assert_eq(&drawing::draw(&workflow(&file)));
}

#[test]
fn branches_a_join_a_choice_and_a_loop_are_drawn() {
    expect![[r#"
        start ─▶ review
        ├─ accepted, at the same time
        │  ├─▶ finance ─▶ buy (below)
        │  └─▶ stock ─▶ buy (joins all of finance, stock) ─▶ end
        ├─ refused ─▶ end
        └─ unclear ─▶ correct ─▶ review (back)
    "#]]
    .assert_eq(&drawing::draw(&workflow(PURCHASE)));
}

#[test]
fn the_examples_show_the_drawing_as_it_is() {
    let readme = include_str!("../../../examples/README.md");
    let drawn = drawing::draw(&workflow(PURCHASE));
    assert!(readme.contains(&drawn), "paste this:\n{drawn}");
}

#[test]
fn arrows_that_meet_without_a_join_are_drawn_once() {
    expect![[r#"
        start ─▶ check
        ├─ approved ─▶ pay (below)
        ├─ escalated ─▶ decide
        │  ├─ approved ─▶ pay ─▶ end
        │  └─ rejected ─▶ end
        └─ rejected ─▶ end
    "#]]
    .assert_eq(&drawing::draw(&workflow(INVOICE)));
}

#[test]
fn several_start_stages_begin_at_the_same_time() {
    draws(
        "['a', 'j']",
        "a.next = ['j']\nj.join = 'any'\nj.next = ['j2']\nj2.next = { again = ['j2'], both = ['c', 'd'], end = [] }\nc = {}\nd = {}\n",
        &expect![[r#"
            start, at the same time
            ├─▶ a ─▶ j (joins any of start, a) ─▶ j2
            │  ├─ again ─▶ j2 (back)
            │  ├─ both, at the same time
            │  │  ├─▶ c ─▶ end
            │  │  └─▶ d ─▶ end
            │  └─ end ─▶ end
            └─▶ j (above)
        "#]],
    );
}

#[test]
fn a_long_chain_continues_on_the_next_line() {
    let chain: String = (0..12)
        .map(|n| format!("stage_{n}.next = ['stage_{}']\n", n + 1))
        .collect();
    draws(
        "['stage_0']",
        &format!("{chain}stage_12 = {{}}\n"),
        &expect![[r#"
            start ─▶ stage_0 ─▶ stage_1 ─▶ stage_2 ─▶ stage_3 ─▶ stage_4
            └─▶ stage_5 ─▶ stage_6 ─▶ stage_7 ─▶ stage_8 ─▶ stage_9 ─▶ stage_10
               └─▶ stage_11 ─▶ stage_12 ─▶ end
        "#]],
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_stage_is_drawn_once_and_referred_to_elsewhere(
        ways in prop::collection::vec(prop::collection::vec(prop::collection::btree_set(0..7_usize, 0..4), 1..4), 7)
    ) {
        let mut file = "name = 'w'\nstart = ['s0', 's1', 's2', 's3', 's4', 's5', 's6']\n".to_owned();
        for (n, ways) in ways.iter().enumerate() {
            file.push_str(&format!("[stages.s{n}.next]\n"));
            for (n, targets) in ways.iter().enumerate() {
                let names: Vec<_> = targets.iter().map(|to| format!("'s{to}'")).collect();
                file.push_str(&format!("o{n} = [{}]\n", names.join(", ")));
            }
        }
        let drawn = drawing::draw(&workflow(&file));
        for n in 0..7 {
            let name = format!("─▶ s{n}");
            let whole = drawn.lines().filter(|line| line.ends_with(&name)).count();
            prop_assert_eq!(whole, 1, "s{} in\n{}", n, drawn);
        }
        let arrows: usize = ways.iter().flatten().map(|targets| targets.len().max(1)).sum();
        prop_assert_eq!(drawn.matches("─▶ ").count(), 7 + arrows, "{}", drawn);
    }
}

#[test]
fn forms_and_durations_are_listed() {
    expect![[r#"

        the order
          ends with an error after 14d
          settle time 1h
          field number: text, required
          field total: number, required
          field due: date
          field scan: file, required

        check
          goes on with escalated after 2d
          field account: text

        decide
          ends the order with an error after 3d

        pay
          ends the order with an error after 5d
          field paid_on: date, required
    "#]]
    .assert_eq(&details::list(&workflow(INVOICE)));
    expect![[r#"

        the order
          ends with an error after 30d
          retention 365d
          field article: text, required
          field amount: number, required
          field urgency: one of low, normal, high
          field offer: file

        buy
          field delivery: date

        correct
          field amount: number, required

        finance
          field cost_centre: text, required

        review
          field comment: text
    "#]]
    .assert_eq(&details::list(&workflow(PURCHASE)));
}

#[test]
fn graphviz_gets_every_arrow() {
    expect![[r#"
        digraph "purchase" {
          rankdir=LR;
          node [shape=box, style=rounded, fontname="sans-serif"];
          edge [fontname="sans-serif", fontsize=10];
          "(start)" [shape=circle, style=filled, fillcolor=black, label="", width=0.2];
          "(end)" [shape=doublecircle, style=dashed, label="", width=0.2];
          "buy" [label="buy\njoins all"];
          "correct" [label="correct"];
          "finance" [label="finance"];
          "review" [label="review"];
          "stock" [label="stock"];
          "(start)" -> "review";
          "buy" -> "(end)";
          "correct" -> "review";
          "finance" -> "buy";
          "review" -> "finance" [label="accepted"];
          "review" -> "stock" [label="accepted"];
          "review" -> "(end)" [label="refused"];
          "review" -> "correct" [label="unclear"];
          "stock" -> "buy";
        }
    "#]]
    .assert_eq(&dot::graph(&workflow(PURCHASE)));
}

#[test]
fn quotes_in_an_outcome_do_not_end_a_label() {
    let file = "name = 'w'\nstart = ['a']\n[stages.a]\nnext = { 'say \"\\no\"' = [] }\n";
    let graph = dot::graph(&workflow(file));
    assert!(graph.contains(r#"[label="say \"\\no\""]"#), "{graph}");
}

#[test]
fn workflows_are_listed_in_columns() {
    let at = "2026-11-22T01:02:03Z".parse().unwrap();
    let listed = |name: &str, version| ListedWorkflow {
        name: name.to_owned(),
        version,
        created_at: at,
        versions: version.into(),
    };
    expect![[r#"
        invoice   version 1     2026-11-22T01:02:03Z  1 version
        purchase  version 12    2026-11-22T01:02:03Z  12 versions
    "#]]
    .assert_eq(&list::render(&[
        listed("invoice", 1),
        listed("purchase", 12),
    ]));
    assert!(list::render(&[]).contains("waybill workflow apply"));
}
