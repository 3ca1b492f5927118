//! Ahgora's clients, end to end: they send people, a back-end works on them, the monitor reports
//! the progress, and after the validity that it is gone.

use std::process::Stdio;

use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use tokio::process::Command;
use waybill::clock;
use waybill::domain::access::Scope;
use waybill::wire::PlainEvent;

use crate::http::processes::key;
use crate::support::client::{Client, Reply, Settings, served_with};
use crate::support::ground::{Ground, until};
use crate::support::producer::Producer;
use crate::support::python::python;
use crate::support::recorder::Recorder;

pub(crate) const BOTH: [Scope; 2] = [Scope::Read, Scope::Write];
pub(crate) const PREFIX: &str = "/ahgora";
const VALIDITY: Settings = &["dialects.ahgora_validity=2s"];

/// A back-end that works on uploads, over AMQP alone.
pub(crate) struct BackEnd {
    company: String,
    recorder: Recorder,
    producer: Producer,
}

impl BackEnd {
    pub(crate) async fn of(ground: &Ground, company: &str) -> Self {
        Self {
            company: company.to_owned(),
            recorder: Recorder::of_events(ground).await,
            producer: Producer::new(ground),
        }
    }

    /// Waits for the upload of that number, and reports every n-th of its records as failed.
    pub(crate) async fn work(&mut self, number: usize, fails: usize) -> (String, Value) {
        let (token, data) = until("records to work on", async || {
            let received = self.recorder.received().into_iter();
            let mut opened = received.filter(|copy| copy.routing_key == "upload.received");
            let opening = opened.nth(number)?;
            let data: Value = serde_json::from_slice(&opening.body).expect("JSON");
            Some((opening.token, data))
        })
        .await;
        let records = data["records"].as_array().expect("records");
        let item = |(n, record): (usize, &Value)| {
            let fails = n % fails == 0;
            let messages = if fails { vec!["CPF Inválido"] } else { vec![] };
            json!({"identifier": record["matricula"], "ok": !fails, "messages": messages})
        };
        let items: Vec<_> = records.iter().enumerate().map(item).collect();
        let event = |type_, data| PlainEvent {
            tenant: Some(self.company.clone()),
            ..PlainEvent::new("back-end", type_, &token, clock::now(), data)
        };
        let events = [
            event("upload.items", json!({ "items": items })),
            event("upload.completed", json!({ "total": records.len() })),
        ];
        self.producer.events(&events).await;
        (token, data)
    }
}

/// A client that sends its key as these clients do.
pub(crate) async fn basic(
    ground: &Ground,
    client: &Client,
    tenant: &str,
    scopes: &[Scope],
) -> Client {
    let (key, _) = key(ground, tenant, scopes).await;
    let login = BASE64_STANDARD.encode(format!("{tenant}:{key}"));
    client.with("authorization", &format!("Basic {login}"))
}

pub(crate) fn people(count: usize) -> Value {
    let person = |n: usize| json!({"matricula": format!("{n:06}"), "nome": "Zoë", "pis": n});
    Value::Array((0..count).map(person).collect())
}

pub(crate) async fn process(client: &Client, query: &str) -> Reply {
    client.get(&format!("{PREFIX}/process?{query}")).await
}

pub(crate) async fn ended(client: &Client, query: &str) -> Value {
    until("the end", async || {
        let answer = process(client, query).await.record();
        (answer["status"] != "processing").then_some(answer)
    })
    .await
}

async fn gone(client: &Client, query: &str) {
    let reply = until("the end of its validity", async || {
        let reply = process(client, query).await;
        (reply.status != 200).then_some(reply)
    })
    .await;
    let error = &reply.json(410)["error"];
    assert_eq!(error["code"], 410);
    let message = error["message"].as_str().expect("words");
    assert!(message.contains("not valid any more"), "{message}");
}

#[test]
fn a_thousand_people_of_whom_thirty_fail_are_followed_until_the_answer_is_gone() {
    served_with("ahgora-story", VALIDITY, async |ground, client| {
        let mut back_end = BackEnd::of(&ground, "a133595").await;
        let client = basic(&ground, &client, "a133595", &BOTH).await;

        let sent = people(1_000);
        let begun = client.post("/ahgora/people", &sent).await.record();
        let (unique, subunique) = (&begun["unique"], begun["subunique"].as_str().expect("one"));
        let message = "People's Integration on progress";
        let whole = json!({"company": "a133595", "unique": unique, "subunique": subunique, "message": message});
        assert_eq!(begun, whole);
        let query = format!("subunique={subunique}&Accept-Version=v2");
        let mut expected = json!({"data": {"errors": []}, "company": "a133595", "unique": unique,
            "subunique": subunique, "status": "processing", "progress": {"done": "0", "total": "1000"}});
        // It is open before its request is answered, and as long as the back-end does not work on
        // it.
        assert_eq!(process(&client, &query).await.record(), expected);
        tokio::time::sleep(std::time::Duration::from_secs(3)).await;
        assert_eq!(process(&client, &query).await.record(), expected);

        let (token, data) = back_end.work(0, 34).await;
        assert_eq!(
            (token.as_str(), &data["records"], &data["module"]),
            (subunique, &sent, &json!("people"))
        );
        let error =
            |n: usize| json!({"identifier": format!("{n:06}"), "message": ["CPF Inválido"]});
        expected["data"]["errors"] = (0..1_000).step_by(34).map(error).collect();
        assert_eq!(
            expected["data"]["errors"].as_array().map(Vec::len),
            Some(30)
        );
        expected["status"] = json!("warning");
        expected["progress"]["done"] = json!("1000");
        assert_eq!(ended(&client, &query).await, expected);

        gone(&client, &query).await;
        gone(
            &client,
            &format!("unique={}", unique.as_str().expect("one")),
        )
        .await;
        let native = format!("/v1/processes/{subunique}?include=events,data");
        let record = client.get(&native).await.record();
        assert_eq!(
            record["status"], "warning",
            "it is gone for these clients only"
        );
        assert_eq!(record["events"][0]["data"]["records"], sent);
    });
}

#[test]
fn a_client_written_for_ahgora_works_with_another_address_and_key() {
    served_with("ahgora-python", VALIDITY, async |ground, client| {
        let mut back_end = BackEnd::of(&ground, "default").await;
        let (key, _) = key(&ground, "default", &BOTH).await;
        let mut script = Command::new(python("requests"));
        script
            .arg(concat!(
                env!("CARGO_MANIFEST_DIR"),
                "/examples/clients/ahgora.py"
            ))
            .args(["--url", &(client.url() + PREFIX), "--key", &key])
            .args(["--people", "4", "--until-gone"])
            .stdin(Stdio::null());
        let (output, _) = tokio::join!(script.output(), back_end.work(0, 3));
        let output = output.expect("it runs");
        let printed = String::from_utf8_lossy(&output.stdout);
        let expected = "warning\t2\n000000\tCPF Inválido\n000003\tCPF Inválido\ngone\n";
        assert_eq!(
            printed,
            expected,
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(output.status.success());
    });
}
