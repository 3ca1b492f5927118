//! One consumer's queue fails while everything else is well: the others get their messages in the
//! usual time, every process ends, and the failing one gets all of its messages once it is back.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use lapin::{
    Channel,
    options::{BasicAckOptions, BasicGetOptions, QueueBindOptions, QueueDeclareOptions},
    types::{AMQPValue, FieldTable, LongString},
};
use serde_json::json;
use waybill::wire::PlainEvent;

use crate::support::channel::open;
use crate::support::ground::{Ground, ctl, holds, reaches};
use crate::support::producer::Producer;
use crate::support::recorder::Recorder;
use crate::support::story::event;
use crate::support::worker::Worker;

const UPLOADS: usize = 600;
/// One of this many uploads fails: its completion goes to the failing queue.
const FAILING: usize = 10;
/// Longer than a healthy queue waits for its messages, beside a failing one or not.
const USUAL: Duration = Duration::from_secs(30);

#[test]
fn a_queue_that_confirms_nothing_delays_neither_the_others_nor_the_end_of_any_process() {
    Ground::test("suspended-queue", async |ground| {
        let (connection, channel) = open(&ground.broker_url).await;
        quorum(&channel, "failing", "upload.error").await;
        let healthy = bound(&ground, &channel, "healthy", "upload.done").await;
        suspend(&ground, "failing").await;
        let worker = ground.plan().start().await;
        let began = Instant::now();
        Producer::new(&ground).events(&uploads(UPLOADS)).await;
        ended(&ground, UPLOADS).await;
        let expected = UPLOADS - UPLOADS / FAILING;
        healthy.tokens(expected).await;
        assert!(began.elapsed() < USUAL, "{:?}", began.elapsed());
        assert_eq!(worker.readiness().await, Some(200));
        stuck(&worker, "", UPLOADS / FAILING).await;
        reaches(&ground, "outbox where payload is not null", 0).await;
        resume(&ground, "failing").await;
        let mut got = BTreeSet::new();
        holds("the failing queue's messages", async || {
            got.extend(drain(&channel, "failing").await);
            got.len() == UPLOADS / FAILING
        })
        .await;
        reaches(&ground, "outbox", 0).await;
        stuck(&worker, "", 0).await;
        worker.stop().await;
        connection.close(200, "OK".into()).await.expect("a goodbye");
    });
}

/// Uploads of two events each; one in [`FAILING`] fails.
pub(crate) fn uploads(count: usize) -> Vec<PlainEvent> {
    (0..count).flat_map(upload).collect()
}

fn upload(n: usize) -> [PlainEvent; 2] {
    let token = format!("isolated-{n}");
    let (type_, data) = match n % FAILING {
        0 => ("upload.failed", json!({ "message": "unreadable" })),
        _ => ("upload.completed", json!({})),
    };
    let (opening, end) = (format!("{token}-0"), format!("{token}-1"));
    [
        event(&token, &opening, 0, "upload.received", json!({})),
        event(&token, &end, 0, type_, data),
    ]
}

async fn ended(ground: &Ground, count: usize) {
    let count = i64::try_from(count).expect("few");
    reaches(ground, "process where ended_at is not null", count).await;
}

/// Waits until the metric reports `count` stuck messages.
pub(crate) async fn stuck(worker: &Worker, reason: &str, count: usize) {
    let count = i64::try_from(count).expect("few");
    worker.counts("waybill_outbox_stuck", reason, count).await;
}

/// A quorum queue that gets the completions of a key.
async fn quorum(channel: &Channel, name: &str, key: &str) {
    let mut arguments = FieldTable::default();
    let quorum = AMQPValue::LongString(LongString::from("quorum"));
    arguments.insert("x-queue-type".into(), quorum);
    let options = QueueDeclareOptions {
        durable: true,
        ..QueueDeclareOptions::default()
    };
    let declared = channel.queue_declare(name.into(), options, arguments).await;
    declared.expect("a queue");
    bind(channel, name, key).await;
}

pub(crate) async fn bind(channel: &Channel, name: &str, key: &str) {
    let (options, none) = (QueueBindOptions::default(), FieldTable::default());
    let exchange = "waybill.completions".into();
    let bound = channel.queue_bind(name.into(), exchange, key.into(), options, none);
    bound.await.expect("a binding");
}

async fn bound(ground: &Ground, channel: &Channel, name: &str, key: &str) -> Recorder {
    let recorder = Recorder::of_queue(ground, name).await;
    bind(channel, name, key).await;
    recorder
}

/// The tokens of all messages in a queue.
async fn drain(channel: &Channel, name: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    loop {
        let got = channel.basic_get(name.into(), BasicGetOptions::default());
        let Some(message) = got.await.expect("the queue is there") else {
            return tokens;
        };
        let token = message.properties.correlation_id().clone();
        tokens.push(token.expect("every completion has one").to_string());
        let acked = message.ack(BasicAckOptions::default()).await;
        acked.expect("the channel is open");
    }
}

/// Suspends a quorum queue's process, so that it answers nothing, as one without a majority.
pub(crate) async fn suspend(ground: &Ground, queue: &str) {
    sys_call(ground, "suspend", queue).await;
}

pub(crate) async fn resume(ground: &Ground, queue: &str) {
    sys_call(ground, "resume", queue).await;
}

async fn sys_call(ground: &Ground, what: &str, queue: &str) {
    let vhost = ground.vhost();
    let name = format!("{vhost}_{queue}");
    ctl(&[
        "eval",
        &format!("sys:{what}(whereis(list_to_atom(\"{name}\")))."),
    ])
    .await;
}
