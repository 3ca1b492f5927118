//! Answers to clients of Diadoc: items at any position, states as of an event, contents up to a
//! size limit, and a sentence for every refusal.

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::documents::refusal;
use crate::http::process_batch::{places, post_batch};
use crate::http::processes::key;
use crate::http::uploads::upload;
use crate::support::client::{Client, served, served_as};
use crate::support::ground::assert_contains;
use crate::support::multipart::{PDF, part};

const PATH: &str = "/diadoc/V2/GetDocflows?boxId=default";

/// One request of a batch.
fn about(message: &str, entity: &str) -> Value {
    json!({"DocumentId": {"MessageId": message, "EntityId": entity}})
}

fn as_of(message: &str, entity: &str, event: &str) -> Value {
    let mut request = about(message, entity);
    request["LastEventId"] = event.into();
    request
}

async fn documents(client: &Client, requests: &[Value]) -> Vec<Value> {
    let reply = client.post(PATH, json!({ "Requests": requests })).await;
    let documents = reply.record()["Documents"].clone();
    let documents = documents.as_array().expect("documents").clone();
    assert_eq!(documents.len(), requests.len());
    for (document, request) in documents.iter().zip(requests) {
        assert_eq!(document["DocumentId"], request["DocumentId"]);
    }
    documents
}

/// Publishes events of a process, and waits until they were applied.
async fn publish(client: &Client, token: &str, events: &[(&str, Value)]) {
    for (number, (kind, data)) in events.iter().enumerate() {
        let event = json!({
            "id": format!("{token}-{number}"), "source": "e2e", "type": kind, "token": token,
            "time": format!("2026-01-01T00:00:0{number}Z"), "data": data,
        });
        let patient = client.with("prefer", "wait=60");
        patient.post("/v1/events", event).await.record();
    }
}

/// `count` items from a number on.
fn items(from: usize, count: usize) -> (&'static str, Value) {
    let item =
        |n: usize| json!({"identifier": format!("item-{n:04}"), "ok": true, "data": {"n": n}});
    let items: Vec<_> = (from..from + count).map(item).collect();
    ("upload.items", json!({ "items": items }))
}

#[test]
fn items_are_found_at_any_position_now_and_as_of_an_event() {
    served("diadoc-items", async |_, client| {
        let opened = ("upload.received", json!({"filename": "a.pdf"}));
        publish(
            &client,
            "many",
            &[opened, items(0, 1_000), items(1_000, 200)],
        )
        .await;
        let events = places(&client, "many", 3).await;

        let last = |n: usize| about("many", &format!("item-{:04}", 1_199 - n));
        let now = documents(&client, &(0..100).map(last).collect::<Vec<_>>()).await;
        let then = |n: usize| as_of("many", &format!("item-{:04}", 1_199 - n), &events[2]);
        let then = documents(&client, &(0..100).map(then).collect::<Vec<_>>()).await;
        assert_eq!(now, then);
        let earlier = as_of("many", "item-0999", &events[1]);
        let earlier = documents(&client, &[earlier, about("many", "many")]).await;
        assert_eq!(earlier[0]["LastEventId"], *events[1]);
        assert_eq!(earlier[1]["LastEventId"], *events[2]);
        let not_yet = [as_of("many", "item-1000", &events[1])];
        let reply = client.post(PATH, json!({ "Requests": not_yet })).await;
        let message = refusal(&reply, 404, "NotFound");
        assert_contains(
            message,
            "Requests[0] (MessageId \"many\", EntityId \"item-1000\")",
        );

        // The native list as of the same event has its usual limit.
        let native = json!({"requests": [
            {"token": "many", "as_of": events[2], "include": ["items"]},
        ]});
        let native = post_batch(&client, &native).await.record();
        let listed = native["answers"][0]["process"]["items"].as_array();
        assert_eq!(listed.map(Vec::len), Some(1_000));
    });
}

#[test]
fn contents_are_included_up_to_a_size_limit() {
    served("diadoc-contents", async |_, client| {
        let sizes = [10, 900 << 10, 300 << 10, 2 << 20];
        let files = sizes.map(|size| format!("{PDF}{}", "x".repeat(size)));
        let parts: Vec<_> = files
            .iter()
            .map(|text| part("f", Some("a.pdf"), text))
            .collect();
        let patient = client.with("prefer", "wait=60");
        let uploads = upload(&patient, &parts).await.record()["uploads"].clone();
        let tokens = [0, 1, 2, 3].map(|n| uploads[n]["token"].as_str().expect("a token"));
        publish(&client, "paper", &[items(7, 1)]).await;

        let with_content = |message: &str, entity: &str| {
            let mut request = about(message, entity);
            request["InjectEntityContent"] = true.into();
            request
        };
        let whole = |n: usize| with_content(tokens[n], tokens[n]);
        let requests = [
            whole(0),
            whole(3),
            whole(1),
            whole(2),
            with_content("paper", "item-0007"),
            about(tokens[0], tokens[0]),
            with_content("paper", "paper"),
        ];
        let found = documents(&client, &requests).await;
        let contents = found.iter().map(|document| {
            let attachment = &document["Docflow"]["DocumentAttachment"]["Attachment"];
            let content = &attachment["Entity"]["Content"];
            let data = content["Data"].as_str();
            let data = data.map(|data| BASE64_STANDARD.decode(data).expect("base64"));
            (content["Size"].as_i64().expect("a size"), data)
        });
        let size = |n: usize| i64::try_from(files[n].len()).expect("small");
        let bytes = |n: usize| Some(files[n].clone().into_bytes());
        let expected = [
            (size(0), bytes(0)),
            (size(3), None),
            (size(1), bytes(1)),
            (size(2), None),
            (7, Some(b"{\"n\":7}".to_vec())),
            (size(0), None),
            (-1, None),
        ];
        assert!(contents.eq(expected), "other contents");
    });
}

