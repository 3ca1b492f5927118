//! Refusals to Ahgora's clients: for each route the code and the form that they know.

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::records::{PREFIX, basic};
use crate::support::client::{Client, Reply, served, served_as, served_with};
use crate::support::ground::{Ground, holds, until};
use crate::support::hostile_values::values;

const PRODUCERS: [&str; 7] = [
    "people",
    "absences",
    "paymentDate",
    "anticipate",
    "subsidiaries",
    "costcenter",
    "users",
];

fn assert_error(reply: &Reply, code: u16, message: &str) {
    let error = json!({"error": {"code": code, "message": message}});
    assert_eq!(reply.json(code), error);
}

/// Checks the code and the form of a refusal with a message of Waybill's own.
fn assert_refused(reply: &Reply, code: u16, words: &str) {
    let body = reply.json(code);
    assert_eq!(body["error"]["code"], code, "{body}");
    let message = body["error"]["message"].as_str().expect("words");
    assert!(message.contains(words), "{message}");
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(1));
}

async fn send(client: &Client, module: &str, body: impl ToString) -> Reply {
    client.post(&format!("{PREFIX}/{module}"), body).await
}

#[test]
fn a_key_needs_the_scope_and_its_own_company() {
    let guesses = ["http.wrong_keys_per_second=1000"];
    served_with("ahgora-keys", &guesses, async |ground, open| {
        let north = basic(&ground, &open, "north", &[Scope::Read, Scope::Write]).await;
        let south = basic(&ground, &open, "south", &[Scope::Read]).await;
        let writer = basic(&ground, &open, "north", &[Scope::Write]).await;
        let begun = send(&north, "users", "[{}]").await.record();
        let query = format!("subunique={}", begun["subunique"].as_str().expect("one"));
        let process = format!("{PREFIX}/process?{query}");
        for wrong in ["Basic !", "Basic bm9ib2R5Og==", "Bearer nonsense"] {
            let wrong = open.with("authorization", wrong);
            let reply = wrong.get(&process).await;
            assert_error(&reply, 401, "Unauthorized");
            let way = reply.header("www-authenticate");
            assert_eq!(way, Some("Basic realm=\"waybill\""));
            for module in PRODUCERS {
                assert_error(&send(&wrong, module, "[{}]").await, 401, "Unauthorized");
            }
        }
        assert_error(&writer.get(&process).await, 403, "Forbidden");
        for module in PRODUCERS {
            assert_error(&send(&south, module, "[{}]").await, 403, "Forbidden");
            let other = format!("{module}?company=south");
            assert_error(&send(&north, &other, "[{}]").await, 403, "Forbidden");
        }
        let other = north.get(&format!("{process}&company=south")).await;
        assert_error(&other, 403, "Forbidden");
        let foreign = south.get(&process).await;
        assert_refused(
            &foreign,
            400,
            "the company has no process of this subunique",
        );
        let unique = begun["unique"].as_str().expect("one");
        let foreign = south
            .get(&format!("{PREFIX}/process?unique={unique}"))
            .await;
        assert_refused(&foreign, 400, "the company has no process of this unique");
        assert_eq!(ground.count("process").await, 1);
    });
}

#[test]
fn an_invalid_list_of_records_is_refused_and_opens_nothing() {
    served("ahgora-wrong", async |ground, client| {
        let no_array = "Request format must be an Array";
        let many = Value::Array(vec![json!({}); 1_001]);
        let padded = |bytes: usize| format!("[{{\"a\":\"{}\"}}]", "x".repeat(bytes - 10));
        let deep = format!("[{{\"a\":{}{}}}]", "[".repeat(70), "]".repeat(70));
        for module in PRODUCERS {
            for body in [
                "",
                "{}",
                "{\"people\":[]}",
                "null",
                "<people/>",
                "\u{feff}[{}]",
            ] {
                assert_error(&send(&client, module, body).await, 400, no_array);
            }
            assert_refused(&send(&client, module, "[]").await, 400, "1 to 1000 records");
            assert_refused(&send(&client, module, &many).await, 400, "not 1001");
            assert_refused(&send(&client, module, "[{},1]").await, 400, "record 2");
            assert_refused(
                &send(&client, module, "[{}").await,
                400,
                "no JSON, at line 1",
            );
            assert_refused(&send(&client, module, &deep).await, 400, "64");
            let zero = "[{\"a\":\"\\u0000\"}]";
            assert_refused(&send(&client, module, zero).await, 400, "");
            let over = send(&client, module, padded((1 << 20) + 1)).await;
            assert_refused(&over, 413, "over 1048576 bytes");
            let reply = client.get(&format!("{PREFIX}/{module}")).await;
            assert_refused(&reply, 405, "Allow");
            assert_eq!(reply.header("allow"), Some("POST"));
            let version = format!("{module}?Accept-Version=v9");
            assert_refused(&send(&client, &version, "[{}]").await, 400, "must be v2");
        }
        assert_eq!(ground.count("event").await, 0);
        assert_eq!(ground.count("dead_letter").await, 0);
        let most = send(&client, "people", padded(1 << 20)).await;
        most.record();
    });
}

