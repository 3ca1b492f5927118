//! What is kept for a time besides ended processes: dead letters, and unopened processes.

use serde_json::json;
use waybill::wire::PlainEvent;

use crate::support::ground::{Ground, holds, reaches, until};
use crate::support::producer::Producer;
use crate::support::story::{event, step, story};

const COUNTED: &str = "select coalesce(sum(value), 0)::bigint from waybill.tally where name = ";

#[test]
fn old_dead_letters_are_deleted_only_with_the_setting() {
    Ground::test("kept-dead-letters", async |ground| {
        ground
            .execute(
                "insert into waybill.dead_letter (id, reason, problem, exchange, routing_key, queue,
                                                  properties, headers, body, received_at)
                 select gen_random_uuid(),
                        case when n % 3 = 0 then 'too_large' else 'undecodable' end, '{}', '', '',
                        '', '{}', '{}', '', now() - n * interval '1 minute'
                 from generate_series(1, 90) n;
                 insert into waybill.tally (name, label, shard, value)
                 select 'dead_letters', reason, 99, count(*) from waybill.dead_letter group by reason",
            )
            .await;
        let plan = ground.plan().roles("janitor");
        let plan = plan
            .with("janitor.interval", "20ms")
            .with("janitor.batch", "7");
        let dead_letters = "select count(*) from waybill.dead_letter";
        let keeping = plan.start().await;
        passes(&ground).await;
        assert_eq!(ground.number(dead_letters).await, 90);
        keeping.stop().await;
        let janitor = plan.with("janitor.dead_letters_kept", "1h").start().await;
        holds("the old ones to be gone", async || {
            ground.number(dead_letters).await == 59
        })
        .await;
        for reason in ["too_large", "undecodable"] {
            let shown = until("the count", async || {
                let part = format!("reason=\"{reason}\"");
                let shown = janitor.metric("waybill_dead_letters", &part).await;
                let left = format!("{dead_letters} where reason = '{reason}'");
                (shown == ground.number(&left).await).then_some(shown)
            })
            .await;
            assert!(shown > 0);
        }
        assert_eq!(ground.number(&format!("{COUNTED}'dead_letters'")).await, 59);
        janitor.stop().await;
    });
}

#[test]
fn an_unopened_process_is_deleted_with_its_pushes_after_its_time() {
    Ground::test("kept-unopened", async |ground| {
        let worker = ground.plan().roles("worker").start().await;
        let mut producer = Producer::new(&ground);
        let mut events = Vec::new();
        for n in 0..40 {
            events.push(step(&format!("never-{n}"), "1"));
            events.push(push(&format!("never-order-{n}")));
            let mut open = story(&format!("open-{n}"), 0);
            open.pop();
            events.extend(open);
        }
        producer.events(&events).await;
        let parked = "parked where type = 'order.pushed'";
        holds("all of them", async || {
            let counts = (ground.count("process").await, ground.count(parked).await);
            counts == (120, 40)
        })
        .await;
        let age = "update waybill.process set created_at = now() - interval '2 hours'
                   where token not like '%9'";
        ground.execute(age).await;
        let plan = ground.plan().roles("janitor");
        let plan = plan
            .with("janitor.interval", "20ms")
            .with("janitor.batch", "5");
        let keeping = plan.start().await;
        passes(&ground).await;
        assert_eq!(ground.count(parked).await, 40);
        keeping.stop().await;
        let janitor = plan.with("process.unopened", "1h").start().await;
        let unopened = "select count(*) from waybill.process where opened_at is null";
        holds("the old ones to be gone", async || {
            ground.number(unopened).await == 8
        })
        .await;
        leaves_no_trace(&ground, unopened).await;
        // The same tokens may still be opened.
        producer.events(&story("never", 0)).await;
        producer.events(&[step("never-0", "2")]).await;
        holds("a new record", async || ground.number(unopened).await == 9).await;
        janitor.stop().await;
        worker.stop().await;
    });
}

async fn leaves_no_trace(ground: &Ground, unopened: &str) {
    let parked = "select count(*) from waybill.parked where type = 'order.pushed'";
    assert_eq!(ground.number(unopened).await, 8);
    for (count, left) in [
        ("select count(*) from waybill.process", 48),
        (parked, 4),
        ("select count(*) from waybill.parked", 8),
        (&format!("{COUNTED}'parked'"), 4),
        (&format!("{COUNTED}'processes_open'"), 48),
        ("select count(*) from waybill.dead_letter", 0),
        ("select count(*) from waybill.tombstone", 0),
        ("select count(*) from waybill.tenant_horizon", 1),
        (
            "select count(*) from waybill.event
             where process not in (select key from waybill.process)",
            0,
        ),
    ] {
        assert_eq!(ground.number(count).await, left, "{count}");
    }
}

/// Waits until a janitor has processed everything.
async fn passes(ground: &Ground) {
    ground
        .execute(
            "insert into waybill.tombstone (key, forgotten_at)
             values (gen_random_uuid(), now() - interval '1000 days')",
        )
        .await;
    reaches(ground, "tombstone", 0).await;
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
}

/// A push of an unopened order.
fn push(token: &str) -> PlainEvent {
    event(token, "1", 0, "order.pushed", json!({ "stage": "review" }))
}
