//! Events refused over HTTP: the answer says why, and nothing of them is published.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::events::{patient, token};
use super::processes::keyed;
use crate::support::client::{served, served_as, served_by};

fn event(id: &str, data: Value) -> Value {
    json!({"id": id, "source": "e2e", "type": "upload.progress", "token": "t", "data": data})
}

#[test]
fn an_invalid_event_is_pointed_at_and_its_whole_list_refused() {
    served_as("submit-wrong", "api", async |ground, client| {
        let done = || json!({"done": 1});
        let mut foreign = event("3", done());
        foreign["tenant"] = json!("another");
        let nameless = json!({"type": "upload.step", "token": "t", "source": "e2e"});
        for (body, name, pointer) in [
            (
                json!([event("1", done()), event("2", json!({"done": -1}))]),
                "invalid_field",
                "#/1/data/done",
            ),
            (json!([nameless]), "missing_identity", "#/0/id"),
            (foreign, "tenant_mismatch", "#/tenant"),
        ] {
            let problem = client.post("/v1/events", body).await.problem(422, name);
            assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        }
        let many = json!(vec![event("4", done()); 1_001]).to_string();
        let long = " ".repeat(8 << 20) + "{}";
        for (body, status, name) in [
            ("[]", 400, "invalid_body"),
            ("{", 400, "undecodable"),
            ("", 400, "undecodable"),
            (&many, 400, "invalid_body"),
            (&long, 413, "too_large"),
        ] {
            client.post("/v1/events", body).await.problem(status, name);
        }
        assert_eq!(ground.ready("waybill.events.0").await, Some(0));
    });
}

#[test]
fn an_invalid_order_is_refused_with_its_fault() {
    served_as("submit-wrong-order", "api", async |ground, client| {
        for (path, body, status, name) in [
            ("/v1/orders", json!({"token": 7}), 400, "invalid_body"),
            ("/v1/orders", json!({"form": 7}), 422, "invalid_field"),
            ("/v1/orders", json!([]), 422, "invalid_field"),
            ("/v1/orders?a=b", json!({}), 400, "invalid_parameter"),
            (
                "/v1/orders/t/push",
                json!({"outcome": "a"}),
                422,
                "invalid_field",
            ),
        ] {
            client.post(path, body).await.problem(status, name);
        }
        let form = client.form("/v1/orders", "a=b").await;
        form.problem(415, "unsupported_content_type");
        let other = client.request("DELETE", "/v1/orders").await;
        other.problem(405, "method_not_allowed");
        assert_eq!(ground.ready("waybill.events.0").await, Some(0));
    });
}

#[test]
fn a_key_needs_the_write_scope_and_writes_for_its_own_tenant() {
    served("submit-keys", async |ground, client| {
        let (reader, _) = keyed(&ground, &client, "north", &[Scope::Read]).await;
        let (writer, _) = keyed(&ground, &client, "north", &[Scope::Write]).await;
        let (south, _) = keyed(&ground, &client, "south", &[Scope::Admin]).await;
        for path in [
            "/v1/events",
            "/v1/orders",
            "/v1/orders/t/push",
            "/v1/processes/t/cancel",
        ] {
            client.post(path, "{}").await.problem(401, "unauthorized");
            reader.post(path, "{}").await.problem(403, "forbidden");
        }
        let opened = patient(&writer)
            .post("/v1/orders", json!({"token": token("north")}))
            .await;
        let location = opened.header("location").expect("where it is").to_owned();
        assert_eq!(reader.get(&location).await.record()["tenant"], "north");
        south.get(&location).await.problem(404, "not_found");
        let cancel = format!("{location}/cancel");
        south.post(&cancel, "").await.problem(404, "not_found");
    });
}

#[test]
fn without_the_broker_requests_are_refused_with_retry_after() {
    let nowhere = ["broker.url=amqp://none:none@127.0.0.1:1/none"];
    served_by("submit-away", "api", &nowhere, async |_, client| {
        let reply = client.post("/v1/orders", "{}").await;
        reply.problem(503, "unavailable");
        assert_eq!(reply.header("retry-after"), Some("1"));
    });
}