#[test]
fn invalid_parameters_are_named_in_the_refusal() {
    served("ahgora-parameters", async |_, client| {
        let get = async |query: &str| client.get(&format!("{PREFIX}/process?{query}")).await;
        for (query, words) in [
            ("", "subunique is missing"),
            ("subunique=", "subunique must be 1 to 255 bytes long"),
            ("unique=", "unique must be 1 to 255 bytes long"),
            ("subunique=a&subunique=b", "subunique must be given once"),
            ("subunique=99999999", "has no process of this subunique"),
            ("unique=99999999", "has no process of this unique"),
            ("subunique=%ff", "has no process"),
            ("subunique=%00", "subunique must be 1 to 255 bytes long"),
            ("unique=%00", "unique must be 1 to 255 bytes long"),
            ("subunique=a&Accept-Version=v1", "Accept-Version must be v2"),
        ] {
            assert_refused(&get(query).await, 400, words);
        }
        let version = client.with("accept-version", "v3");
        let reply = version.get(&format!("{PREFIX}/process?subunique=a")).await;
        assert_refused(&reply, 400, "the header Accept-Version must be v2");
        let posted = send(&client, "process", "[]").await;
        assert_refused(&posted, 405, "Allow");
        assert_eq!(posted.header("allow"), Some("GET,HEAD"));
        assert_refused(&client.get("/ahgora/results").await, 404, "no such path");

        let begun = send(&client.with("accept-version", "V2"), "users", "[{}]").await;
        let begun = begun.record();
        let query = format!("subunique={}", begun["subunique"].as_str().expect("one"));
        let slash = client.get(&format!("{PREFIX}/process/?{query}&_=1")).await;
        assert_eq!(slash.record()["status"], "processing");
        assert_refused(
            &get(&format!("{query}&unique=x")).await,
            400,
            "another unique",
        );
    });
}

#[test]
fn hostile_parameter_values_are_refused() {
    served_as("ahgora-odd", "api", async |_, client| {
        for name in ["subunique", "unique", "company", "Accept-Version"] {
            for value in values() {
                let value = percent_encode(&value, NON_ALPHANUMERIC);
                let path = format!("{PREFIX}/process?{name}={value}");
                let reply = client.get(&path).await;
                let code = if name == "company" { 403 } else { 400 };
                assert_refused(&reply, code, "");
            }
        }
    });
}

#[test]
fn removed_processes_are_gone_and_unapplied_ones_are_only_accepted() {
    Ground::test("ahgora-gone", async |ground| {
        let (plan, client) = ground.api_plan().await;
        let plan = plan.with("janitor.interval", "100ms");
        let plan = plan.with("process.retention", "1s");
        let worker = plan.clone().roles("worker,relay,api,janitor").start().await;
        let begun = send(&client, "users", "[{}]").await.record();
        let subunique = begun["subunique"].as_str().expect("one");
        let cancel = format!("/v1/processes/{subunique}/cancel");
        let patient = client.with("prefer", "wait=60");
        patient
            .post(&cancel, json!({"reason": "twice"}))
            .await
            .record();
        let process = format!("{PREFIX}/process?subunique={subunique}");
        let cancelled = client.get(&process).await;
        if cancelled.status == 200 {
            let cancelled = cancelled.record();
            assert_eq!(cancelled["status"], "error");
            let errors = json!([{"identifier": subunique, "message": ["twice"]}]);
            assert_eq!(cancelled["data"]["errors"], errors);
        }
        let reply = until("its removal", async || {
            let reply = client.get(&process).await;
            (reply.status != 200).then_some(reply)
        })
        .await;
        assert_refused(&reply, 410, "not valid any more");
        worker.stop().await;

        let alone = plan.roles("api").start().await;
        let stopped = async {
            holds("an event that no worker consumes", async || {
                ground.ready("waybill.events.0").await == Some(1)
            })
            .await;
            alone.stop().await;
        };
        let (reply, ()) = tokio::join!(send(&client, "users", "[{}]"), stopped);
        let kept = reply.json(202);
        let message = kept["message"].as_str().expect("words");
        assert!(message.contains("do not send them again"), "{message}");
        assert!(kept["subunique"].is_string() && kept["unique"].is_string());
    });
}
