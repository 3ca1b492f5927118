//! Clients of Open-Capture: processes by token, from the first event to the documents.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use crate::http::processes::keyed;
use crate::support::client::{Client, Reply, served};

const PATH: &str = "/open-capture/monitoring/getProcessByToken";
const TOKEN: &str = "zqx-token-capture";

async fn get(client: &Client, body: &Value) -> Value {
    client.post(PATH, body).await.record()
}

/// The two texts of an error answer.
pub(crate) fn refusal(reply: &Reply, status: u16) -> (String, String) {
    let body = reply.json(status);
    let text = |name: &str| body[name].as_str().expect("a text").to_owned();
    assert_eq!(body.as_object().map(serde_json::Map::len), Some(2));
    (text("errors"), text("message"))
}

fn event(id: &str, type_: &str, time: &str, data: &Value) -> Value {
    let time = format!("2023-04-27T{time}Z");
    json!({"id": id, "source": "ocr", "type": type_, "token": TOKEN, "time": time, "data": data})
}

#[test]
fn a_process_is_followed_by_its_token_until_it_is_done() {
    served("capture-token", async |_, client| {
        let by_token = json!({"token": TOKEN, "retrieveData": true});
        assert_eq!(get(&client, &by_token).await, json!({"process": []}));

        let step = json!({"message": "2 pages read", "state": "done"});
        client
            .applies(json!([event("2", "upload.step", "10:28:32", &step)]))
            .await;
        let answer = get(&client, &by_token).await;
        assert_eq!(answer["process"][0]["status"], "wait", "{answer}");

        let opening = json!({"filename": "CALINDA.pdf", "module": "splitter", "workflow_id": "w"});
        client
            .applies(json!([event("1", "upload.received", "10:28:31", &opening)]))
            .await;
        let answer = get(&client, &by_token).await;
        assert_eq!(answer["process"][0]["status"], "running", "{answer}");
        assert!(answer.get("document_data").is_none(), "{answer}");

        let items = json!({"items": [{"identifier": "a", "ok": true, "document_id": "1",
            "data": {"city": "Marseille", "form_id": 3}}]});
        client
            .applies(json!([
                event("3", "upload.items", "10:28:40", &items),
                event("4", "upload.completed", "10:28:53.35", &json!({"total": 1})),
            ]))
            .await;
        let answer = get(&client, &by_token).await;
        let id = answer["process"][0]["id"].as_u64().expect("a number");
        let expected = done(id);
        assert_eq!(answer, expected);
        everywhere(&client, id, &expected["process"]).await;
    });
}

/// The whole answer in the end.
fn done(id: u64) -> Value {
    json!({
        "document_data": {"1": {"city": "Marseille", "form_id": 3}},
        "process": [{
            "creation_date": "Thu, 27 Apr 2023 10:28:31 GMT",
            "creation_date_formated": "Jeudi 27 Avril 2023 10:28:31",
            "document_ids": [1],
            "elapsed_time": "00:00:22.35",
            "end_date": "Thu, 27 Apr 2023 10:28:53 GMT",
            "end_date_formated": "Jeudi 27 Avril 2023 10:28:53",
            "error": false,
            "filename": "CALINDA.pdf",
            "id": id,
            "module": "splitter",
            "source": "ocr",
            "status": "done",
            "steps": {"1": {"status": "running", "message": "2 pages read",
                "date": "2023-04-27 10:28:32"}},
            "token": TOKEN,
            "workflow_id": "w",
        }],
    })
}

/// Checks the same under every path, and by number.
async fn everywhere(client: &Client, id: u64, process: &Value) {
    for place in ["", "/ws", "/main/ws", "/ws/ws"] {
        let path = format!("/open-capture{place}/monitoring/getProcessByToken");
        let answer = client.post(&path, json!({"token": TOKEN})).await.record();
        assert_eq!(&answer["process"], process, "{place}");
        let path = format!("/open-capture{place}/monitoring/getProcessById/{id}");
        let answer = client.get(&path).await.record();
        assert_eq!(&answer, &json!({ "process": process }), "{place}");
        let path = format!("/open-capture{place}/monitoring/list?limit=1");
        let answer = client.get(&path).await.record();
        assert_eq!(answer["processes"][0]["token"], TOKEN, "{place}");
    }
    let other = format!("/open-capture/monitoring/getProcessById/{}", id + 1);
    assert_eq!(client.get(&other).await.record(), json!({"process": []}));
}

/// Unknown paths below the prefix.
const NOWHERE: [&str; 4] = [
    "",
    "monitoring",
    "monitoring/getProcessById/first",
    "ws/x/y/z",
];

#[test]
fn refusals_are_worded_as_open_capture_words_them() {
    served("capture-wrong", async |ground, client| {
        let (north, _) = keyed(&ground, &client, "north", &[Scope::Read, Scope::Write]).await;
        let (south, _) = keyed(&ground, &client, "south", &[Scope::Read]).await;
        let (mute, _) = keyed(&ground, &client, "north", &[Scope::Write]).await;
        let opening = event(
            "1",
            "upload.received",
            "10:28:31",
            &json!({"filename": "a.pdf"}),
        );
        let producer = north.with("prefer", "wait=60");
        producer.post("/v1/events", opening).await.record();
        let by_token = json!({"token": TOKEN});
        assert_eq!(get(&north, &by_token).await["process"][0]["token"], TOKEN);
        assert_eq!(get(&south, &by_token).await, json!({"process": []}));
        let id = get(&north, &by_token).await["process"][0]["id"].clone();
        let by_id = format!("/open-capture/monitoring/getProcessById/{id}");
        assert_eq!(south.get(&by_id).await.record(), json!({"process": []}));
        let list = "/open-capture/monitoring/list";
        assert_eq!(south.get(list).await.record(), json!({"processes": []}));

        let bad = client.with("authorization", "Bearer wb_no_key");
        for (caller, status) in [(&client, 401), (&bad, 401), (&mute, 403)] {
            for path in [by_id.as_str(), list] {
                refusal(&caller.get(path).await, status);
            }
            let reply = caller.post(PATH, &by_token).await;
            refusal(&reply, status);
            assert_eq!(reply.header("www-authenticate").is_some(), status == 401);
        }
        let upload = "/open-capture/verifier/upload";
        refusal(&client.post(upload, "").await, 401);
        refusal(&south.post(upload, "").await, 403);

        for body in ["{", "[]", "{}", "{\"token\": 7}", "{\"token\": \"\"}"] {
            refusal(&north.post(PATH, body).await, 400);
        }
        let long = json!({"token": "x".repeat(70_000)});
        refusal(&north.post(PATH, long).await, 413);
        let wrong = north.get(PATH).await;
        refusal(&wrong, 405);
        assert_eq!(wrong.header("allow"), Some("POST"));
        for path in NOWHERE {
            refusal(&north.get(&format!("/open-capture/{path}")).await, 404);
        }
        let unknown = json!({"token": "unknown-token", "retrieveData": true, "more": 1});
        assert_eq!(get(&north, &unknown).await, json!({"process": []}));
    });
}
