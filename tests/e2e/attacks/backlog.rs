//! A tenant's backlog: what it costs another, and what becomes of a queue of its own that fails.

use lapin::options::{QueueDeclareOptions, QueueDeleteOptions};
use lapin::types::FieldTable;
use serde_json::json;
use waybill::wire::PlainEvent;

use crate::faults::isolation::{resume, suspend};
use crate::ops::broker_rights::user_of;
use crate::support::channel::open;
use crate::support::forbidden_operations::Operation::{Bind, Declare, Delete, Get, Publish};
use crate::support::forbidden_operations::assert_refused;
use crate::support::ground::{Ground, assert_rows, holds, reaches};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Recorder;
use crate::support::story::{event, step};
use crate::support::worker::Worker;

const ACME: &str = "waybill.tenant.acme.events";
const GLOBEX: &str = "waybill.tenant.globex.events";
/// Acme's own queue.
const OWN: &str = "waybill.events.tenant.acme";
const FAILING: &str = "waybill_tenant_queues_failing";
/// Messages of the hostile tenant, and how many are published at a time.
const BACKLOG: usize = 10_000;
const CHUNK: usize = 2_000;
/// Uploads of the other tenant, one after the other.
const UPLOADS: usize = 10;

#[test]
fn a_backlog_in_a_queue_of_its_own_delays_no_other_tenant() {
    Ground::test("attack-backlog", async |ground| {
        tenant(&ground, "acme", true);
        tenant(&ground, "globex", false);
        let mut hostile = Producer::new(&ground).to(ACME);
        for chunk in steps(BACKLOG).chunks(CHUNK) {
            hostile.events(chunk).await;
        }
        let completions = Some("waybill.tenant.globex.completions");
        let recorder = Recorder::at(&ground.broker_url, "globex", completions).await;
        let worker = ground.plan().start().await;
        let mut other = Producer::new(&ground).to(GLOBEX);
        for number in 1..=UPLOADS {
            other.events(&upload(&format!("g{number}"))).await;
            recorder.copies(number).await;
        }
        let left = ground.ready(OWN).await.unwrap_or(0);
        assert!(left > 0, "the backlog was gone before the other was served");
        worker.applies((BACKLOG + 2 * UPLOADS) as i64).await;
        assert_rows(&ground, "event", (BACKLOG + 2 * UPLOADS) as i64).await;
        worker.stop().await;
    });
}

#[test]
fn a_tenant_moves_to_its_own_queue_and_back_and_no_event_is_lost_or_doubled() {
    Ground::test("attack-moving", async |ground| {
        tenant(&ground, "acme", false);
        let worker = ground.plan().start().await;
        let mut sent = 0;
        for own in [true, false, true, true, false] {
            let mut producer = Producer::new(&ground).to(ACME);
            let events = steps_from(sent, 1_000);
            sent += events.len();
            let operator = ground.operator();
            let moving = tokio::task::spawn_blocking(move || {
                operator.says(&["tenant", "add", "acme", &format!("--own-queue={own}")])
            });
            for chunk in events.chunks(100) {
                producer.events(chunk).await;
            }
            moving.await.expect("a command").ok();
        }
        let sent = i64::try_from(sent).expect("few");
        reaches(&ground, "event", sent).await;
        worker.applies(sent).await;
        assert_eq!(worker.events("duplicate").await, 0);
        assert_eq!(ground.ready(OWN).await, Some(0));
        ground.shows(&["tenant", "list"], "waybill.events.tenant.acme (former)");

        delete(&ground).await;
        holds("a lane less", async || {
            worker.retries("lane").await > 0 && worker.metric(FAILING, "").await == 0
        })
        .await;
        ground.shows(&["tenant", "add", "acme"], "declared again");
        let list = ground.waybill(&["tenant", "list"]).ok();
        assert!(!list.out.contains(OWN), "{}", list.out);
        still_serves(&ground, &worker, ACME).await;
        worker.stop().await;
    });
}

#[test]
fn a_deleted_queue_of_a_tenant_is_declared_again_and_its_events_take_the_shared_way_meanwhile() {
    Ground::test("attack-deleted", async |ground| {
        tenant(&ground, "acme", true);
        // As if no worker ran: nothing declares it again.
        delete(&ground).await;
        Producer::new(&ground).to(ACME).events(&upload("a1")).await;
        assert_eq!(ground.ready("waybill.events.0").await, Some(2));
        let worker = ground.plan().start().await;
        reaches(&ground, "process where token = 'a1' and status = 'done'", 1).await;
        holds("the queue", async || ground.ready(OWN).await.is_some()).await;

        delete(&ground).await;
        holds("it again", async || {
            worker.retries("lane").await > 0 && ground.ready(OWN).await.is_some()
        })
        .await;
        still_serves(&ground, &worker, ACME).await;
        worker.stop().await;
    });
}

