//! Completions without a queue, and replies to `reply_to` queues.

use lapin::options::QueueDeclareOptions;
use serde_json::{Value, json};
use waybill::domain::ProcessKey;

use crate::support::channel::open;
use crate::support::checker;
use crate::support::ground::{Ground, holds, until};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Recorder;
use crate::support::scenario::Scenario;
use crate::support::story::{MARK, SOURCE, stories};

const OUTBOX: &str = "outbox";

#[test]
fn an_unroutable_completion_is_dropped_and_counted_by_default() {
    Ground::test("unroutable", async |ground| {
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().start().await;
        producer.events(&stories("unroutable", 40)).await;
        let noted = "select count(*) from waybill.process where unroutable_at is not null";
        holds("every record noted", async || {
            ground.number(noted).await == 40 && ground.count(OUTBOX).await == 0
        })
        .await;
        let unroutable = "what=\"completion\",result=\"unroutable\"";
        assert_eq!(
            worker.metric("waybill_published_total", unroutable).await,
            40
        );
        let confirmed = "what=\"completion\",result=\"confirmed\"";
        assert_eq!(worker.metric("waybill_published_total", confirmed).await, 0);
        worker.stop().await;
        checker::assert_nothing_leaked(&ground);
    });
}

#[test]
fn an_unroutable_completion_is_kept_with_the_setting_keep() {
    Ground::test("kept", async |ground| {
        let mut producer = Producer::new(&ground);
        let plan = ground.plan().with("outbox.unroutable", "keep");
        let worker = plan.start().await;
        producer.events(&stories("kept", 40)).await;
        worker.counts("waybill_outbox_stuck", "", 40).await;
        assert_eq!(ground.count(OUTBOX).await, 40);
        let recorder = Recorder::of_completions(&ground).await;
        let scenario = Scenario {
            ground,
            producer,
            recorder,
        };
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn an_opening_without_a_token_gets_a_reply_and_a_copy_of_the_completion() {
    Scenario::test("replies", async |scenario| {
        let replies = Recorder::of_queue(&scenario.ground, "reply.all").await;
        let worker = scenario.plan().start().await;
        let mut producer = Producer::new(&scenario.ground);
        let opening = opening("opened-1", "reply.all");
        // A redelivery derives the same token and causes no second reply.
        producer.publish(vec![opening.clone(), opening]).await;
        let token = ProcessKey::derived_token(SOURCE, "opened-1");
        let reply = replies.nth(0).await;
        let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
        assert_eq!(
            (&body["token"], &body["id"]),
            (&json!(token), &json!("opened-1"))
        );
        assert_eq!(reply.token, token);

        producer.publish(vec![ending("ended-1", &token)]).await;
        let copy = replies.nth(1).await;
        let original = scenario.recorder.nth(0).await;
        assert_eq!((copy.id, copy.body), (original.id, original.body));
        worker.stop().await;
        assert_eq!(replies.received().len(), 2);
        checker::assert_nothing_leaked(&scenario.ground);
    });
}

#[test]
fn a_reply_to_a_deleted_queue_is_dropped() {
    Scenario::test("gone-replies", async |scenario| {
        let plan = scenario.plan().with("outbox.unroutable", "keep");
        let worker = plan.start().await;
        let mut producer = Producer::new(&scenario.ground);
        let token = ProcessKey::derived_token(SOURCE, "opened-2");
        let opening = opening("opened-2", "reply.nowhere");
        producer
            .publish(vec![opening, ending("ended-2", &token)])
            .await;
        scenario.recorder.nth(0).await;
        let unroutable = "what=\"reply\",result=\"unroutable\"";
        holds("two dropped replies", async || {
            let dropped = worker.metric("waybill_published_total", unroutable).await;
            dropped == 2 && scenario.ground.count(OUTBOX).await == 0
        })
        .await;
        worker.stop().await;
    });
}

#[test]
fn a_queue_deleted_under_its_consumer_is_declared_again_and_consumed() {
    Scenario::test("deleted-queue", async |mut scenario| {
        let mut worker = scenario.plan().start().await;
        scenario.events(&stories("before", 20)).await;
        scenario.until_idle().await;
        let (_connection, channel) = open(&scenario.ground.broker_url).await;
        let deleted = channel
            .queue_delete("waybill.events.0".into(), Default::default())
            .await;
        deleted.expect("it is there");
        let declare = || {
            let options = QueueDeclareOptions {
                passive: true,
                durable: true,
                ..QueueDeclareOptions::default()
            };
            let name = "waybill.events.0".into();
            channel.queue_declare(name, options, Default::default())
        };
        until("a consumer of a new queue", async || {
            let found = scenario.ground.ready("waybill.events.0").await;
            found.map(|_| ())
        })
        .await;
        worker.ready().await;
        holds("a consumer", async || {
            let queue = declare().await;
            queue.is_ok_and(|queue| queue.consumer_count() > 0)
        })
        .await;
        scenario.events(&stories("after", 20)).await;
        scenario.finish(vec![worker]).await;
    });
}

fn opening(id: &str, reply_to: &str) -> Message {
    let event = json!({
        "id": id, "type": "upload.received", "time": "2026-01-31T12:00:00Z", "source": SOURCE,
        "data": { "filename": MARK, "total": 1 },
    });
    message(id, "upload.received", &event)
        .having(|properties| properties.with_reply_to(reply_to.into()))
}

fn ending(id: &str, token: &str) -> Message {
    let event = json!({
        "id": id, "type": "upload.failed", "token": token, "time": "2026-01-31T12:01:00Z",
        "source": SOURCE, "data": { "message": MARK },
    });
    message(id, "upload.failed", &event)
}

fn message(id: &str, routing_key: &str, event: &Value) -> Message {
    let mut message = Message::bad(id, event.to_string().as_bytes(), "");
    message.reason = None;
    routing_key.clone_into(&mut message.routing_key);
    message
}
