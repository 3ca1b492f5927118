//! When a process ends, and how.

use super::completion::ItemSummary;
use super::completion_rules::{DEADLINE_EXCEEDED, INCOMPLETE};
use crate::domain::tests::*;

fn opening() -> Event {
    event(0, "open", opened(None))
}

fn end(ending: Happening) -> Event {
    event(5, "end", ending)
}

#[test]
fn a_completed_process_is_done_at_the_time_of_its_ending() {
    let world = World::of([opening(), end(completed(None))]);
    assert_eq!(world.status(), Status::Done);
    assert_eq!(world.ended_at(), Some(at(5)));
    assert_eq!(world.causes, [Cause::Ending]);
}

#[test]
fn an_ending_waits_for_the_opening() {
    let mut world = World::of([end(completed(None))]);
    assert_eq!(world.status(), Status::Waiting);
    world.batch([opening()]);
    assert_eq!(world.status(), Status::Done);
}

#[test]
fn a_completed_process_waits_until_its_total_is_reached() {
    let mut world = World::one_by_one([
        event(0, "open", opened(Some(2))),
        end(completed(None)),
        event(1, "a", items(&[("x", true)])),
    ]);
    assert_eq!(world.status(), Status::Running);
    world.batch([event(2, "b", items(&[("y", true)]))]);
    assert_eq!(world.status(), Status::Done);
    assert_eq!(
        world.ended_at(),
        Some(at(5)),
        "when it ended, not when that was received"
    );
}

#[test]
fn progress_reaches_a_total_too() {
    let end = end(completed(Some(3)));
    let mut world = World::one_by_one([opening(), end, event(1, "a", progress(2))]);
    assert_eq!(world.status(), Status::Running);
    world.batch([event(2, "b", progress(3))]);
    assert_eq!(world.status(), Status::Done);
}

#[test]
fn a_total_of_0_is_reached_at_once() {
    let world = World::of([opening(), end(completed(Some(0)))]);
    assert_eq!(world.status(), Status::Done);
}

#[test]
fn more_items_than_the_total_are_no_reason_to_wait() {
    let all = items(&[("x", true), ("y", true)]);
    let world = World::of([opening(), event(1, "a", all), end(completed(Some(1)))]);
    assert_eq!(world.status(), Status::Done);
    assert_eq!(world.process.done(), 2);
}

#[test]
fn an_ending_with_a_sequence_waits_for_all_that_came_before_it() {
    let events = [
        sequenced(0, opening()),
        sequenced(3, end(completed(None))),
        sequenced(2, event(2, "b", Happening::Step)),
    ];
    for ending in [completed(None), failed(), cancelled()] {
        let mut events = events.clone();
        events[1].happening = ending;
        let mut world = World::one_by_one(events);
        assert_eq!(world.status(), Status::Running);
        world.batch([event(3, "unsequenced", Happening::Step)]);
        assert_eq!(world.status(), Status::Running);
        world.batch([sequenced(1, event(1, "a", Happening::Step))]);
        assert!(world.status().is_final());
    }
}

#[test]
fn a_failure_does_not_wait_for_the_total() {
    let world = World::of([event(0, "open", opened(Some(9))), end(failed())]);
    assert_eq!(world.status(), Status::Error);
    assert_eq!(world.code(), Some("unreadable"));
    let ended = world.process.ended.unwrap();
    assert_eq!(ended.message.as_deref(), Some("the file is encrypted"));
}

#[test]
fn a_cancelled_process_is_cancelled_whatever_its_items_say() {
    let world = World::of([
        opening(),
        event(1, "a", items(&[("x", false)])),
        end(cancelled()),
    ]);
    assert_eq!(world.status(), Status::Cancelled);
    assert_eq!(world.code(), None);
    assert_eq!(
        world.process.ended.unwrap().message.as_deref(),
        Some("sent again")
    );
}

#[test]
fn failed_items_make_a_warning_and_only_failed_items_an_error() {
    let cases = [
        (items(&[("x", true), ("y", true)]), Status::Done),
        (items(&[("x", true), ("y", false)]), Status::Warning),
        (items(&[("x", false), ("y", false)]), Status::Error),
        (items(&[]), Status::Done),
    ];
    for (items, status) in cases {
        let world = World::of([opening(), event(1, "a", items), end(completed(None))]);
        assert_eq!(world.status(), status);
    }
}

