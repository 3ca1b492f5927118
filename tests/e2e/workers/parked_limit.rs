//! The limit of parked pushes per order: those beyond it become dead letters.

use serde_json::json;
use waybill::wire::PlainEvent;

use crate::support::ground::{Ground, reaches};
use crate::support::order_story::{OrderEvents, ended, purchasing};
use crate::support::producer::{Message, Producer};

const PARKED: &str = "parked";
const DEAD_LETTERS: &str = "dead_letter where reason = 'limit_exceeded'";

#[test]
fn early_pushes_beyond_the_limit_are_dead_letters_and_duplicates_count_once() {
    purchasing("parked-limit", async |ground, mut producer| {
        let mut order = early("limited");
        let other = early("other");
        let opening = order.events.pop().expect("it opens last");
        // Three of four fit, in one batch; each comes twice.
        let twice = order.events.iter().chain(&order.events).cloned();
        producer.events(&twice.collect::<Vec<_>>()).await;
        let plan = ground.plan().with("limits.parked_pushes", "3");
        let worker = plan.start().await;
        reaches(&ground, PARKED, 3).await;
        reaches(&ground, DEAD_LETTERS, 1).await;
        // A parked push comes again, marked as a replay; it is not counted as a fourth one.
        let again = order.events.iter().take(3).map(Message::event);
        let marked = again.map(|message| message.having(|p| p.with_priority(1)));
        producer.publish(marked.collect()).await;
        producer.events(&other.events[..3]).await;
        reaches(&ground, PARKED, 6).await;
        assert_eq!(ground.count(DEAD_LETTERS).await, 1);
        let details = "select problem::json ->> 'detail' from waybill.dead_letter";
        let detail = &ground.texts(details).await[0];
        assert!(detail.contains("limits.parked_pushes"), "{detail}");
        assert!(detail.contains("at most 3"), "{detail}");

        producer.events(&[opening]).await;
        reaches(&ground, PARKED, 3).await;
        ground.waybill(&["dead", "replay", "--all"]).ok();
        ended(&ground, 1).await;
        assert_eq!(ground.count(DEAD_LETTERS).await, 0);
        worker.stop().await;
    });
}

/// The pushes of an order, the last stage's after the others, and then its opening.
fn early(token: &str) -> OrderEvents {
    let mut order = OrderEvents::new(token);
    order.push("review", Some("accepted"), json!({}));
    order.push("finance", None, json!({ "centre": "A7" }));
    order.push("stock", None, json!({}));
    order.push("close", None, json!({ "note": "bought" }));
    order.open();
    order
}

#[test]
fn large_early_pushes_are_bounded_by_their_bytes_too() {
    Ground::test("parked-bytes", async |ground| {
        let plan = ground.plan().with("limits.form_bytes", "1KiB");
        let worker = plan.start().await;
        let mut producer = Producer::new(&ground);
        let push = |n: usize| {
            let mut order = OrderEvents::new("large");
            order.push("review", None, json!({ "note": "x".repeat(1_000) }));
            let mut event: PlainEvent = order.events.remove(0);
            event.id = format!("large-{n}");
            event
        };
        producer
            .events(&(0..20).map(push).collect::<Vec<_>>())
            .await;
        reaches(&ground, PARKED, 16).await;
        reaches(&ground, DEAD_LETTERS, 4).await;
        worker.stop().await;
    });
}
