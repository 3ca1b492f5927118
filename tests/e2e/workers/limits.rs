//! Everything that fills up has a limit, at which consuming pauses.

use serde_json::json;

use crate::support::ground::{Ground, ctl, holds, reaches, run, until};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Recorder;
use crate::support::scenario::Scenario;
use crate::support::story::{TOKEN_MARK, event, stories};

const OUTBOX: &str = "outbox";

/// Messages that are not due for a long time, as if no relay were running. Undeliverable messages
/// do not cause a pause: they are set aside.
const NOT_DUE: &str = "
    insert into waybill.outbox (id, aggregatetype, aggregateid, type, payload, process, what, exchange,
                                routing_key, headers, time, next_attempt_at)
    select gen_random_uuid(), 'process', 'not-due', 'process.completed', '{}', gen_random_uuid(),
           'completion', 'waybill.completions', 'upload.done', '{}', now(), now() + '1 hour'
    from generate_series(1, 30)";

#[test]
fn a_full_outbox_pauses_consuming_until_it_drains() {
    Ground::test("full-outbox", async |ground| {
        let mut producer = Producer::new(&ground);
        let mut plan = ground.plan().with("outbox.unroutable", "keep");
        plan = plan
            .with("outbox.limit", "30")
            .with("broker.prefetch", "20");
        plan = plan.with("batch.events", "10");
        let worker = plan.start().await;
        ground.execute(NOT_DUE).await;
        holds("a full outbox", async || {
            let pending = worker.metric("waybill_outbox_pending", "").await;
            pending >= 30
        })
        .await;
        producer.events(&stories("outbox", 600)).await;
        let paused = until("a pause", async || {
            let before = worker.metric("waybill_deliveries_total", "").await;
            tokio::time::sleep(std::time::Duration::from_secs(2)).await;
            let after = worker.metric("waybill_deliveries_total", "").await;
            (before == after && ground.count(OUTBOX).await >= 30).then_some(after)
        })
        .await;
        let sent = i64::try_from(producer.messages.len()).expect("few");
        assert!(paused < sent, "nothing was left to pause for");
        // Longer than the watchdog waits for deliveries: a pause is not a stall.
        tokio::time::sleep(std::time::Duration::from_secs(17)).await;
        assert_eq!(worker.metric("waybill_deliveries_total", "").await, paused);
        let watchdog = "reason=\"watchdog\"";
        assert_eq!(worker.metric("waybill_retries_total", watchdog).await, 0);
        let in_flight = worker.metric("waybill_in_flight", "").await;
        assert_eq!(in_flight, 0, "some deliveries are not done");
        assert_eq!(worker.readiness().await, Some(200));
        let recorder = Recorder::of_completions(&ground).await;
        ground
            .execute("delete from waybill.outbox where aggregateid = 'not-due'")
            .await;
        let scenario = Scenario {
            ground,
            producer,
            recorder,
        };
        scenario.until_idle().await;
        assert!(
            worker
                .metric("waybill_backpressure_seconds_total", "cause=\"outbox\"")
                .await
                >= 17
        );
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn large_messages_shrink_the_window_so_that_memory_stays_bounded() {
    run(async {
        // A pending message exists at most a few times: as received, as data, on its way out.
        let grown = grown_by_large_messages("large", true).await;
        assert!(grown < 5 * 32 * 1024, "it grew by {grown} KiB");
    });
}

#[test]
fn large_messages_before_an_opening_stay_within_the_same_memory() {
    run(async {
        let grown = grown_by_large_messages("large-early", false).await;
        assert!(grown < 5 * 32 * 1024, "it grew by {grown} KiB");
    });
}

/// The KiB by which a worker grows that consumes large messages of 1.9 MB.
async fn grown_by_large_messages(name: &str, opened: bool) -> i64 {
    const COUNT: usize = 120;
    let mut scenario = Scenario::shared(name).await;
    let mut plan = scenario.plan().with("worker.bytes_in_flight", "16MiB");
    plan = plan.with("batch.bytes", "4MiB");
    let idle = plan.start().await;
    let empty = resident_kib(&idle);
    let token = |n: usize| format!("{TOKEN_MARK}-{name}-{n}");
    if opened {
        let opening = |n: usize| {
            let id = format!("opening-{n}");
            event(&token(n), &id, 0, "upload.received", json!({}))
        };
        scenario
            .events(&(0..COUNT).map(opening).collect::<Vec<_>>())
            .await;
        scenario.until_idle().await;
    }
    idle.stop().await;
    let large = |n: usize| {
        let data = json!({ "message": "m", "scan": "0".repeat(1_900_000) });
        let id = format!("large-{n}");
        Message::event(&event(&token(n), &id, 0, "upload.step", data))
    };
    scenario.publish((0..COUNT).map(large).collect()).await;
    let worker = plan.start().await;
    scenario.until_idle().await;
    let grown = resident_kib(&worker) - empty;
    scenario.finish(vec![worker]).await;
    grown
}

#[test]
fn bodies_of_sixty_mebibytes_fit_into_memory_and_are_kept_in_part() {
    const LARGE: usize = 60 << 20;
    const COUNT: usize = 8;
    Scenario::test("huge", async |mut scenario| {
        // RabbitMQ 3's default limit.
        ctl(&["eval", &largest_message(128 << 20)]).await;
        let plan = scenario.plan();
        let idle = plan.start().await;
        let empty = resident_kib(&idle);
        idle.stop().await;
        let body = vec![b'x'; LARGE];
        for n in 0..COUNT {
            let message = Message::bad(&format!("huge-{n}"), &body, "too_large");
            scenario.publish(vec![message]).await;
        }
        scenario.events(&stories("beside", 20)).await;
        let worker = plan.start().await;
        let cut = "dead_letter
                   where reason = 'too_large' and octet_length(body) = 65536
                     and (problem::jsonb -> 'body' ->> 'bytes')::bigint = 62914560";
        holds("the dead letters", async || {
            let count = i64::try_from(COUNT).expect("few");
            scenario.ground.count(cut).await == count
        })
        .await;
        reaches(&scenario.ground, "process where ended_at is not null", 20).await;
        let grown = resident_kib(&worker) - empty;
        assert!(grown < 256 * 1024, "it grew by {grown} KiB");
        worker.stop().await;
    });
}

/// An Erlang expression that sets the broker's message size limit for new channels. RabbitMQ 3
/// reads its settings, RabbitMQ 4 a copy made when it started.
pub(crate) fn largest_message(bytes: usize) -> String {
    format!(
        "application:set_env(rabbit, max_message_size, {bytes}), \
         persistent_term:put(max_message_size, {bytes})."
    )
}

/// Its peak resident size.
fn resident_kib(worker: &crate::support::worker::Worker) -> i64 {
    let path = format!("/proc/{}/status", worker.pid());
    let status = std::fs::read_to_string(path).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let digits = line.and_then(|line| line.split_whitespace().next());
    digits.expect("Linux reports it").parse().expect("a number")
}
