//! What the broker gives up on becomes a dead letter like any other.

use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicRejectOptions};

use crate::support::ground;
use crate::support::ground::{Ground, run, until};
use crate::support::producer::Message;
use crate::support::scenario::Trial;
use crate::support::story::step;

const QUEUE: &str = "waybill.events.0";

#[test]
fn what_a_consumer_rejected_or_gave_back_too_often_or_what_expired_is_kept_with_its_reason() {
    run(async {
        let mut trial = Trial::shared("dead-queue").await;
        let vhost = trial.ground.vhost();
        let policy = [
            "set_policy",
            "-p",
            &vhost,
            "limits",
            "^waybill[.]events",
            r#"{"delivery-limit":2}"#,
        ];
        ground::ctl(&policy).await;
        let lost = |id: &str, reason: &str| {
            let event = step(&format!("given-up-{id}"), id);
            Message::bad(id, event.to_line().as_bytes(), reason)
        };
        trial.publish(vec![lost("rejected", "rejected")]).await;
        refuse(&trial.ground, 1, false).await;
        trial.publish(vec![lost("often", "delivery_limit")]).await;
        refuse(&trial.ground, 3, true).await;
        let soon = lost("late", "expired").having(|p| p.with_expiration("1".into()));
        trial.publish(vec![soon]).await;
        until("all three given up", async || {
            (trial.ground.ready("waybill.dead").await == Some(3)).then_some(())
        })
        .await;
        let worker = trial.ground.plan().start().await;
        trial
            .events(&crate::support::story::stories("beside", 10))
            .await;
        trial.conclude(vec![worker]).await;
        let left = trial.ground.ready("waybill.dead").await;
        assert_eq!(left, Some(0));
    });
}

/// Takes deliveries and refuses them.
async fn refuse(ground: &Ground, times: usize, requeue: bool) {
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&ground.broker_url, properties).await;
    let connection = connection.expect("a broker");
    let channel = connection.create_channel().await.expect("a channel");
    let options = BasicConsumeOptions::default();
    let consume = channel.basic_consume(QUEUE.into(), "".into(), options, Default::default());
    let mut stream = consume.await.expect("the queue is there");
    for _ in 0..times {
        let delivery = stream
            .next()
            .await
            .expect("a delivery")
            .expect("a delivery");
        let reject = delivery.reject(BasicRejectOptions { requeue });
        reject.await.expect("an open channel");
    }
    connection.close(200, "OK".into()).await.expect("a goodbye");
}
