//! Events over HTTP: they are processed like all events, and a waiting client gets their outcome.

use serde_json::json;

use crate::support::client::{Client, served};
use crate::support::order_story::{PURCHASE, apply};
use crate::support::story::{TOKEN_MARK, story};

/// Longer than a batch takes.
const PATIENT: (&str, &str) = ("prefer", "wait=60");

pub(crate) fn patient(client: &Client) -> Client {
    client.with(PATIENT.0, PATIENT.1)
}

pub(crate) fn token(tag: &str) -> String {
    format!("{TOKEN_MARK}-{tag}")
}

#[test]
fn a_producer_sends_all_events_over_http_and_reads_the_record() {
    served("submit-story", async |_, client| {
        let events = story("submitted", 1);
        let path = format!("/v1/processes/{TOKEN_MARK}-submitted-1");
        let reply = patient(&client).post("/v1/events", json!(events)).await;
        let receipts = reply.record();
        let receipts = receipts["events"].as_array().expect("a receipt of each");
        assert_eq!(receipts.len(), events.len());
        for (receipt, event) in receipts.iter().zip(&events) {
            assert_eq!(
                (&receipt["id"], &receipt["state"]),
                (&json!(event.id), &json!("applied"))
            );
        }
        let record = client.get(&path).await.record();
        assert!(record["ended_at"].is_string(), "{record}");

        // The same events again change nothing; a new one is late.
        let again = patient(&client).post("/v1/events", json!(events)).await;
        assert_eq!(again.record()["events"][0]["state"], "applied");
        let late = json!({"id": "late", "source": "e2e", "type": "upload.step",
            "token": events[0].token, "data": {"message": "too late"}});
        let late = patient(&client).post("/v1/events", &late).await;
        assert_eq!(late.record()["state"], "late");
        let same = client.get(&format!("{path}?include=counts")).await.record();
        assert_eq!(same["status"], record["status"]);
        assert_eq!(same["counts"]["late"], 1);
    });
}

#[test]
fn a_cloud_event_is_accepted_in_each_content_mode() {
    served("submit-cloud", async |_, client| {
        let client = patient(&client);
        let structured = json!({"specversion": "1.0", "id": "1", "source": "e2e",
            "type": "upload.received", "subject": token("cloud"), "data": {"filename": "a.pdf"}});
        let reply = client
            .with("content-type", "application/cloudevents+json")
            .post("/v1/events", &structured)
            .await;
        assert_eq!(reply.record()["state"], "applied");
        let mut batch = [structured.clone(), structured];
        batch[1]["id"] = json!("2");
        batch[1]["type"] = json!("upload.step");
        batch[1]["data"] = json!({"message": "second"});
        let reply = client
            .with("content-type", "application/cloudevents-batch+json")
            .post("/v1/events", json!(batch))
            .await;
        assert_eq!(reply.record()["events"][1]["id"], "2");
        let binary = [
            ("ce-specversion", "1.0"),
            ("ce-id", "3"),
            ("ce-source", "e2e"),
            ("ce-type", "upload.completed"),
            ("ce-subject", &token("cloud")),
        ];
        let binary = binary.iter().fold(client.clone(), |client, (name, value)| {
            client.with(name, value)
        });
        let reply = binary.post("/v1/events", "{}").await;
        assert_eq!(reply.record()["state"], "applied");
        let record = client
            .get(&format!("/v1/processes/{}", token("cloud")))
            .await;
        assert_eq!(record.record()["status"], "done");
    });
}

#[test]
fn an_order_is_opened_pushed_and_cancelled_with_the_outcome_in_each_answer() {
    served("submit-order", async |ground, reader| {
        apply(&ground, "purchase", PURCHASE).await;
        let client = patient(&reader);
        let opening = json!({"workflow_id": "purchase", "form": {"amount": 1}});
        let opened = client.post("/v1/orders", &opening).await;
        let receipt = opened.record();
        let location = opened.header("location").expect("where it is");
        assert_eq!(receipt["state"], "applied");
        let stages = format!("{location}?include=stages");
        let open = reader.get(&stages).await.record();
        assert_eq!(open["order"]["stands_at"][0]["stage"], "review", "{open}");

        let push = format!(
            "/v1/orders/{}/push",
            receipt["token"].as_str().expect("a token")
        );
        let wrong = client
            .post(&push, json!({"stage": "review", "outcome": "perhaps"}))
            .await;
        wrong.problem(422, "invalid_field");
        let right = client
            .post(&push, json!({"stage": "review", "outcome": "accepted"}))
            .await;
        assert_eq!(right.record()["state"], "applied");
        let stale = client
            .post(&push, json!({"stage": "review", "outcome": "accepted"}))
            .await;
        stale.problem(422, "stage_left");

        let cancel = location.to_owned() + "/cancel";
        let cancelled = client
            .post(&cancel, json!({"reason": "changed my mind"}))
            .await;
        assert_eq!(cancelled.record()["state"], "applied");
        assert_eq!(reader.get(location).await.record()["status"], "cancelled");
        let unknown = client.post("/v1/processes/unknown/cancel", "").await;
        unknown.problem(404, "not_found");
        let refused = client
            .post("/v1/orders", json!({"workflow_id": "none"}))
            .await;
        refused.problem(422, "unknown_workflow");
    });
}

#[test]
fn an_idempotency_key_repeats_an_order_and_refuses_another_content() {
    served("submit-again", async |ground, client| {
        let mine = client.with("idempotency-key", "\"order-7\"");
        let first = mine
            .post("/v1/orders", json!({"form": {"n": 1}}))
            .await
            .json(202);
        assert_eq!(first["state"], "accepted");
        let waiting = patient(&mine);
        let again = waiting.post("/v1/orders", json!({"form": {"n": 1}})).await;
        assert_eq!(again.record()["token"], first["token"]);
        let other = mine.post("/v1/orders", json!({"form": {"n": 2}})).await;
        other.problem(422, "idempotency_key_reused");
        let free = patient(&client)
            .post("/v1/orders", json!({"form": {"n": 1}}))
            .await;
        assert_ne!(free.record()["token"], first["token"]);
        assert_eq!(ground.count("process").await, 2);
        let long = client.with("idempotency-key", &"k".repeat(191));
        long.post("/v1/orders", "{}")
            .await
            .problem(400, "invalid_parameter");
    });
}
