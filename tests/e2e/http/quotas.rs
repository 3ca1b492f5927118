//! Quotas of tenants over HTTP: what is beyond one is refused, and other tenants notice nothing.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::processes::keyed;
use crate::support::client::{Client, Reply, served};
use crate::support::ground::holds;
use crate::support::multipart::{PDF, part};

const BOTH: [Scope; 2] = [Scope::Read, Scope::Write];

fn openings(from: usize, count: usize) -> Value {
    let opening = |number| {
        let token = format!("q-{number}");
        json!({"id": token, "source": "shop", "type": "upload.received", "token": token, "data": {}})
    };
    (from..from + count).map(opening).collect()
}

/// The detail of the refusal, if it is one for a quota.
fn refusal(reply: &Reply) -> Option<String> {
    if reply.status != 429 {
        return None;
    }
    assert!(reply.header("retry-after").is_some());
    let problem = reply.problem(429, "quota_exceeded");
    Some(problem["detail"].as_str().expect("a text").to_owned())
}

#[test]
fn a_tenant_beyond_its_quota_is_refused_and_another_one_is_not() {
    served("quotas", async |ground, client| {
        let small = keyed(&ground, &client, "small", &BOTH).await.0;
        let other = keyed(&ground, &client, "other", &BOTH).await.0;
        let set = async |limits: &str| {
            let command = format!("quota set small {limits}");
            let command: Vec<_> = command.split(' ').collect();
            ground.waybill(&command).ok()
        };
        set("--open-processes 8")
            .await
            .says("tenant small: 8 open processes");
        holds("the quota of open processes", async || {
            let reply = small.post("/v1/events", openings(0, 9)).await;
            refusal(&reply).is_some_and(|detail| detail.contains("8 open processes"))
        })
        .await;
        let reply = other.post("/v1/events", openings(0, 9)).await;
        assert_eq!(reply.status, 202, "{}", reply.body());
        // What opens nothing is accepted.
        let step = json!([{"id": "s", "source": "shop", "type": "upload.step", "token": "q-0",
                           "data": {"message": "scanned"}}]);
        let reply = small.post("/v1/events", step).await;
        assert_eq!(reply.status, 202, "{}", reply.body());

        set("--stored-bytes 1KiB --streams 1")
            .await
            .says("tenant small: 1KiB stored, 1 streams");
        let contents = format!("{PDF}{}", "x".repeat(2_000));
        let file = [part("files", Some("a.pdf"), &contents)];
        holds("the quota of stored bytes", async || {
            let reply = small.upload("/v1/uploads", &file).await;
            refusal(&reply).is_some_and(|detail| detail.contains("1024 stored bytes"))
        })
        .await;
        let _stream = small.stream("/v1/events/stream").await;
        let second = small.get("/v1/events/stream").await;
        assert!(refusal(&second).expect("one").contains("1 streams"));
        let reply = other.upload("/v1/uploads", &file).await;
        assert_eq!(reply.status, 202, "{}", reply.body());
        ground.shows(&["quota", "list"], "tenant small: 1KiB stored");
        ground.shows(
            &["quota", "remove", "small"],
            "removed the quota of tenant small",
        );
        ground.refuses(&["quota", "remove", "small"], 4, "has no quota");
        holds("no quota", async || {
            small.post("/v1/events", openings(30, 9)).await.status == 202
        })
        .await;
    });
}

#[test]
fn events_beyond_the_rate_of_a_tenant_are_refused_over_every_key_of_it() {
    served("quotas-rate", async |ground, client| {
        let keys = [
            keyed(&ground, &client, "small", &BOTH).await.0,
            keyed(&ground, &client, "small", &BOTH).await.0,
        ];
        ground.shows(
            &["quota", "set", "small", "--events-per-second", "10"],
            "10 events per second",
        );
        let refused = async |key: &Client| {
            let reply = key.post("/v1/events", openings(0, 100)).await;
            refusal(&reply).is_some_and(|detail| detail.contains("10 events a second"))
        };
        holds("the quota", async || refused(&keys[0]).await).await;
        assert!(refused(&keys[1]).await);
        ground.refuses(&["quota", "set", "small"], 2, "name a limit");
    });
}