#[test]
fn of_two_endings_in_one_batch_the_earlier_counts() {
    let world = World::of([
        opening(),
        event(6, "b", cancelled()),
        event(5, "a", failed()),
    ]);
    assert_eq!(world.status(), Status::Error);
    assert_eq!(world.ended_at(), Some(at(5)));
}

#[test]
fn what_comes_after_the_end_is_late_and_changes_nothing() {
    let mut world = World::of([opening(), end(completed(None))]);
    let before = world.process.clone();
    world.batch([
        event(1, "a", items(&[("x", false)])),
        event(2, "b", failed()),
    ]);
    assert_eq!(world.process, before);
    assert_eq!(world.late.len(), 2);
}

#[test]
fn after_the_settle_time_a_process_ends_without_what_is_missing() {
    let short = |ending: Happening| {
        let mut world = World::of([sequenced(0, opening()), sequenced(2, end(ending))]);
        world.clock(3_599);
        assert_eq!(world.status(), Status::Running);
        world.clock(4_000);
        assert_eq!(
            world.ended_at(),
            Some(at(3_600)),
            "when it passed, not when it was noticed"
        );
        assert_eq!(world.causes, [Cause::Settle]);
        world
    };
    let done = short(completed(None));
    assert_eq!(done.end(), (Status::Warning, Some(INCOMPLETE)));
    let failed = short(failed());
    assert_eq!(failed.end(), (Status::Error, Some("unreadable")));
    let cancelled = short(cancelled());
    assert_eq!(cancelled.end(), (Status::Cancelled, Some(INCOMPLETE)));
}

#[test]
fn the_settle_time_is_counted_from_the_ending_and_not_moved_by_what_follows() {
    let mut world = World::of([end(completed(Some(2)))]);
    world.clock(1_800);
    world.batch([opening(), event(1, "a", items(&[("x", true)]))]);
    assert_eq!(world.process.settle_at, Some(at(3_600)));
    world.clock(3_600);
    assert_eq!(world.end(), (Status::Warning, Some(INCOMPLETE)));
}

#[test]
fn a_process_without_an_opening_ends_when_it_has_settled() {
    let mut world = World::of([end(completed(None))]);
    world.clock(3_600);
    assert_eq!(world.end(), (Status::Warning, Some(INCOMPLETE)));
    assert_eq!(world.process.opening, None);
}

#[test]
fn a_process_that_misses_its_deadline_ends_with_an_error() {
    let mut world = World::of([opening()]);
    world.process.deadline_at = Some(at(100));
    world.clock(99);
    assert_eq!(world.status(), Status::Running);
    world.clock(150);
    assert_eq!(world.end(), (Status::Error, Some(DEADLINE_EXCEEDED)));
    assert_eq!(world.ended_at(), Some(at(100)));
    assert_eq!(world.causes, [Cause::Deadline]);
    assert_eq!(world.process.deadline_at, None);
}

#[test]
fn an_ending_in_time_takes_the_deadline_away() {
    let mut world = World::of([opening()]);
    world.process.deadline_at = Some(at(100));
    world.batch([end(completed(None))]);
    world.clock(200);
    assert_eq!(world.status(), Status::Done);
    assert_eq!(world.process.deadline_at, None);
}

#[test]
fn only_an_ended_process_has_a_completion() {
    let mut world = World::of([opening()]);
    assert_eq!(Completion::of(&world.process, ItemSummary::default()), None);
    world.batch([event(90, "end", completed(None))]);
    let completion = Completion::of(&world.process, ItemSummary::default()).unwrap();
    assert_eq!(completion.id, world.process.key.0);
    assert_eq!(completion.opened_at, Some(at(0)));
    assert!((completion.elapsed_seconds() - 90.0).abs() < f64::EPSILON);
}

#[test]
fn a_process_that_ended_before_it_was_opened_took_no_time() {
    let world = World::of([event(9, "open", opened(None)), end(completed(None))]);
    let completion = Completion::of(&world.process, ItemSummary::default()).unwrap();
    assert!(completion.elapsed_seconds().abs() < f64::EPSILON);
}

#[test]
fn a_number_after_that_of_the_ending_does_not_stand_in_for_one_before_it() {
    let history = [
        sequenced(0, event(0, "o", opened(None))),
        sequenced(4, event(6, "beyond", Happening::Step)),
        sequenced(3, end(completed(None))),
        sequenced(1, event(1, "a", Happening::Step)),
    ];
    let mut world = World::one_by_one(history);
    assert!(world.process.ended.is_none());
    world.batch([sequenced(2, event(2, "b", Happening::Step))]);
    assert!(world.process.ended.is_some());
}