#[test]
fn a_queue_of_a_tenant_that_cannot_be_used_stops_no_other_and_is_counted() {
    Ground::test("attack-unusable", async |ground| {
        // Of another type, which its declaration does not accept.
        let (connection, channel) = open(&ground.broker_url).await;
        let options = QueueDeclareOptions {
            durable: true,
            ..QueueDeclareOptions::default()
        };
        let declared = channel.queue_declare(OWN.into(), options, FieldTable::default());
        declared.await.expect("a queue");
        connection.close(200, "OK".into()).await.expect("a goodbye");
        tenant(&ground, "globex", false);
        let add = ["tenant", "add", "acme", "--own-queue"];
        ground.refuses(&add, 1, "waybill.events.tenant.acme exists on the broker");
        let worker = ground.plan().start().await;
        worker.counts(FAILING, "", 1).await;
        still_serves(&ground, &worker, GLOBEX).await;
        assert_eq!(worker.readiness().await, Some(200));

        delete(&ground).await;
        worker.counts(FAILING, "", 0).await;
        still_serves(&ground, &worker, ACME).await;
        assert_eq!(worker.metric("waybill_reconnects_total", "").await, 0);
        worker.stop().await;
    });
}

#[test]
fn a_silent_queue_of_a_tenant_stops_no_other_and_is_counted() {
    Ground::test("attack-silent", async |ground| {
        tenant(&ground, "acme", true);
        tenant(&ground, "globex", false);
        let worker = ground.plan().start().await;
        suspend(&ground, OWN).await;
        worker.counts(FAILING, "", 1).await;
        still_serves(&ground, &worker, GLOBEX).await;
        assert_eq!(worker.readiness().await, Some(200));
        resume(&ground, OWN).await;
        worker.counts(FAILING, "", 0).await;
        still_serves(&ground, &worker, ACME).await;
        assert_eq!(worker.metric("waybill_reconnects_total", "").await, 0);
        worker.stop().await;
    });
}

#[test]
fn a_tenant_neither_reads_nor_changes_the_queue_that_is_its_own() {
    Ground::test("attack-own-queue", async |ground| {
        tenant(&ground, "initech", true);
        let initech = user_of(&ground, "tenant", "initech").await;
        let (_connection, channel) = open(&initech).await;
        let (options, none) = (QueueDeclareOptions::default(), FieldTable::default());
        let tap = "waybill.tenant.initech.tap";
        let declared = channel.queue_declare(tap.into(), options, none).await;
        declared.expect("a queue");
        let (exchange, own) = (
            "waybill.tenant.initech.events",
            "waybill.events.tenant.initech",
        );
        let all = [
            Get(own),
            Delete(own),
            Declare(own),
            Bind(own, exchange),
            Bind(tap, own),
            Publish(own),
            Publish(""),
        ];
        assert_refused(&initech, &all).await;
        let mut producer = Producer::at(&initech).to(exchange);
        producer.events(&upload("a1")).await;
        assert_eq!(ground.ready(own).await, Some(2));
    });
}

/// Adds a tenant.
fn tenant(ground: &Ground, name: &str, own_queue: bool) {
    let own_queue = format!("--own-queue={own_queue}");
    ground.waybill(&["tenant", "add", name, &own_queue]).ok();
}

fn steps(count: usize) -> Vec<PlainEvent> {
    steps_from(0, count)
}

/// Steps of uploads, ten of each.
fn steps_from(first: usize, count: usize) -> Vec<PlainEvent> {
    let numbers = first..first + count;
    let step = |number: usize| step(&format!("a{}", number / 10), &number.to_string());
    numbers.map(step).collect()
}

/// An upload without items that begins and ends.
fn upload(token: &str) -> Vec<PlainEvent> {
    let part = |second, type_, data| {
        let id = format!("{token}-{second}");
        event(token, &id, second, type_, data)
    };
    vec![
        part(0, "upload.received", json!({ "total": 0 })),
        part(1, "upload.completed", json!({ "total": 0 })),
    ]
}

/// Checks that what is published to this exchange is applied.
async fn still_serves(ground: &Ground, worker: &Worker, exchange: &str) {
    let before = worker.events("applied").await;
    let token = format!("still-{before}");
    let messages = upload(&token).iter().map(Message::event).collect();
    Producer::new(ground).to(exchange).publish(messages).await;
    let ended = format!("process where token = '{token}' and status = 'done'");
    reaches(ground, &ended, 1).await;
}

/// Deletes acme's own queue.
async fn delete(ground: &Ground) {
    let (connection, channel) = open(&ground.broker_url).await;
    let deleted = channel.queue_delete(OWN.into(), QueueDeleteOptions::default());
    deleted.await.expect("it was there");
    connection.close(200, "OK".into()).await.expect("a goodbye");
}
