//! The kind of a record is decided by its opening: what comes before waits, whatever kind it is of.

use proptest::prelude::*;
use proptest::sample::Index;

use super::convergence::{delivered, outcome, with_sequence, with_total};
use crate::domain::tests::*;

/// The same event for the record of an order.
fn of_order(mut event: Event) -> Event {
    event.kind = Kind::Order;
    event.stamp.source = "shop".to_owned();
    event
}

fn misrouted(id: &str) -> Event {
    of_order(event(1, id, items(&[("a", false)])))
}

#[test]
fn an_event_of_the_other_kind_that_comes_first_does_not_take_the_token_over() {
    let upload = [
        event(0, "1", opened(Some(1))),
        event(2, "2", items(&[("a", true)])),
        event(3, "3", completed(None)),
    ];
    let mut world = World::of([misrouted("m")]);
    assert_eq!(world.process.decided_kind(), None);
    upload
        .iter()
        .cloned()
        .for_each(|event| world.batch([event]));
    assert_eq!(world.process.decided_kind(), Some(Kind::Upload));
    assert_eq!(world.status(), Status::Done);
    assert_eq!(world.refused, vec![misrouted("m")]);
}

#[test]
fn what_came_before_the_opening_of_the_other_kind_counts_after_it() {
    let mut world = World::one_by_one([
        misrouted("m"),
        event(2, "2", items(&[("a", true), ("b", true)])),
        event(3, "3", completed(Some(2))),
    ]);
    assert_eq!(world.status(), Status::Waiting);
    world.batch([event(0, "1", opened(None))]);
    assert_eq!(world.status(), Status::Done);
    assert_eq!(world.process.items.seen, 2);
}

#[test]
fn once_it_is_open_an_opening_of_the_other_kind_is_refused() {
    let order = of_order(event(0, "o", opened(None)));
    let world = World::one_by_one([event(5, "u", opened(None)), order.clone()]);
    assert_eq!(world.process.kind, Kind::Upload);
    assert_eq!(world.refused, vec![order]);
}

#[test]
fn what_never_opens_ends_as_what_its_first_event_says() {
    let mut world = World::one_by_one([event(1, "1", completed(None)), misrouted("m")]);
    world.clock(3_600);
    assert_eq!(world.process.decided_kind(), Some(Kind::Upload));
    assert_eq!(
        world.code(),
        Some(crate::domain::completion_rules::INCOMPLETE)
    );
    assert_eq!(world.refused, vec![misrouted("m")]);
}

/// A whole history of an upload, and one of an order with the same token.
fn both() -> impl Strategy<Value = Vec<Event>> {
    let history = || prop_oneof![with_sequence(), with_total()];
    (history(), history(), any::<Index>()).prop_map(|(uploads, orders, cut)| {
        // Of one of them perhaps only a part has been sent.
        let orders = orders.into_iter().map(of_order);
        let sent = cut.index(8);
        let orders: Vec<Event> = orders.take(sent).collect();
        uploads.into_iter().chain(orders).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_kind_that_opens_first_wins_and_nothing_of_the_other_one_is_in_the_record(
        case in both().prop_flat_map(delivered)
    ) {
        let world = outcome(&case);
        let kind = world.process.kind;
        let (own, others): (Vec<_>, Vec<_>) =
            case.events.iter().cloned().partition(|event| event.kind == kind);
        let mut alone = World::of(own);
        alone.clock(3_600);
        // What was late is so in some orders of delivery; the end itself is a function of the set.
        prop_assert_eq!(&world.process.opening, &alone.process.opening);
        prop_assert_eq!(world.status(), alone.status());
        prop_assert_eq!(world.process.items, alone.process.items);
        prop_assert_eq!(&world.items, &alone.items);
        let identity = |event: &Event| (event.stamp.source.clone(), event.stamp.id.clone());
        let refused: BTreeSet<_> = world.refused.iter().map(identity).collect();
        let others: BTreeSet<_> = others.iter().map(identity).collect();
        prop_assert_eq!(refused, others, "each of the other kind became a dead letter");
        prop_assert_eq!(world.refused.len(), world.refused.iter().map(identity).collect::<BTreeSet<_>>().len());
    }
}
