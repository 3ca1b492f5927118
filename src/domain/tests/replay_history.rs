//! Replaying a process up to each of its events gives its state at that event.

use proptest::prelude::*;

use super::convergence::{with_sequence, with_total};
use super::*;
use crate::domain::event::OrderOpening;
use crate::domain::form::{Filled, JsonType, Value};
use crate::domain::order::{Push, PushTarget};
use crate::domain::replay_history::{Past, Was};

/// The current state, in the form that a replay returns.
fn now(world: &World) -> (Process, Vec<Item>) {
    let process = Process {
        ended: None,
        settle_at: None,
        ..world.process.clone()
    };
    let mut items: Vec<_> = world.items.values().map(|(item, _)| item.clone()).collect();
    items.sort_by_key(|item| (item.ok, item.identifier.clone()));
    (process, items)
}

/// The state merged from the start; the last `late` events are late.
fn again(events: &[Event], late: usize) -> Was {
    let mut past = Past::begin("acme".to_owned(), "t1".to_owned(), Kind::Upload);
    let (counted, late) = events.split_at(events.len() - late);
    counted.iter().for_each(|event| past.take(event));
    late.iter()
        .for_each(|event| past.pass(event.stamp.sequence));
    past.stop()
}

fn check_at_every_event(events: &[Event]) {
    let mut world = World::new();
    for count in 1..=events.len() {
        let so_far = &events[..count];
        world.batch(so_far.last().cloned());
        let was = again(so_far, world.late.len());
        assert_eq!((was.process, was.items), now(&world));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_process_is_at_each_event_what_it_was_then(
        events in prop_oneof![with_sequence(), with_total()].prop_shuffle()
    ) {
        check_at_every_event(&events);
    }
}

#[test]
fn a_form_has_the_fields_so_far_and_an_opening_without_attachments_removes_none() {
    let filled = |json: &str| {
        let value = Value {
            json: json.to_owned(),
            shape: JsonType::Number,
        };
        Filled::from([("amount".to_owned(), value)])
    };
    let opened = |form, attachments: Option<&str>| {
        let order = OrderOpening {
            form,
            attachments: attachments.map(str::to_owned),
            files: Vec::new(),
        };
        Happening::Opened(Box::new(Opening {
            order: Some(Box::new(order)),
            ..Opening::default()
        }))
    };
    let push = Push {
        target: PushTarget::Stage("a".to_owned()),
        outcome: None,
        form: filled("2"),
    };
    let events = [
        event(1, "a", opened(filled("1"), Some("[]"))),
        event(3, "b", Happening::Pushed(Box::new(push))),
        event(2, "c", opened(filled("3"), None)),
    ];
    let amount = |count: usize| again(&events[..count], 0).form.fields["amount"].1.clone();
    assert_eq!([amount(1), amount(2), amount(3)], ["1", "2", "2"]);
    assert_eq!(again(&events, 0).attachments.as_deref(), Some("[]"));
}
