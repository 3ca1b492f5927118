//! How a record is merged while its process is open.

use crate::domain::merge::Touched;
use crate::domain::tests::*;

fn named(filename: &str) -> Happening {
    let opening = Opening {
        filename: Some(filename.to_owned()),
        ..Opening::default()
    };
    Happening::Opened(Box::new(opening))
}

#[test]
fn a_process_waits_until_it_is_opened_and_then_runs() {
    let mut world = World::of([event(2, "b", Happening::Step)]);
    assert_eq!(world.status(), Status::Waiting);
    world.batch([event(1, "a", opened(None))]);
    assert_eq!(world.status(), Status::Running);
}

#[test]
fn the_opening_with_the_smallest_stamp_describes_the_process() {
    let (early, late) = (event(1, "b", named("early")), event(2, "a", named("late")));
    for events in [[early.clone(), late.clone()], [late, early]] {
        let world = World::one_by_one(events);
        let (stamp, opening) = world.process.opening.unwrap();
        assert_eq!(opening.filename.as_deref(), Some("early"));
        assert_eq!(stamp.time, at(1));
    }
}

#[test]
fn of_two_openings_at_one_time_sequence_and_then_identity_decide() {
    let bare = |id: &str| event(1, id, named(id));
    let cases = [
        ([bare("b"), bare("a")], "a"),
        ([bare("a"), sequenced(0, bare("b"))], "a"),
        ([sequenced(1, bare("a")), sequenced(0, bare("b"))], "b"),
    ];
    for (events, first) in cases {
        let world = World::of(events);
        let (_, opening) = world.process.opening.unwrap();
        assert_eq!(opening.filename.as_deref(), Some(first));
    }
}

#[test]
fn progress_going_back_changes_nothing() {
    let world = World::of([event(1, "a", progress(7)), event(2, "b", progress(3))]);
    assert_eq!(world.process.done(), 7);
}

#[test]
fn the_total_with_the_greatest_stamp_counts_whichever_event_has_it() {
    let said = |total| Happening::Progress {
        done: None,
        total: Some(total),
    };
    let events = [
        event(3, "c", said(7)),
        event(1, "a", opened(Some(5))),
        event(2, "b", said(9)),
    ];
    let world = World::one_by_one(events);
    assert_eq!(world.process.total(), Some(7));
    assert_eq!(World::new().process.total(), None);
}

#[test]
fn items_count_by_identifier_and_outrank_progress() {
    let events = [
        event(1, "a", progress(50)),
        event(2, "b", items(&[("x", true), ("y", false)])),
        event(3, "c", items(&[("x", true)])),
    ];
    let world = World::of(events);
    assert_eq!(world.process.done(), 2);
    assert_eq!(world.process.items.failed, 1);
}

#[test]
fn the_outcome_with_the_greatest_stamp_is_an_items_outcome() {
    let old = event(1, "a", items(&[("x", false)]));
    let new = event(2, "b", items(&[("x", true)]));
    for events in [[old.clone(), new.clone()], [new, old]] {
        let world = World::one_by_one(events);
        assert!(world.items["x"].0.ok);
        assert_eq!(world.process.items.failed, 0);
    }
}

#[test]
fn inside_one_event_the_last_mention_of_an_item_counts() {
    let world = World::of([event(1, "a", items(&[("x", true), ("x", false)]))]);
    assert_eq!(world.process.items, ItemCounts { seen: 1, failed: 1 });
}

#[test]
fn an_outcome_that_changes_nothing_is_not_written_again() {
    let mut outcomes = Outcomes::default();
    let new = event(2, "b", items(&[("x", true)]));
    outcomes.load("x".to_owned(), true, new.stamp.clone());
    let mut process = World::of([new]).process;
    apply(
        &mut process,
        &mut outcomes,
        &event(1, "a", items(&[("x", false)])),
    );
    assert_eq!(outcomes.into_changed().count(), 0);
    assert_eq!(process.items.failed, 0);
}

#[test]
fn a_line_of_history_touches_nothing_and_progress_only_the_counts() {
    let mut process = World::of([event(0, "o", opened(None))]).process;
    let mut touches = |event| apply(&mut process, &mut Outcomes::default(), &event);
    assert_eq!(touches(event(1, "a", Happening::Step)), Touched::Nothing);
    assert_eq!(touches(event(1, "c", progress(1))), Touched::Counts);
    assert_eq!(touches(event(2, "d", completed(None))), Touched::Whole);
}

#[test]
fn a_repetition_has_no_effect() {
    let twice = [
        event(1, "a", items(&[("x", false)])),
        event(1, "a", items(&[("y", false)])),
    ];
    let world = World::one_by_one(twice);
    assert_eq!(world.process.items.seen, 1);
}

#[test]
fn keys_and_derived_tokens_never_change() {
    let key = ProcessKey::of("acme", "t1").0.to_string();
    assert_eq!(key, "b052ed4a-1ff4-52c7-913d-8e1c81a91d49");
    let token = ProcessKey::derived_token("scanner", "e1");
    assert_eq!(token, "611ae0c8-0d7c-55ac-899f-5de6e97e4a1c");
    assert_ne!(ProcessKey::of("a", "bc"), ProcessKey::of("ab", "c"));
}

#[test]
fn names_lead_back_to_what_they_name() {
    for kind in Kind::ALL {
        assert_eq!(Kind::from_name(kind.name()), Some(kind));
    }
    for status in Status::ALL {
        assert_eq!(Status::from_name(status.name()), Some(status));
    }
    assert_eq!(Kind::from_name("parcel"), None);
    assert_eq!(Status::from_name("lost"), None);
}
