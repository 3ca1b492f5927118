//! Orders: forks, joins, early and late pushes, invalid ones, and the messages to the next systems.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::ground::{Ground, assert_contains, assert_rows, reaches, until};
use crate::support::order_story::{OrderEvents, ended, published, purchasing, walk};
use crate::support::producer::Message;
use crate::support::recorder::Recorder;
use crate::support::story::{TOKEN_MARK, repeated, shuffled};
use crate::support::worker::stop_all;

#[test]
fn hot_orders_in_any_order_on_two_workers_enter_each_stage_once_and_miss_no_join() {
    purchasing("hot-orders", async |ground, mut producer| {
        let completions = Recorder::of_completions(&ground).await;
        let stages = Recorder::of_stages(&ground).await;
        let workers = [ground.plan().start().await, ground.plan().start().await];
        let tokens: Vec<_> = (0..200)
            .map(|n| format!("{TOKEN_MARK}-order-{n}"))
            .collect();
        let events = tokens.iter().flat_map(|token| walk(token)).collect();
        producer.events(&shuffled(repeated(events, 3), 7)).await;
        ended(&ground, 200).await;
        published(&ground).await;
        stop_all(workers).await;
        let first = "stage where number = 1 and left_at is not null";
        assert_rows(&ground, first, 800).await;
        assert_eq!(ground.count("stage").await, 800);
        assert_eq!(ground.count("parked").await, 0);
        assert_eq!(ground.count("dead_letter").await, 0);
        // One message per stop, and one completion per order.
        stages.receives(800).await;
        completions.receives(200).await;
        let mut bodies_by_id: BTreeMap<String, BTreeSet<Vec<u8>>> = BTreeMap::new();
        for copy in stages.received() {
            bodies_by_id.entry(copy.id).or_default().insert(copy.body);
        }
        let once = bodies_by_id.values().all(|bodies| bodies.len() == 1);
        assert!(once, "every copy of a stage message is the same");
        assert_eq!(completions.by_token().len(), 200);
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn next_systems_walk_an_order_from_stage_messages_and_loops_enter_stages_again() {
    purchasing("order-systems", async |ground, mut producer| {
        let stages = Recorder::of_stages(&ground).await;
        let worker = ground.plan().start().await;
        let mut order = OrderEvents::new(&format!("{TOKEN_MARK}-walked"));
        let opening = json!({"workflow_id": "purchase", "form": {"amount": 1}});
        order.add("order.opened", opening);
        producer.events(&order.events).await;
        let expected = ["review", "review", "review", "finance", "stock", "close"];
        let mut ids = BTreeSet::new();
        for (index, _) in expected.iter().enumerate() {
            let message = stages.nth(index).await;
            let body: Value = serde_json::from_slice(&message.body).expect("JSON");
            assert!(ids.insert(body["data_id"].to_string()), "a new data_id");
            let outcome = match (body["stage"].as_str(), index) {
                (Some("review"), 0 | 1) => json!("refused"),
                (Some("review"), _) => json!("accepted"),
                _ => Value::Null,
            };
            let note = json!({"note": "done"});
            let mut data = json!({"data_id": body["data_id"], "form": note});
            if !outcome.is_null() {
                data["outcome"] = outcome;
            }
            order.add("order.pushed", data);
            producer.events(&order.events[index + 1..]).await;
        }
        ended(&ground, 1).await;
        worker.stop().await;
        let stages = "select stage from waybill.stage order by entered_at, stage";
        assert_eq!(ground.texts(stages).await, expected);
    });
}

#[test]
fn an_invalid_opening_is_a_dead_letter_with_every_fault() {
    purchasing("bad-openings", async |ground, mut producer| {
        let worker = ground.plan().start().await;
        let mut unknown = OrderEvents::new(&format!("{TOKEN_MARK}-unknown"));
        unknown.add("order.opened", json!({"workflow_id": "nothing"}));
        let mut empty = OrderEvents::new(&format!("{TOKEN_MARK}-empty"));
        let form = json!({"amount": "much", "colour": "red"});
        empty.add(
            "order.opened",
            json!({"workflow_id": "purchase", "form": form}),
        );
        producer.events(&unknown.events).await;
        producer.events(&empty.events).await;
        let (reasons, problems) = dead_letters(&ground, 2).await;
        assert_eq!(reasons, ["invalid_form", "unknown_workflow"]);
        for pointer in ["#/data/form/amount", "#/data/form/colour"] {
            assert_contains(&problems[0], pointer);
        }
        worker.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn a_push_beside_a_refused_opening_waits_for_a_valid_one() {
    purchasing("second-opening", async |ground, mut producer| {
        let token = format!("{TOKEN_MARK}-corrected");
        let mut misfilled = OrderEvents::new(&token);
        misfilled.add("order.opened", json!({"workflow_id": "purchase"}));
        misfilled.events[0].id.push_str("-misfilled");
        // Before any worker: both are in one batch.
        producer.events(&misfilled.events).await;
        producer.events(&walk(&token)[1..]).await;
        let worker = ground.plan().start().await;
        dead_letters(&ground, 1).await;
        reaches(&ground, "parked", 4).await;
        producer.events(&walk(&token)[..1]).await;
        ended(&ground, 1).await;
        assert_eq!(dead_letters(&ground, 1).await.0, ["invalid_form"]);
        worker.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn an_invalid_push_is_a_dead_letter_and_blocks_no_other() {
    purchasing("bad-pushes", async |ground, mut producer| {
        let worker = ground.plan().start().await;
        let token = format!("{TOKEN_MARK}-good");
        let mut good = walk(&token);
        let last = good.pop().expect("the last push");
        producer.events(&good).await;
        reaches(&ground, "stage where stage = 'close'", 1).await;
        let mut bad = OrderEvents::new(&token);
        bad.events.clone_from(&good);
        bad.push("nowhere", None, json!({}));
        bad.push("review", Some("accepted"), json!({}));
        bad.push("close", None, json!({}));
        let unknown = "00000000-0000-0000-0000-000000000000";
        bad.add("order.pushed", json!({ "data_id": unknown }));
        let bad: Vec<Message> = bad.events[4..].iter().map(Message::event).collect();
        producer.publish(bad).await;
        producer.events(&[last]).await;
        ended(&ground, 1).await;
        let (reasons, _) = dead_letters(&ground, 4).await;
        let expected = [
            "invalid_form",
            "stage_left",
            "unknown_stage",
            "unknown_stage",
        ];
        assert_eq!(reasons, expected);
        worker.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

/// Reasons and problems, once there are `count` dead letters.
async fn dead_letters(ground: &Ground, count: usize) -> (Vec<String>, Vec<String>) {
    let dead_letters = "select reason, problem from waybill.dead_letter order by reason";
    until("every dead letter", async || {
        let read = ground.pairs(dead_letters).await;
        (read.len() == count).then(|| read.into_iter().unzip())
    })
    .await
}
