//! Records with values that only a newer version can read: their events become dead letters, and
//! no other record is affected.

use serde_json::json;
use waybill::wire::PlainEvent;

use crate::support::ground::{Ground, reaches};
use crate::support::order_story::{OrderEvents, PURCHASE, apply};
use crate::support::producer::Producer;
use crate::support::story::{event, step, stories};
use crate::support::worker::Worker;

const REASON: &str = "unreadable_record";
const DEAD_LETTERS: &str = "dead_letter where reason = 'unreadable_record'";
/// The damaged records with all their rows.
const STORED: &str = "select p.token, p::text,
       array(select e::text from waybill.event e where e.process = p.key order by e.pos)::text,
       array(select i::text from waybill.item i where i.process = p.key)::text,
       array(select s::text from waybill.stage s where s.process = p.key order by s.data_id)::text,
       array(select k.event_id from waybill.parked k where k.process = p.key)::text
    from waybill.process p where p.token like 'newer-%' order by p.token";
/// What a newer version may have written, without the constraints of this one.
const DAMAGE: &str = r#"
    alter table waybill.process drop constraint process_status_check;
    update waybill.process set status = 'archived' where token = 'newer-status';
    update waybill.process set total = 5, total_stamp = '2|2026|a' where token = 'newer-stamp';
    update waybill.item set stamp = '2|2026|b';
    update waybill.process set form = '{"amount": {"version": 2}}' where token = 'newer-form';
    insert into waybill.workflow (name, version, source)
        values ('purchase', 2, 'format = 2'), ('future', 1, 'format = 2');
    update waybill.process set workflow_version = 2 where token = 'newer-workflow';
    update waybill.event set data = '{"leaves": ["review"]}' where id = 'newer-parked-0';
    update waybill.stage set due_at = 'infinity' where process =
        (select key from waybill.process where token = 'newer-stop');
"#;
const REPAIR: &str = r#"
    update waybill.process set status = 'running' where token = 'newer-status';
    update waybill.process set total = null, total_stamp = null where token = 'newer-stamp';
    update waybill.item set stamp = '2026-01-01T00:00:00.000000Z' || E'\t-\te2e\ta';
    update waybill.process set form = null where token = 'newer-form';
    delete from waybill.workflow where name = 'future' or version = 2;
    update waybill.process set workflow_version = 1 where token = 'newer-workflow';
    update waybill.event set data = '{"stage": "review", "outcome": "accepted"}'
        where id = 'newer-parked-0';
    update waybill.stage set due_at = null where due_at = 'infinity';
    insert into waybill.workflow (name, version, source)
        values ('future', 1, E'name = "future"\nstart = ["only"]\n[stages.only]\n');
"#;
/// Each damaged record, with a part of the detail of its dead letter.
const DAMAGED: [(&str, &str); 8] = [
    ("newer-form", "form"),
    ("newer-future", "workflow future version 1"),
    ("newer-item", "item.stamp is \"2|2026|b\""),
    ("newer-parked", "parked"),
    ("newer-stamp", "total_stamp is \"2|2026|a\""),
    ("newer-status", "status is \"archived\""),
    ("newer-stop", "due_at"),
    ("newer-workflow", "workflow purchase version 2"),
];

/// The first events of the records, and those that come once the records are damaged.
fn sample_events() -> (Vec<PlainEvent>, Vec<PlainEvent>) {
    let (mut before, mut after) = (Vec::new(), Vec::new());
    for token in ["newer-status", "newer-stamp"] {
        before.push(opened(token));
        after.push(step(token, &format!("{token}-after")));
    }
    let items = |id: &str, ok| {
        let item = json!({ "items": [{ "identifier": "one", "ok": ok }] });
        event("newer-item", id, 0, "upload.items", item)
    };
    before.extend([opened("newer-item"), items("newer-item-1", false)]);
    after.push(items("newer-item-after", true));
    for token in ["newer-form", "newer-stop", "newer-workflow"] {
        let mut order = OrderEvents::new(token);
        order.open();
        order.push("review", Some("accepted"), json!({}));
        after.extend(order.events.split_off(1));
        before.extend(order.events);
    }
    let mut parked = OrderEvents::new("newer-parked");
    parked.push("review", Some("accepted"), json!({}));
    parked.open();
    after.extend(parked.events.split_off(1));
    before.extend(parked.events);
    let mut future = OrderEvents::new("newer-future");
    future.add("order.opened", json!({ "workflow_id": "future" }));
    after.extend(future.events);
    (before, after)
}

pub(crate) fn opened(token: &str) -> PlainEvent {
    event(
        token,
        &format!("{token}-0"),
        0,
        "upload.received",
        json!({}),
    )
}

/// Records of another version, as a worker that can't read them finds them.
pub(crate) async fn damaged(ground: &Ground, producer: &mut Producer) -> Vec<PlainEvent> {
    apply(ground, "purchase", PURCHASE).await;
    let (before, after) = sample_events();
    producer.events(&before).await;
    reaches(ground, "event", before.len() as i64).await;
    ground.execute(DAMAGE).await;
    after
}

