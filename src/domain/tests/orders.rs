//! Orders end the same in whatever order their pushes are delivered, and however often.

mod graphs;
mod pushes;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use proptest::sample::{Index, subsequence};

use self::graphs::{away_and_back, block, purchase, workflow};
use crate::domain::form::{FORM_BYTES_MAX, Form, JsonType, Value};
use crate::domain::order::{
    Order, Parked, Push, PushRefusal, PushTarget, Pushed, STOPS_MAX, Stop, through,
};
use crate::domain::workflow::{Field, FieldKind, NextStages, Workflow};
use crate::domain::{ProcessKey, Stamp};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

fn key() -> ProcessKey {
    ProcessKey::of("default", "order")
}

fn order(workflow: &Workflow) -> Order<'_> {
    Order {
        process: key(),
        workflow,
        opened_at: NOW,
        stops: Vec::new(),
        form: Form::default(),
        form_bytes_max: FORM_BYTES_MAX,
    }
}

/// An order that is open.
fn begun(workflow: &Workflow) -> Order<'_> {
    let mut order = order(workflow);
    order.advance(NOW);
    order
}

/// A push that fills in nothing.
fn push(target: PushTarget, outcome: Option<&str>) -> Push {
    Push {
        target,
        outcome: outcome.map(str::to_owned),
        form: BTreeMap::new(),
    }
}

fn shuffle<T>(all: &mut [T], seed: &[Index]) {
    for place in 0..all.len() {
        let other = seed[place % seed.len()].index(all.len());
        all.swap(place, other);
    }
}

fn stamp(number: usize) -> Stamp {
    Stamp {
        time: NOW + SignedDuration::from_secs(i64::try_from(number).unwrap()),
        sequence: None,
        source: "test".to_owned(),
        id: format!("{number:04}"),
    }
}

/// Walks the order to its end as its users would, choosing with `choices`; what they did.
fn history(workflow: &Workflow, choices: &[Index], by_name: bool) -> Vec<Parked> {
    let mut order = begun(workflow);
    let mut pushes: Vec<Parked> = Vec::new();
    loop {
        let Some(stop) = order.active().next().cloned() else {
            return pushes;
        };
        let choice = choices[pushes.len() % choices.len()];
        let outcome = match &workflow.stages[&stop.stage].next {
            NextStages::All(_) => None,
            NextStages::ByOutcome(choices) => {
                let names: Vec<&String> = choices.keys().collect();
                Some(names[choice.index(names.len())].as_str())
            }
        };
        let target = match by_name {
            true => PushTarget::Stage(stop.stage.clone()),
            false => PushTarget::Stop(stop.data_id),
        };
        let push = push(target, outcome);
        let stamp = stamp(pushes.len());
        assert_eq!(order.push(&stamp, &push, NOW), Pushed::Applied);
        pushes.push(Parked { stamp, push });
    }
}

/// Delivers pushes as they come; `opened` says before which of them the order opens.
fn deliver<'a>(workflow: &'a Workflow, pushes: &[Parked], opened: usize) -> (Order<'a>, usize) {
    let mut order = order(workflow);
    let mut parked = Vec::new();
    let mut seen = BTreeSet::new();
    let mut refused = 0;
    for (index, delivered) in pushes.iter().enumerate() {
        if index == opened {
            refused += count_refused(&order.walk(&mut parked, NOW));
        }
        if !seen.insert(delivered.stamp.id.clone()) {
            continue;
        }
        parked.push(delivered.clone());
        if index >= opened {
            refused += count_refused(&order.walk(&mut parked, NOW));
        }
    }
    refused += count_refused(&order.walk(&mut parked, NOW));
    (order, refused + parked.len())
}

fn count_refused(settled: &[(Parked, Pushed)]) -> usize {
    let refused = |(_, pushed): &&(Parked, Pushed)| matches!(pushed, Pushed::Refused(_));
    settled.iter().filter(refused).count()
}

/// What must be the same: the stops, when each was entered and left, and how.
type Walked = BTreeSet<(String, u32, Timestamp, Option<(Timestamp, Option<String>)>)>;

fn outcome(stops: &[Stop]) -> Walked {
    let left = |stop: &Stop| stop.left.clone().map(|left| (left.at, left.outcome));
    stops
        .iter()
        .map(|stop| (stop.stage.clone(), stop.number, stop.entered_at, left(stop)))
        .collect()
}

