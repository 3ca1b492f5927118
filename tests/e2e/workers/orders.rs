//! Orders: forks, joins, early and late pushes, invalid ones, and the messages to the next systems.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::ground::{Ground, assert_rows, holds, reaches, run, until};
use crate::support::order_story::{OrderEvents, ended, published, purchasing, walk};
use crate::support::producer::Message;
use crate::support::recorder::Recorder;
use crate::support::story::{TOKEN_MARK, repeated, shuffled};

#[test]
fn hot_orders_in_any_order_on_two_workers_enter_each_stage_once_and_miss_no_join() {
    run(async {
        let (ground, mut producer) = purchasing("hot-orders").await;
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
        for worker in workers {
            worker.stop().await;
        }
        assert_rows(
            &ground,
            "stage where number = 1 and left_at is not null",
            800,
        )
        .await;
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
    run(async {
        let (ground, mut producer) = purchasing("order-systems").await;
        let stages = Recorder::of_stages(&ground).await;
        let worker = ground.plan().start().await;
        let mut order = OrderEvents::new(&format!("{TOKEN_MARK}-walked"));
        let opening = json!({"workflow_id": "purchase", "form": {"amount": 1}});
        order.add("order.opened", opening);
        producer.events(&order.events).await;
        let expected = ["review", "review", "review", "finance", "stock", "close"];
        let mut ids = BTreeSet::new();
        for (index, _) in expected.iter().enumerate() {
            let message = until("a stage", async || stages.received().get(index).cloned()).await;
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
        let rows = ground
            .rows("select stage from waybill.stage order by entered_at, stage")
            .await;
        let stages: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(stages, expected);
    });
}

#[test]
fn an_invalid_opening_is_a_dead_letter_with_every_fault() {
    run(async {
        let (ground, mut producer) = purchasing("bad-openings").await;
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
        let dead_letters = dead_letters(&ground, 2).await;
        let reasons: Vec<&str> = dead_letters
            .iter()
            .map(|(reason, _)| reason.as_str())
            .collect();
        assert_eq!(reasons, ["invalid_form", "unknown_workflow"]);
        for pointer in ["#/data/form/amount", "#/data/form/colour"] {
            assert!(dead_letters[0].1.contains(pointer), "{}", dead_letters[0].1);
        }
        worker.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn a_push_beside_a_refused_opening_waits_for_a_valid_one() {
    run(async {
        let (ground, mut producer) = purchasing("second-opening").await;
        let token = format!("{TOKEN_MARK}-corrected");
        let mut misfilled = OrderEvents::new(&token);
        misfilled.add("order.opened", json!({"workflow_id": "purchase"}));
        misfilled.events[0].id.push_str("-misfilled");
        // Before any worker: both are in one batch.
        producer.events(&misfilled.events).await;
        producer.events(&walk(&token)[1..]).await;
        let worker = ground.plan().start().await;
        dead_letters(&ground, 1).await;
        let parked = "select count(*) from waybill.parked";
        holds("the pushes parked", async || {
            ground.number(parked).await == 4
        })
        .await;
        producer.events(&walk(&token)[..1]).await;
        ended(&ground, 1).await;
        assert_eq!(dead_letters(&ground, 1).await[0].0, "invalid_form");
        worker.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn an_invalid_push_is_a_dead_letter_and_blocks_no_other() {
    run(async {
        let (ground, mut producer) = purchasing("bad-pushes").await;
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
        let dead_letters = dead_letters(&ground, 4).await;
        let reasons: Vec<&str> = dead_letters
            .iter()
            .map(|(reason, _)| reason.as_str())
            .collect();
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
async fn dead_letters(ground: &Ground, count: usize) -> Vec<(String, String)> {
    let dead_letters = "select reason, problem from waybill.dead_letter order by reason";
    until("every dead letter", async || {
        let rows = ground.rows(dead_letters).await;
        let read = rows.iter().map(|row| (row.get(0), row.get(1)));
        (rows.len() == count).then(|| read.collect())
    })
    .await
}
