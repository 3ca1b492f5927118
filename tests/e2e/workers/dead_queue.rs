//! Messages that the broker dead-letters become dead letters of Waybill.

use futures_util::StreamExt;
use lapin::options::{BasicConsumeOptions, BasicRejectOptions};

use crate::support::channel::open;
use crate::support::ground;
use crate::support::ground::{Ground, holds};
use crate::support::producer::Message;
use crate::support::scenario::Scenario;
use crate::support::story::step;

const QUEUE: &str = "waybill.events.0";

#[test]
fn rejected_returned_and_expired_messages_become_dead_letters_with_a_reason() {
    Scenario::test("dead-queue", async |mut scenario| {
        let vhost = scenario.ground.vhost();
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
            let event = step(&format!("dead-lettered-{id}"), id);
            Message::bad(id, event.to_line().as_bytes(), reason)
        };
        scenario.publish(vec![lost("rejected", "rejected")]).await;
        refuse(&scenario.ground, 1, false).await;
        scenario
            .publish(vec![lost("often", "delivery_limit")])
            .await;
        refuse(&scenario.ground, 3, true).await;
        let soon = lost("late", "expired").having(|p| p.with_expiration("1".into()));
        scenario.publish(vec![soon]).await;
        holds("all three dead-lettered", async || {
            scenario.ground.ready("waybill.dead").await == Some(3)
        })
        .await;
        let worker = scenario.plan().start().await;
        scenario
            .events(&crate::support::story::stories("beside", 10))
            .await;
        scenario.finish(vec![worker]).await;
        let left = scenario.ground.ready("waybill.dead").await;
        assert_eq!(left, Some(0));
    });
}

/// Consumes deliveries and rejects them.
async fn refuse(ground: &Ground, times: usize, requeue: bool) {
    let (connection, channel) = open(&ground.broker_url).await;
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