proptest! {
    #[test]
    fn an_order_without_loops_ends_the_same_in_any_order_and_repetition(
        block in block(),
        choices in prop::collection::vec(any::<Index>(), 1..8),
        by_name in any::<bool>(),
        seed in prop::collection::vec(any::<Index>(), 64),
        again in subsequence((0..64).collect::<Vec<usize>>(), 0..16),
        opened in any::<Index>(),
    ) {
        let workflow = workflow(&block);
        let pushes = history(&workflow, &choices, by_name);
        let mut shuffled: Vec<Parked> = again
            .iter()
            .filter_map(|place| pushes.get(*place).cloned())
            .chain(pushes.iter().cloned())
            .collect();
        shuffle(&mut shuffled, &seed);
        let (walked, _) = deliver(&workflow, &pushes, 0);
        let (order, unapplied) = deliver(&workflow, &shuffled, opened.index(shuffled.len() + 1));
        prop_assert_eq!(unapplied, 0);
        prop_assert!(through(&order.stops).is_some());
        prop_assert_eq!(outcome(&order.stops), outcome(&walked.stops));
        let ids: BTreeSet<_> = order.stops.iter().map(|stop| stop.data_id).collect();
        prop_assert_eq!(ids.len(), order.stops.len());
    }
}

proptest! {
    #[test]
    fn an_order_with_loops_ends_the_same_in_any_order_by_data_id(
        outcomes in prop::collection::vec(any::<bool>(), 0..12),
        seed in prop::collection::vec(any::<Index>(), 48),
        opened in any::<Index>(),
    ) {
        let workflow = purchase();
        let mut order = begun(&workflow);
        let mut pushes: Vec<Parked> = Vec::new();
        let mut refusals = outcomes.iter();
        while let Some(stop) = last_active(&order) {
            let outcome = match (stop.stage.as_str(), refusals.next()) {
                ("review", Some(true)) => Some("refused"),
                ("review", _) => Some("accepted"),
                _ => None,
            };
            let push = push(PushTarget::Stop(stop.data_id), outcome);
            let stamp = stamp(pushes.len());
            prop_assert_eq!(order.push(&stamp, &push, NOW), Pushed::Applied);
            pushes.push(Parked { stamp, push });
        }
        let mut shuffled = pushes.clone();
        shuffled.extend(pushes.iter().take(3).cloned());
        shuffle(&mut shuffled, &seed);
        let (again, unapplied) = deliver(&workflow, &shuffled, opened.index(shuffled.len() + 1));
        prop_assert_eq!(unapplied, 0);
        prop_assert!(through(&again.stops).is_some());
        prop_assert_eq!(outcome(&again.stops), outcome(&order.stops));
    }
}

fn last_active(order: &Order<'_>) -> Option<Stop> {
    order.active().last().cloned()
}

fn push_stage(order: &mut Order<'_>, stage: &str, outcome: Option<&str>) -> Pushed {
    let push = push(PushTarget::Stage(stage.to_owned()), outcome);
    order.push(&stamp(order.stops.len()), &push, NOW)
}

#[track_caller]
fn applies(order: &mut Order<'_>, stage: &str, outcome: Option<&str>) {
    assert_eq!(push_stage(order, stage, outcome), Pushed::Applied);
}

#[track_caller]
fn refuses(order: &mut Order<'_>, stage: &str, outcome: Option<&str>, refusal: PushRefusal) {
    let pushed = push_stage(order, stage, outcome);
    assert_eq!(pushed, Pushed::Refused(refusal));
}

fn active_stops(order: &Order<'_>) -> Vec<(String, u32)> {
    let active = order.active();
    active.map(|s| (s.stage.clone(), s.number)).collect()
}

#[test]
fn a_loop_stops_at_its_stage_again_with_another_data_id() {
    let workflow = purchase();
    let mut order = begun(&workflow);
    let first = order.stops[0].data_id;
    applies(&mut order, "review", Some("refused"));
    assert_eq!(active_stops(&order), [("review".to_owned(), 2)]);
    assert_ne!(order.stops[1].data_id, first);
    let stale = push(PushTarget::Stop(first), Some("accepted"));
    let pushed = order.push(&stamp(9), &stale, NOW);
    assert_eq!(pushed, Pushed::Refused(PushRefusal::Left));
}

#[test]
fn a_join_is_entered_once_when_its_last_branch_arrives() {
    let workflow = purchase();
    let mut order = begun(&workflow);
    assert_eq!(push_stage(&mut order, "close", None), Pushed::Parked);
    applies(&mut order, "review", Some("accepted"));
    applies(&mut order, "stock", None);
    assert_eq!(active_stops(&order), [("finance".to_owned(), 1)]);
    applies(&mut order, "finance", None);
    assert_eq!(active_stops(&order), [("close".to_owned(), 1)]);
    refuses(&mut order, "finance", None, PushRefusal::Left);
    applies(&mut order, "close", None);
    assert!(through(&order.stops).is_some());
}

#[test]
fn an_unknown_stage_and_a_wrong_outcome_are_refused_and_change_nothing() {
    let workflow = purchase();
    let mut order = begun(&workflow);
    let before = order.clone();
    refuses(&mut order, "nowhere", None, PushRefusal::Unknown);
    let outcomes = vec!["accepted".to_owned(), "refused".to_owned()];
    refuses(
        &mut order,
        "review",
        Some("maybe"),
        PushRefusal::Outcome(outcomes),
    );
    assert_eq!(order, before);
}
