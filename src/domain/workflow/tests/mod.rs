//! Which graphs can be walked, as sentences.

mod plays;

use super::soundness::{Flaw, flaws};
use crate::domain::workflow::*;

/// A workflow from parts between semicolons: `start a b`, `a -> b c`, `a: yes -> b`, `a &` (joins
/// all), `a |` (any).
fn workflow(graph: &str) -> Workflow {
    let mut start = Vec::new();
    let mut stages: BTreeMap<String, Stage> = BTreeMap::new();
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    for line in graph.split("; ") {
        if let Some(names) = line.strip_prefix("start ") {
            start = words(names);
            continue;
        }
        let (head, targets) = line.split_once("->").unwrap_or((line, ""));
        let (head, outcome) = head
            .split_once(':')
            .map_or((head, None), |(a, b)| (a, Some(b)));
        let mut head = head.split_whitespace();
        let name = head.next().unwrap().to_owned();
        let stage = stages.entry(name);
        let stage = stage.or_insert_with(|| Stage::new(NextStages::All(Vec::new()), None));
        match head.next() {
            Some("&") => stage.join = Some(Join::All),
            Some("|") => stage.join = Some(Join::Any),
            _ => {}
        }
        let Some(outcome) = outcome else {
            stage.next = NextStages::All(words(targets));
            continue;
        };
        if let NextStages::All(_) = stage.next {
            stage.next = NextStages::ByOutcome(BTreeMap::new());
        }
        if let NextStages::ByOutcome(choices) = &mut stage.next {
            choices.insert(outcome.trim().to_owned(), words(targets));
        }
    }
    Workflow {
        start,
        stages,
        ..Workflow::plain()
    }
}

fn sound(graph: &str) {
    assert_eq!(flaws(&workflow(graph)), [], "{graph}");
}

fn waits(graph: &str, stage: &str, missing: &[&str], outcomes: &[(&str, &str)]) {
    let found = flaws(&workflow(graph));
    let [
        Flaw::LeftWaiting {
            stage: at,
            missing: absent,
            outcomes: by,
            ..
        },
    ] = found.as_slice()
    else {
        panic!("{found:?}");
    };
    let absent: Vec<_> = absent
        .iter()
        .map(|name| name.as_deref().unwrap_or("start"))
        .collect();
    let by: Vec<_> = by.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!((at.as_str(), &*absent, &*by), (stage, missing, outcomes));
}

#[test]
fn parallel_branches_that_all_come_back_are_sound() {
    sound("start a; a -> b c d; b -> j; c -> j; d -> e; e -> j; j & -> k; k");
}

#[test]
fn a_join_of_branches_that_exclude_each_other_waits_for_ever() {
    let graph = "start a; a: no -> c; a: yes -> b; b -> j; c -> j; j &";
    waits(graph, "j", &["b"], &[("a", "no")]);
}

#[test]
fn a_branch_that_may_end_early_leaves_its_join_waiting() {
    let graph = "start a; a -> b c; b: ok -> j; b: stop ->; c -> j; j &";
    waits(graph, "j", &["b"], &[("b", "stop")]);
}

#[test]
fn an_any_join_waits_for_no_other_branch() {
    sound("start a; a: no -> c; a: yes -> b; b -> j; c -> j; j |");
    sound("start a b; a -> j; b -> j; j | -> k; k");
}

#[test]
fn an_any_join_is_entered_once_by_two_branches() {
    // Entered twice it would leave one arrival too many at the second join.
    sound("start a b c; a -> j; b -> j; j | -> k; c -> k; k &");
    let twice = "start a b c; a -> j; b -> j; j -> k; c -> k; k &";
    waits(twice, "k", &["c"], &[]);
}

#[test]
fn a_loop_through_the_whole_fork_is_sound() {
    sound("start a; a -> b c; b -> j; c -> j; j &: again -> a; j: done ->");
}

#[test]
fn a_loop_back_into_one_branch_starves_the_join() {
    let graph = "start a; a -> b c; b -> j; c -> j; j &: again -> b; j: done ->";
    waits(graph, "j", &["c"], &[("j", "again")]);
}

#[test]
fn a_start_stage_may_join_the_opening_with_a_branch() {
    sound("start a j; a -> j; j &");
}

#[test]
fn a_join_that_waits_for_what_comes_after_it_is_a_deadlock() {
    let found = flaws(&workflow("start a; a -> j; j & -> b; b -> j"));
    let deadlock = Flaw::Deadlock {
        stage: "j".to_owned(),
        missing: vec!["b".to_owned()],
    };
    assert_eq!(found, [deadlock]);
}

#[test]
fn stages_that_nothing_leads_to_are_found_with_what_only_they_lead_to() {
    let found = flaws(&workflow("start a; a; b -> c; c -> b"));
    let stages: Vec<_> = found.iter().map(Flaw::stage).collect();
    assert_eq!(stages, ["b", "c"]);
}

#[test]
fn a_join_needs_two_predecessors() {
    let found = flaws(&workflow("start a; a: x -> b; a: y -> b; b |"));
    assert!(matches!(found.as_slice(), [Flaw::NeedlessJoin { stage }] if stage == "b"));
}

#[test]
fn a_loop_that_breeds_branches_is_given_up_in_time() {
    sound("start a; a: more -> a b c; a: done -> b c; b -> j; c -> j; j &");
    let wide: Vec<String> = (0..199).map(|n| format!("s{n} -> j")).collect();
    let names: Vec<String> = (0..199).map(|n| format!("s{n}")).collect();
    let (names, wide) = (names.join(" "), wide.join("; "));
    sound(&format!("start {names}; j &; {wide}"));
}