async fn stored(ground: &Ground) -> Vec<Vec<String>> {
    let rows = ground.rows(STORED).await;
    let texts = |row: &tokio_postgres::Row| (0..row.len()).map(|at| row.get(at)).collect();
    rows.iter().map(texts).collect()
}

async fn dead_letters(ground: &Ground, count: usize) {
    reaches(ground, DEAD_LETTERS, count as i64).await;
}

async fn quarantined(worker: &Worker, count: i64) {
    worker
        .counts("waybill_quarantined", "what=\"process\"", count)
        .await;
}

/// Each dead letter names what can't be read.
async fn problems(ground: &Ground) {
    assert_eq!(ground.count(DEAD_LETTERS).await, DAMAGED.len() as i64);
    let details = "select token, problem from waybill.dead_letter order by token";
    for (row, (token, text)) in ground.rows(details).await.iter().zip(DAMAGED) {
        assert_eq!(row.get::<_, String>(0), token);
        let problem: serde_json::Value =
            serde_json::from_str(row.get(1)).expect("a problem is JSON");
        let detail = problem["detail"].as_str().expect("a detail");
        assert!(detail.contains(text), "{detail}");
        assert_eq!(problem["type"], format!("urn:waybill:problem:{REASON}"));
    }
}

/// The doctor and the list of dead letters show the records.
async fn shown(ground: &Ground) {
    ground.waybill(&["doctor"]).says(REASON);
    let listed = ground.waybill(&["dead", "list", "--reason", REASON]);
    listed.ended(0, &DAMAGED.map(|(token, _)| token));
}

#[test]
fn events_of_a_record_that_cant_be_read_are_dead_letters_at_once_and_count_once_it_can() {
    Ground::test("unreadable-record", async |ground| {
        let mut producer = Producer::new(&ground);
        let first = ground.plan().start().await;
        let after = damaged(&ground, &mut producer).await;
        first.stop().await;
        let untouched = stored(&ground).await;
        // All of it in one batch, with others.
        let mut events = stories("beside", 20);
        events.splice(10..10, after);
        // One that was applied before is a duplicate, as usual.
        events.push(opened("newer-status"));
        producer.events(&events).await;
        let worker = ground.plan().start().await;
        dead_letters(&ground, DAMAGED.len()).await;
        let ended = "process where ended_at is not null and token not like 'newer-%'";
        reaches(&ground, ended, 20).await;
        assert_eq!(worker.metric("waybill_retries_total", "").await, 0);
        assert_eq!(worker.readiness().await, Some(200));
        problems(&ground).await;
        let now = stored(&ground).await;
        let known = now.iter().filter(|row| row[0] != "newer-future");
        assert!(known.eq(&untouched), "{untouched:#?}\n{now:#?}");
        shown(&ground).await;
        assert!(!worker.log_text().contains("archived"));

        ground.execute(REPAIR).await;
        ground.waybill(&["dead", "replay", "--reason", REASON]).ok();
        let applied = "event e join waybill.process p on p.key = e.process
                       where p.token like 'newer-%' and not e.late";
        reaches(&ground, applied, 16).await;
        let walked = "stage s join waybill.process p on p.key = s.process
                      where s.stage = 'review' and s.outcome = 'accepted'";
        assert_eq!(ground.count(walked).await, 4);
        dead_letters(&ground, 0).await;
        worker.stop().await;
    });
}

#[test]
fn an_unreadable_record_is_quarantined_and_all_others_are_sealed() {
    Ground::test("unreadable-due", async |ground| {
        let mut producer = Producer::new(&ground);
        let plan = ground.plan().with("janitor.interval", "50ms");
        let worker = plan.start().await;
        damaged(&ground, &mut producer).await;
        producer.events(&(0..10).map(due).collect::<Vec<_>>()).await;
        reaches(&ground, "process where token like 'due-%'", 10).await;
        ground
            .execute("update waybill.process set deadline_at = now()")
            .await;
        let ended = "process where token like 'due-%' and ended_at is not null";
        reaches(&ground, ended, 10).await;
        // Nothing else has to succeed for that: what can't be read is not the database's fault.
        quarantined(&worker, 6).await;
        let line = "processes that can't be sealed or deleted: 6";
        ground.waybill(&["doctor"]).says(line);
        assert_eq!(ground.count("quarantine where what = 'seal'").await, 6);
        assert_eq!(worker.metric("waybill_retries_total", "").await, 0);
        ground.execute(REPAIR).await;
        ground
            .execute("update waybill.quarantine set retry_at = now()")
            .await;
        reaches(&ground, "process where ended_at is null", 0).await;
        quarantined(&worker, 0).await;
        worker.stop().await;
    });
}

pub(crate) fn due(n: usize) -> PlainEvent {
    opened(&format!("due-{n}"))
}
