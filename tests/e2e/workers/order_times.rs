//! Deadlines of stages, of whole orders and of parked pushes; and replies to refused openings.

use serde_json::{Value, json};

use crate::support::checker;
use crate::support::ground::{Ground, assert_rows, holds, reaches, until};
use crate::support::order_story::{OrderEvents, apply, ended};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Recorder;
use crate::support::story::TOKEN_MARK;
use crate::support::worker::{Worker, stop_all};

const APPROVAL: &str = r#"
name = "approval"
start = ["approve"]
[stages]
approve = { next = { yes = ["pay"], no = [] }, deadline = "1s", on_deadline = "yes" }
pay = { deadline = "1s" }
"#;

const HURRY: &str = r#"
name = "hurry"
start = ["work"]
deadline = "1s"
retention = "1s"
[stages]
work = { next = ["rest"] }
rest = {}
"#;

async fn statuses(ground: &Ground, count: usize) -> Vec<(String, String)> {
    let ended = "select status, code from waybill.process where ended_at is not null";
    until("every order ended", async || {
        let statuses = ground.pairs(ended).await;
        (statuses.len() == count).then_some(statuses)
    })
    .await
}

async fn stop(ground: &Ground, workers: [Worker; 2]) {
    reaches(ground, "outbox", 0).await;
    stop_all(workers).await;
}

#[test]
fn a_stage_past_its_deadline_applies_its_outcome_once_or_ends_the_order() {
    Ground::test("stage-deadlines", async |ground| {
        apply(&ground, "approval", APPROVAL).await;
        let stages = Recorder::of_stages(&ground).await;
        let mut producer = Producer::new(&ground);
        // Two janitors, and no one who pushes.
        let workers = [ground.plan().start().await, ground.plan().start().await];
        for n in 0..20 {
            let mut order = OrderEvents::new(&format!("{TOKEN_MARK}-slow-{n}"));
            order.add("order.opened", json!({"workflow_id": "approval"}));
            producer.events(&order.events).await;
        }
        let expected = ("error".to_owned(), "deadline_exceeded".to_owned());
        assert_eq!(statuses(&ground, 20).await, vec![expected; 20]);
        stop(&ground, workers).await;
        let approved = "stage where stage = 'approve' and outcome = 'yes'";
        assert_rows(&ground, approved, 20).await;
        assert_eq!(ground.count("stage").await, 40);
        assert_eq!(ground.count("stage where left_at is null").await, 0);
        stages.receives(40).await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn an_order_past_its_deadline_ends_and_is_deleted_by_its_workflows_retention() {
    Ground::test("order-deadline", async |ground| {
        apply(&ground, "hurry", HURRY).await;
        let completions = Recorder::of_completions(&ground).await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().start().await;
        let token = format!("{TOKEN_MARK}-late");
        let mut order = OrderEvents::new(&token);
        order.add("order.opened", json!({"workflow_id": "hurry"}));
        // It waits for a stage that is never reached.
        order.push("rest", None, json!({}));
        producer.events(&order.events).await;
        let completion = completions.nth(0).await;
        assert_eq!(completion.routing_key, "order.error");
        let body: Value = serde_json::from_slice(&completion.body).expect("JSON");
        assert_eq!(body["error"]["code"], "deadline_exceeded");
        let everything = "select (select count(*) from waybill.process)
            + (select count(*) from waybill.stage) + (select count(*) from waybill.parked)
            + (select count(*) from waybill.event)";
        holds("nothing of it", async || {
            ground.number(everything).await == 0
        })
        .await;
        let reasons = ground.texts("select reason from waybill.dead_letter");
        assert_eq!(reasons.await, ["stage_not_reached"]);
        worker.stop().await;
    });
}

#[test]
fn an_expired_push_is_counted_and_becomes_a_dead_letter_that_can_be_replayed() {
    Ground::test("parked", async |ground| {
        apply(&ground, "approval", &APPROVAL.replace("1s", "1h")).await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().with("janitor.parked_for", "3s").start().await;
        let token = format!("{TOKEN_MARK}-early");
        let mut order = OrderEvents::new(&token);
        order.add("order.opened", json!({"workflow_id": "approval"}));
        order.push("pay", None, json!({}));
        producer.events(&order.events).await;
        worker.counts("waybill_parked_pushes", "", 1).await;
        reaches(&ground, "dead_letter where reason = 'stage_not_reached'", 1).await;
        worker.counts("waybill_parked_pushes", "", 0).await;
        order.push("approve", Some("yes"), json!({}));
        producer.events(&order.events[2..]).await;
        producer
            .publish(vec![Message::event(&order.events[1])])
            .await;
        ended(&ground, 1).await;
        worker.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn a_refused_opening_is_reported_to_its_reply_queue() {
    Ground::test("refused-opening", async |ground| {
        let replies = Recorder::of_queue(&ground, "reply.refusals").await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().start().await;
        let mut order = OrderEvents::new(&format!("{TOKEN_MARK}-refused"));
        order.add("order.opened", json!({"workflow_id": "never-applied"}));
        let opening = Message::event(&order.events[0])
            .having(|properties| properties.with_reply_to("reply.refusals".into()));
        producer.publish(vec![opening]).await;
        let reply = replies.nth(0).await;
        let problem: Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(problem["type"], "urn:waybill:problem:unknown_workflow");
        assert_eq!(problem["errors"][0]["pointer"], "#/data/workflow_id");
        let problems = ground.texts("select problem from waybill.dead_letter");
        let kept: Value = serde_json::from_str(&problems.await[0]).expect("JSON");
        assert_eq!(kept, problem);
        worker.stop().await;
    });
}
