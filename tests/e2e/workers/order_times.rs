//! Orders whose time runs out: stages, whole orders, parked pushes; and who is told of a refusal.

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::ground::{Ground, run, until};
use crate::support::order_story::{Teller, apply, ended};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Audience;
use crate::support::story::TOKEN_MARK;
use crate::support::worker::Worker;

const APPROVAL: &str = r#"
name = "approval"
start = ["ask"]
[stages.ask]
next = { yes = ["pay"], no = [] }
deadline = "1s"
on_deadline = "yes"
[stages.pay]
deadline = "1s"
"#;

const HURRY: &str = r#"
name = "hurry"
start = ["work"]
deadline = "1s"
retention = "1s"
[stages.work]
next = ["rest"]
[stages.rest]
"#;

async fn statuses(ground: &Ground, count: usize) -> Vec<(String, String)> {
    let ended = "select status, code from waybill.process where ended_at is not null";
    until("every order ended", async || {
        let rows = ground.rows(ended).await;
        (rows.len() == count).then(|| rows.iter().map(|r| (r.get(0), r.get(1))).collect())
    })
    .await
}

async fn stop(ground: &Ground, workers: [Worker; 2]) {
    until("an empty outbox", async || {
        let left = ground.number("select count(*) from waybill.outbox").await;
        (left == 0).then_some(())
    })
    .await;
    for worker in workers {
        worker.stop().await;
    }
}

#[test]
fn a_stage_that_lasts_too_long_takes_its_outcome_once_or_ends_the_order() {
    run(async {
        let ground = Ground::shared("stage-deadlines").await;
        apply(&ground, "approval", APPROVAL).await;
        let stages = Audience::of_stages(&ground).await;
        let mut producer = Producer::new(&ground);
        // Two janitors, and nobody who works.
        let workers = [ground.plan().start().await, ground.plan().start().await];
        for n in 0..20 {
            let mut teller = Teller::new(&format!("{TOKEN_MARK}-slow-{n}"));
            teller.tell("order.opened", json!({"workflow_id": "approval"}));
            producer.events(&teller.told).await;
        }
        let expected = ("error".to_owned(), "deadline_exceeded".to_owned());
        assert_eq!(statuses(&ground, 20).await, vec![expected; 20]);
        stop(&ground, workers).await;
        let taken = "select count(*) from waybill.stage where stage = 'ask' and outcome = 'yes'";
        assert_eq!(ground.number(taken).await, 20);
        assert_eq!(
            ground.number("select count(*) from waybill.stage").await,
            40
        );
        let left = "select count(*) from waybill.stage where left_at is null";
        assert_eq!(ground.number(left).await, 0);
        stages.hears(40).await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn an_order_past_its_deadline_ends_and_is_forgotten_when_its_workflow_says_so() {
    run(async {
        let ground = Ground::shared("order-deadline").await;
        apply(&ground, "hurry", HURRY).await;
        let completions = Audience::of_completions(&ground).await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().start().await;
        let token = format!("{TOKEN_MARK}-late");
        let mut teller = Teller::new(&token);
        teller.tell("order.opened", json!({"workflow_id": "hurry"}));
        // It waits for a stage that is never reached.
        teller.push("rest", None, json!({}));
        producer.events(&teller.told).await;
        let heard = until("a completion", async || {
            completions.heard().first().cloned()
        })
        .await;
        assert_eq!(heard.routing_key, "order.error");
        let body: Value = serde_json::from_slice(&heard.body).expect("JSON");
        assert_eq!(body["error"]["code"], "deadline_exceeded");
        let everything = "select (select count(*) from waybill.process)
            + (select count(*) from waybill.stage) + (select count(*) from waybill.parked)
            + (select count(*) from waybill.event)";
        until("nothing of it", async || {
            (ground.number(everything).await == 0).then_some(())
        })
        .await;
        let dead_letters = ground.rows("select reason from waybill.dead_letter").await;
        let reasons: Vec<String> = dead_letters.iter().map(|row| row.get(0)).collect();
        assert_eq!(reasons, ["stage_not_reached"]);
        worker.stop().await;
    });
}

#[test]
fn a_push_that_waits_too_long_is_counted_and_becomes_a_dead_letter_that_can_be_replayed() {
    run(async {
        let ground = Ground::shared("parked").await;
        apply(&ground, "approval", &APPROVAL.replace("1s", "1h")).await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().with("janitor.parked_for", "3s").start().await;
        let token = format!("{TOKEN_MARK}-early");
        let mut teller = Teller::new(&token);
        teller.tell("order.opened", json!({"workflow_id": "approval"}));
        teller.push("pay", None, json!({}));
        producer.events(&teller.told).await;
        until("a parked push in the metrics", async || {
            (worker.metric("waybill_parked_pushes", "").await == 1).then_some(())
        })
        .await;
        let dead_letters =
            "select count(*) from waybill.dead_letter where reason = 'stage_not_reached'";
        until("its letter", async || {
            (ground.number(dead_letters).await == 1).then_some(())
        })
        .await;
        until("none parked", async || {
            (worker.metric("waybill_parked_pushes", "").await == 0).then_some(())
        })
        .await;
        teller.push("ask", Some("yes"), json!({}));
        producer.events(&teller.told[2..]).await;
        producer
            .publish(vec![Message::event(&teller.told[1])])
            .await;
        ended(&ground, 1).await;
        worker.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn whoever_asks_for_an_answer_is_told_why_an_opening_was_refused() {
    run(async {
        let ground = Ground::shared("refused-opening").await;
        let replies = Audience::of_queue(&ground, "refusals").await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().start().await;
        let mut teller = Teller::new(&format!("{TOKEN_MARK}-asked"));
        teller.tell("order.opened", json!({"workflow_id": "never-applied"}));
        let opening = Message::event(&teller.told[0])
            .having(|properties| properties.with_reply_to("refusals".into()));
        producer.publish(vec![opening]).await;
        let heard = until("an answer", async || replies.heard().first().cloned()).await;
        let problem: Value = serde_json::from_slice(&heard.body).expect("JSON");
        assert_eq!(problem["type"], "urn:waybill:problem:unknown_workflow");
        assert_eq!(problem["errors"][0]["pointer"], "#/data/workflow_id");
        let rows = ground.rows("select problem from waybill.dead_letter").await;
        let kept: Value = serde_json::from_str(rows[0].get(0)).expect("JSON");
        assert_eq!(kept, problem);
        worker.stop().await;
    });
}
