//! What nobody is there to take, and answers to whoever asked.

use lapin::options::QueueDeclareOptions;
use serde_json::{Value, json};
use waybill::domain::ProcessKey;

use crate::support::checker;
use crate::support::ground::{Ground, run, until};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Audience;
use crate::support::scenario::Trial;
use crate::support::story::{MARK, SOURCE, stories};

const OUTBOX: &str = "select count(*) from waybill.outbox";

#[test]
fn a_completion_that_no_queue_wants_is_dropped_and_counted_by_default() {
    run(async {
        let ground = Ground::shared("unroutable").await;
        let mut producer = Producer::new(&ground);
        let worker = ground.plan().start().await;
        producer.events(&stories("unroutable", 40)).await;
        let noted = "select count(*) from waybill.process where unroutable_at is not null";
        until("every record noted", async || {
            (ground.number(noted).await == 40 && ground.number(OUTBOX).await == 0).then_some(())
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
fn a_completion_that_no_queue_wants_yet_is_kept_where_that_is_asked_for() {
    run(async {
        let ground = Ground::shared("kept").await;
        let mut producer = Producer::new(&ground);
        let worker = ground
            .plan()
            .with("outbox.unroutable", "keep")
            .start()
            .await;
        producer.events(&stories("kept", 40)).await;
        until("every completion set aside", async || {
            let stuck = worker.metric("waybill_outbox_stuck", "").await;
            (stuck == 40).then_some(())
        })
        .await;
        assert_eq!(ground.number(OUTBOX).await, 40);
        let audience = Audience::of_completions(&ground).await;
        let trial = Trial {
            ground,
            producer,
            audience,
        };
        trial.conclude(vec![worker]).await;
    });
}

#[test]
fn an_opening_without_a_token_gets_one_back_and_later_a_copy_of_the_completion() {
    run(async {
        let trial = Trial::shared("replies").await;
        let replies = Audience::of_queue(&trial.ground, "replies").await;
        let worker = trial.ground.plan().start().await;
        let mut producer = Producer::new(&trial.ground);
        let opening = opening("asked-1", "replies");
        // A redelivery derives the same token and asks for no second answer.
        producer.publish(vec![opening.clone(), opening]).await;
        let token = ProcessKey::derived_token(SOURCE, "asked-1");
        let told = until("a token", async || replies.heard().first().cloned()).await;
        let said: Value = serde_json::from_slice(&told.body).expect("JSON");
        assert_eq!(
            (&said["token"], &said["id"]),
            (&json!(token), &json!("asked-1"))
        );
        assert_eq!(told.token, token);

        producer.publish(vec![ending("ended-1", &token)]).await;
        let copy = until("a copy", async || replies.heard().get(1).cloned()).await;
        let original = until("a completion", async || {
            trial.audience.heard().first().cloned()
        })
        .await;
        assert_eq!((copy.id, copy.body), (original.id, original.body));
        worker.stop().await;
        assert_eq!(replies.heard().len(), 2);
        checker::assert_nothing_leaked(&trial.ground);
    });
}

#[test]
fn an_answer_to_a_queue_that_is_gone_is_dropped_and_stops_nobody() {
    run(async {
        let trial = Trial::shared("gone-replies").await;
        let worker = trial
            .ground
            .plan()
            .with("outbox.unroutable", "keep")
            .start()
            .await;
        let mut producer = Producer::new(&trial.ground);
        let token = ProcessKey::derived_token(SOURCE, "asked-2");
        producer
            .publish(vec![
                opening("asked-2", "nowhere"),
                ending("ended-2", &token),
            ])
            .await;
        until("a completion", async || {
            trial.audience.heard().first().cloned()
        })
        .await;
        let unroutable = "what=\"reply\",result=\"unroutable\"";
        until("two dropped answers", async || {
            let dropped = worker.metric("waybill_published_total", unroutable).await;
            (dropped == 2 && trial.ground.number(OUTBOX).await == 0).then_some(())
        })
        .await;
        worker.stop().await;
    });
}

#[test]
fn a_queue_deleted_under_its_consumer_is_made_anew_and_consumed() {
    run(async {
        let mut trial = Trial::shared("deleted-queue").await;
        let mut worker = trial.ground.plan().start().await;
        trial.events(&stories("before", 20)).await;
        trial.rest().await;
        let url = &trial.ground.broker_url;
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(url, properties)
            .await
            .expect("a broker");
        let channel = connection.create_channel().await.expect("a channel");
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
            let found = trial.ground.ready("waybill.events.0").await;
            found.map(|_| ())
        })
        .await;
        worker.ready().await;
        until("a consumer", async || {
            let queue = declare().await.ok()?;
            (queue.consumer_count() > 0).then_some(())
        })
        .await;
        trial.events(&stories("after", 20)).await;
        trial.conclude(vec![worker]).await;
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
