//! Records with values that only a newer version can read: a reader of such a record gets an error,
//! and no other reader notices.

use serde_json::json;
use waybill::wire::PlainEvent;

use super::process_batch::{answers, problem};
use crate::support::client::{Client, served};
use crate::support::ground::{Ground, holds};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::Recorder;
use crate::support::story::{event, stories};
use crate::workers::unreadable::{damaged, due, opened};

#[test]
fn an_unreadable_record_is_reported_to_its_reader_and_to_no_other() {
    served("unreadable-read", async |ground, client| {
        let mut producer = Producer::new(&ground);
        damaged(&ground, &mut producer).await;
        producer.events(&[due(0)]).await;
        holds("the other one", async || {
            client.get("/v1/processes/due-0").await.status == 200
        })
        .await;
        for (token, field) in [("newer-status", "status"), ("newer-stamp", "total_stamp")] {
            let reply = client.get(&format!("/v1/processes/{token}")).await;
            assert_names(&reply.problem(503, "unavailable"), field);
        }
        let path = "/v1/processes/newer-form?include=stages";
        assert_names(&client.get(path).await.problem(503, "unavailable"), "form");
        let tokens = ["due-0", "newer-status", "newer-form", "newer-item"];
        let requests =
            tokens.map(|token| json!({ "token": token, "include": ["stages", "items"] }));
        let answers = answers(&client, &requests).await;
        assert_eq!(answers[0]["process"]["token"], "due-0");
        assert_names(problem(&answers[1], 503, "unavailable"), "status");
        assert_names(problem(&answers[2], 503, "unavailable"), "form");
        assert_eq!(answers[3]["process"]["token"], "newer-item");
        let listed = client.get("/v1/processes?limit=100").await.record();
        let listed = listed["processes"].as_array().expect("a list").len();
        let all = ground.count("process").await;
        assert_eq!(
            listed as i64,
            all - 1,
            "all but the one of an unknown status"
        );
        pages(&client).await;
    });
}

/// Pages of the monitor.
async fn pages(client: &Client) {
    for (path, status) in [
        ("/", 200),
        ("/monitor/process?token=due-0", 200),
        ("/monitor/process?token=newer-status", 503),
    ] {
        let reply = client.get(path).await;
        assert_eq!(reply.status, status, "{path}: {}", reply.body());
    }
}

fn assert_names(problem: &serde_json::Value, field: &str) {
    let detail = problem["detail"].as_str().expect("a detail");
    assert!(detail.contains(field), "{detail}");
    assert!(detail.contains("can't read"), "{detail}");
}

#[test]
fn an_unreadable_record_stops_no_other_resend() {
    Ground::test("unreadable-resend", async |ground| {
        let worker = ground.plan().start().await;
        let mut producer = Producer::new(&ground);
        let mut events = stories("resent", 12);
        events.extend(["newer-a", "newer-b"].into_iter().flat_map(failed));
        producer
            .publish(events.iter().map(Message::event).collect())
            .await;
        holds("every end, and every completion sent", async || {
            let counts = (
                ground.count("process where ended_at is not null").await,
                ground.count("outbox").await,
            );
            counts == (14, 0)
        })
        .await;
        ground
            .execute(
                "alter table waybill.process drop constraint process_status_check;
                 alter table waybill.process drop constraint ended_is_final;
                 update waybill.process set status = 'archived' where token = 'newer-a';
                 update waybill.process set opening_stamp = '2|2026' where token = 'newer-b'",
            )
            .await;
        let span = ["resend", "--since", "2026-01-01T00:00:00Z", "--dry-run"];
        let output = ground.waybill(&span);
        output.ended(1, &["would send 12", "can't be read"]);
        // A null among the messages of an item is not a message.
        let null = "update waybill.item set messages = '{null,late}'";
        ground.execute(null).await;
        let store = ground.store();
        let keys = ground
            .rows("select tenant, token from waybill.process")
            .await;
        let key =
            |row: &tokio_postgres::Row| waybill::domain::ProcessKey::of(row.get(0), row.get(1));
        let keys: Vec<_> = keys.iter().map(key).collect();
        let kept = store
            .completions(&keys)
            .await
            .expect("the database is there");
        assert_eq!(kept.len(), 12);
        worker.stop().await;
    });
}

fn failed(token: &str) -> [PlainEvent; 2] {
    let id = format!("{token}-end");
    let end = event(token, &id, 0, "upload.failed", json!({ "message": "no" }));
    [opened(token), end]
}

#[test]
fn a_message_of_a_newer_version_keeps_no_other_in_the_outbox() {
    Ground::test("unreadable-outbox", async |ground| {
        let replies = Recorder::of_queue(&ground, "mine").await;
        ground
            .execute(
                "alter table waybill.outbox drop constraint outbox_what_check;
                 insert into waybill.outbox
                     (id, aggregatetype, aggregateid, type, payload, process, what,
                      exchange, routing_key, headers, time, next_attempt_at)
                 select gen_random_uuid(), 'process', n::text, 'token.assigned', '{}',
                        gen_random_uuid(), case when n = 1 then 'webhook' else 'reply' end,
                        '', 'mine', '{}', now(), now() + make_interval(secs => n)
                 from generate_series(1, 10) n;
                 update waybill.outbox set next_attempt_at = next_attempt_at - interval '1 minute'",
            )
            .await;
        let relay = ground.plan().roles("relay").start().await;
        replies.copies(9).await;
        assert_eq!(ground.count("outbox where what = 'webhook'").await, 1);
        relay.stop().await;
    });
}
