//! P3: any order, any repetition, any batches of the same events give the same record.

use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

/// Events of one process, and their deliveries: batches of places in the list.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) events: Vec<Event>,
    pub(super) batches: Vec<Vec<usize>>,
}

fn count() -> impl Strategy<Value = Option<u64>> {
    prop::option::of(0..6_u64)
}

/// Anything but an ending. Items may come again with another outcome, openings too.
fn anything() -> impl Strategy<Value = Happening> {
    let outcomes = prop::collection::vec((select(&NAMES), any::<bool>()), 0..4);
    prop_oneof![
        2 => Just(Happening::Step),
        1 => count().prop_map(opened),
        2 => (count(), count()).prop_map(|(done, total)| Happening::Progress { done, total }),
        4 => outcomes.prop_map(|outcomes| items(&outcomes)),
    ]
}

fn ending() -> impl Strategy<Value = Happening> {
    prop_oneof![
        4 => count().prop_map(completed),
        1 => Just(failed()),
        1 => Just(cancelled()),
    ]
}

/// Gives each happening its identity and a time that need not follow the order of telling.
fn timed(happenings: Vec<Happening>) -> impl Strategy<Value = Vec<Event>> {
    let length = happenings.len();
    let happenings = Just(happenings);
    let times = prop::collection::vec(0..6_i64, length);
    (happenings, times).prop_map(|(happenings, times)| {
        let numbered = happenings.into_iter().zip(times).enumerate();
        numbered
            .map(|(index, (happening, time))| event(time, &index.to_string(), happening))
            .collect()
    })
}

/// Every event has a sequence; that of the ending is the number of events before it.
pub(super) fn with_sequence() -> impl Strategy<Value = Vec<Event>> {
    let happenings = (
        prop::collection::vec(anything(), 0..7),
        any::<Index>(),
        count(),
        ending(),
    );
    let happenings = happenings.prop_map(|(mut happenings, place, total, ending)| {
        happenings.insert(place.index(happenings.len() + 1), opened(total));
        happenings.push(ending);
        happenings
    });
    let number = |(place, event)| sequenced(place as u64, event);
    happenings
        .prop_flat_map(timed)
        .prop_map(move |events| events.into_iter().enumerate().map(number).collect())
}

/// No event has a sequence, but the ending has the total; every item has one outcome.
pub(super) fn with_total() -> impl Strategy<Value = Vec<Event>> {
    let outcomes = prop::collection::vec((any::<bool>(), any::<bool>()), 0..=NAMES.len());
    let happenings = (outcomes, 0..4_usize, any::<bool>()).prop_map(|(outcomes, steps, known)| {
        let total = Some(outcomes.len() as u64);
        let mut happenings = vec![opened(total.filter(|_| known)), completed(total)];
        happenings.extend(vec![Happening::Step; steps]);
        let mut batch = Vec::new();
        for (name, (ok, ends)) in NAMES.into_iter().zip(outcomes) {
            batch.push((name, ok));
            if ends {
                happenings.push(items(&std::mem::take(&mut batch)));
            }
        }
        happenings.push(items(&batch));
        happenings
    });
    happenings.prop_flat_map(timed)
}

/// Every event one to three times, in any order, cut anywhere.
pub(super) fn delivered(events: Vec<Event>) -> impl Strategy<Value = Case> {
    let repeats = prop::collection::vec(1..=3_usize, events.len());
    let deliveries = repeats.prop_flat_map(|repeats| {
        let numbered = repeats.into_iter().enumerate();
        let places = numbered.flat_map(|(place, times)| vec![place; times]);
        let places: Vec<usize> = places.collect();
        let cuts = prop::collection::vec(any::<bool>(), places.len());
        (Just(places).prop_shuffle(), cuts)
    });
    (Just(events), deliveries).prop_map(|(events, (places, cuts))| {
        let mut batches = vec![Vec::new()];
        for (place, cut) in places.into_iter().zip(cuts) {
            if cut {
                batches.push(Vec::new());
            }
            batches.last_mut().unwrap().push(place);
        }
        Case { events, batches }
    })
}

/// The world after all deliveries, and after the settle time where something is missing for good.
pub(super) fn outcome(case: &Case) -> World {
    let mut world = World::new();
    for batch in &case.batches {
        world.batch(batch.iter().map(|&place| case.events[place].clone()));
    }
    world.clock(3_600);
    world.check();
    world
}

/// The expected end, counted from the set of events.
fn expected(events: &[Event]) -> (u64, u64, Status) {
    let mut in_order: Vec<&Event> = events.iter().collect();
    in_order.sort_by(|one, other| one.stamp.cmp(&other.stamp));
    let mut outcomes = BTreeMap::new();
    let (mut progress, mut total, mut status) = (0, None, None);
    for event in in_order {
        match &event.happening {
            Happening::Items(items) => {
                let said = items.iter().map(|item| (item.identifier.clone(), item.ok));
                outcomes.extend(said);
            }
            Happening::Progress { done, total: said } => {
                progress = progress.max(done.unwrap_or(0));
                total = said.or(total);
            }
            Happening::Opened(opening) => total = opening.total.or(total),
            Happening::Completed { total: said } => total = said.or(total),
            Happening::Failed { .. } => status = Some(Status::Error),
            Happening::Cancelled { .. } => status = Some(Status::Cancelled),
            Happening::Step | Happening::Pushed(_) => {}
        }
    }
    let seen = outcomes.len() as u64;
    let failed = outcomes.values().filter(|ok| !**ok).count() as u64;
    let done = if seen > 0 { seen } else { progress };
    let short = total.is_some_and(|total| done < total);
    let counted = match failed {
        0 if short => Status::Warning,
        0 => Status::Done,
        _ if failed == seen => Status::Error,
        _ => Status::Warning,
    };
    (done, failed, status.unwrap_or(counted))
}

fn converges(case: &Case) -> World {
    let mut reference = World::of(case.events.clone());
    reference.clock(3_600);
    let world = outcome(case);
    assert_eq!(world.process, reference.process);
    assert_eq!(world.items, reference.items);
    assert_eq!(world.causes.len(), 1, "it ends once");
    let counts = world.process.items;
    let record = (world.process.done(), counts.failed, world.status());
    assert_eq!(record, expected(&case.events));
    let openings = case.events.iter().filter(|event| event.opens());
    let opened_by = world.process.opening.as_ref().map(|(stamp, _)| stamp);
    assert_eq!(opened_by, openings.map(|event| &event.stamp).min());
    world
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_history_whose_ending_carries_a_sequence_converges(
        case in with_sequence().prop_flat_map(delivered)
    ) {
        let world = converges(&case);
        prop_assert!(world.late.is_empty(), "nothing overtakes the end");
    }

    #[test]
    fn a_history_whose_ending_says_the_total_converges(
        case in with_total().prop_flat_map(delivered)
    ) {
        let world = converges(&case);
        let without_effect = |event: &Event| match &event.happening {
            Happening::Step => true,
            Happening::Items(items) => items.is_empty(),
            _ => false,
        };
        prop_assert!(world.late.iter().all(without_effect), "only lines of history are late");
    }
}