const OWN: &str = "/diadoc/GetDocflows?boxId=acme";

fn batch(requests: &[Value]) -> String {
    json!({ "Requests": requests }).to_string()
}

/// A client of Diadoc with that key.
fn by(client: &Client, key: &str) -> Client {
    let header = format!("DiadocAuth ddauth_api_client_id=e2e,ddauth_token={key}");
    client.with("authorization", &header)
}

#[test]
fn every_refusal_has_a_status_a_code_and_a_sentence() {
    served("diadoc-refusals", async |ground, client| {
        let (acme, _) = key(&ground, "acme", &[Scope::Read, Scope::Write]).await;
        let (other, _) = key(&ground, "other", &[Scope::Read, Scope::Write]).await;
        let (mute, _) = key(&ground, "acme", &[Scope::Write]).await;
        for (key, token) in [(&acme, "mine"), (&acme, "also-mine"), (&other, "theirs")] {
            let client = client.with("authorization", &format!("Bearer {key}"));
            publish(&client, token, &[("upload.received", json!({}))]).await;
        }
        let bearer = client.with("authorization", &format!("Bearer {other}"));
        let foreign = places(&bearer, "theirs", 1).await.remove(0);
        let acme = by(&client, &acme);
        let mine = batch(&[about("mine", "mine")]);
        for path in [OWN, "/diadoc/V2/GetDocflows?boxid=acme%40diadoc.ru&x=y"] {
            acme.post(path, &mine).await.record();
        }
        bodies(&acme, &foreign).await;
        for (client, path, status, code) in [
            (&acme, "/diadoc/GetDocflows", 400, "InvalidParameter"),
            (&acme, "/diadoc/GetDocflows?boxId=other", 403, "Forbidden"),
            (&by(&client, &mute), OWN, 403, "Forbidden"),
            (&by(&client, "nonsense"), OWN, 401, "Unauthorized"),
            (&client, OWN, 401, "Unauthorized"),
            (&acme, "/diadoc/GetNothing", 404, "NotFound"),
            (&acme, "/diadoc/", 404, "NotFound"),
        ] {
            let reply = client.post(path, &mine).await;
            refusal(&reply, status, code);
            let way = reply.header("www-authenticate");
            assert_eq!(way, (status == 401).then_some("DiadocAuth"));
        }
        for path in [OWN, "/diadoc/V3/Authenticate"] {
            let reply = acme.get(path).await;
            refusal(&reply, 405, "MethodNotAllowed");
            assert_eq!(reply.header("allow"), Some("POST"));
        }
    });
}

/// Checks bodies of calls to the box `acme`; `foreign` is an event of another box.
async fn bodies(acme: &Client, foreign: &str) {
    let none = acme.post(OWN, json!({})).await.record();
    assert_eq!(none, json!({"Documents": []}));
    let (mine, theirs) = (about("mine", "mine"), about("theirs", "theirs"));
    let late = as_of("also-mine", "also-mine", foreign);
    let large = batch(&[about("mine", &"x".repeat(256 << 10))]);
    for (body, status, code, says) in [
        ("{".to_owned(), 400, "InvalidRequest", "line 1 column 1"),
        (large, 400, "RequestTooLarge", "262144 bytes"),
        (
            batch(&vec![mine.clone(); 101]),
            400,
            "InvalidRequest",
            "at most 100",
        ),
        (
            batch(&[about("", "mine")]),
            400,
            "InvalidRequest",
            "Requests[0].DocumentId.MessageId",
        ),
        (
            batch(&[mine.clone(), late]),
            400,
            "InvalidRequest",
            "Requests[1].LastEventId",
        ),
        (batch(&[mine, theirs]), 404, "NotFound", "Requests[1]"),
    ] {
        let reply = acme.post(OWN, body).await;
        let message = refusal(&reply, status, code);
        assert!(message.contains(says), "{message}");
    }
    let protobuf = acme.send("POST", OWN, "no protobuf").await;
    assert!(refusal(&protobuf, 400, "InvalidRequest").contains("Content-Type"));
}

#[test]
fn a_server_fault_is_an_internal_error_with_retry_after() {
    served_as("diadoc-inside", "api", async |ground, client| {
        let hide = "alter table waybill.process rename to hidden";
        ground.execute(hide).await;
        let reply = client.post(PATH, batch(&[about("mine", "mine")])).await;
        refusal(&reply, 500, "InternalServerError");
        assert_eq!(reply.header("retry-after"), Some("1"));
        ground
            .execute("alter table waybill.hidden rename to process")
            .await;
        let reply = client.post(PATH, batch(&[about("mine", "mine")])).await;
        refusal(&reply, 404, "NotFound");
    });
}
