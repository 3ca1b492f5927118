//! What a push may say, and which visit it leaves.

use super::*;

fn field(id: &str) -> Field {
    Field {
        id: id.to_owned(),
        kind: FieldKind::Text,
        required: false,
    }
}

#[test]
fn a_push_may_fill_in_only_what_the_workflow_knows() {
    let mut workflow = purchase();
    workflow.form.push(field("reason"));
    if let Some(stock) = workflow.stages.get_mut("stock") {
        stock.form.push(field("shelf"));
    }
    for (id, is_known) in [("reason", true), ("shelf", true), ("colour", false)] {
        let mut order = begun(&workflow);
        let pushed = push_form(&mut order, "review", Some("accepted"), id, 2);
        assert_eq!(pushed == Pushed::Applied, is_known, "{id}: {pushed:?}");
    }
    let plain = Workflow::plain();
    let pushed = push_form(&mut begun(&plain), "open", None, "colour", 2);
    assert_eq!(pushed, Pushed::Applied);
}

#[test]
fn a_form_grows_no_longer_than_the_limit() {
    let mut workflow = purchase();
    workflow.form.push(field("text"));
    let mut order = Order {
        form_bytes_max: 1_000,
        ..order(&workflow)
    };
    order.advance(NOW);
    let (fits, one_more) = (1_000 - "text".len(), 1_001 - "text".len());
    let refused = push_form(&mut order, "review", Some("refused"), "text", one_more);
    assert_eq!(refused, Pushed::Refused(PushRefusal::FormTooLong(1_000)));
    let applied = push_form(&mut order, "review", Some("refused"), "text", fits);
    assert_eq!(applied, Pushed::Applied);
    // What replaces a value counts instead of it.
    let again = push_form(&mut order, "review", Some("accepted"), "text", fits);
    assert_eq!(again, Pushed::Applied);
}

fn push_form(
    order: &mut Order<'_>,
    stage: &str,
    outcome: Option<&str>,
    field: &str,
    bytes: usize,
) -> Pushed {
    let text = "x".repeat(bytes - 2);
    let value = Value {
        json: format!("\"{text}\""),
        shape: JsonType::Text(text),
    };
    let push = Push {
        form: BTreeMap::from([(field.to_owned(), value)]),
        ..push(PushTarget::Stage(stage.to_owned()), outcome)
    };
    order.push(&stamp(order.stops.len()), &push, NOW)
}

#[test]
fn of_two_pushes_by_name_one_leaves_the_visit_and_the_other_leaves_no_later_one() {
    let workflow = purchase();
    for by_first in [true, false] {
        let mut order = begun(&workflow);
        let outcomes = ["refused", "accepted"];
        let (winner, other) = match by_first {
            true => (outcomes[0], outcomes[1]),
            false => (outcomes[1], outcomes[0]),
        };
        applies(&mut order, "review", Some(winner));
        let second = push_stage(&mut order, "review", Some(other));
        let is_there_again = by_first;
        // The loop has come back to it: that visit is active, and a push by name leaves it.
        assert_eq!(second == Pushed::Applied, is_there_again);
        if !is_there_again {
            assert_eq!(second, Pushed::Refused(PushRefusal::Left));
        }
    }
    // Between two visits the name alone leaves nothing, and is not kept for the next one either.
    let workflow = away_and_back();
    let mut order = begun(&workflow);
    applies(&mut order, "review", Some("refused"));
    refuses(&mut order, "review", Some("accepted"), PushRefusal::Left);
    let next = Order::data_id(key(), "review", 2);
    let early = push(PushTarget::Stop(next), Some("accepted"));
    assert_eq!(order.push(&stamp(9), &early, NOW), Pushed::Parked);
}

#[test]
fn deadlines_that_lead_around_in_a_circle_stop_where_an_order_has_stopped_enough() {
    let workflow = purchase();
    let mut order = begun(&workflow);
    let mut time_out = || {
        let stop = order.active().next().unwrap().data_id;
        order.time_out(stop, "refused".to_owned(), NOW)
    };
    for _ in 1..STOPS_MAX {
        assert_eq!(time_out(), Pushed::Applied);
    }
    assert_eq!(time_out(), Pushed::Refused(PushRefusal::TooManyStops));
}
