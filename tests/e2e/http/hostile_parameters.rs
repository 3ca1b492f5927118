//! Any value of a parameter, in the path, the query or the headers, is refused with a problem or
//! accepted as it is; nothing breaks, and nothing that was accepted is lost.

use std::collections::BTreeSet;

use futures_util::{StreamExt, stream};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::support::client::{Client, Reply, served_with};
use crate::support::ground::{Ground, holds};
use crate::support::hostile_values::{in_header, values};
use crate::support::openapi_document::{Described, Operation};

const AT_ONCE: usize = 16;
const FORM: &str = "--b\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\na\r\n--b--\r\n";

const FORM_TYPE: &str = "multipart/form-data; boundary=b";

/// One request of an operation.
struct Attempt {
    operation: Operation,
    path: String,
    headers: Vec<(String, String)>,
    body: String,
}

/// The resources that the requests name.
struct Own {
    order: String,
    upload: String,
    file: String,
}

impl Own {
    async fn sent(client: &Client) -> Self {
        let patient = client.with("prefer", "wait=60");
        let order = patient.post("/v1/orders", "{}").await.record();
        let form = patient.with("content-type", FORM_TYPE);
        let uploads = form.post("/v1/uploads", FORM).await.record();
        let upload = &uploads["uploads"][0];
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        Self {
            order: text(&order["token"]),
            upload: text(&upload["token"]),
            file: text(&upload["file"]["id"]),
        }
    }
}

/// Every operation with every value in each of its parameters.
fn attempts(described: &Described, own: &Own) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for operation in described.operations() {
        let methods = &described.0["paths"][&operation.path];
        let parameters = &methods[operation.method.to_lowercase().as_str()]["parameters"];
        for parameter in parameters.as_array().into_iter().flatten() {
            let name = parameter["name"].as_str().expect("a name");
            for value in values() {
                let encoded = percent_encode(&value, NON_ALPHANUMERIC).to_string();
                let mut path = operation.path.clone();
                let mut headers = Vec::new();
                match parameter["in"].as_str() {
                    Some("path") => path = path.replace(&format!("{{{name}}}"), &encoded),
                    Some("query") => path = format!("{path}?{name}={encoded}"),
                    Some("header") => match in_header(&value) {
                        Some(text) => headers.push((name.to_owned(), text)),
                        None => continue,
                    },
                    other => panic!("{other:?}"),
                }
                let token = match operation.id.as_str() {
                    "pushOrder" => &own.order,
                    "getFile" => &own.upload,
                    _ => "walk",
                };
                let path = path.replace("{token}", token).replace("{id}", &own.file);
                attempts.push(Attempt {
                    path: path.replace("{name}", "upload.received.json"),
                    body: body(&operation, attempts.len()),
                    operation: operation.clone(),
                    headers,
                });
            }
        }
    }
    attempts
}

fn body(operation: &Operation, number: usize) -> String {
    let body = match operation.id.as_str() {
        "getProcesses" => json!({ "requests": [{ "token": "walk" }] }),
        "sendEvents" => json!({ "id": number.to_string(), "source": "walk", "token": "walk",
            "type": "upload.step", "data": { "message": "on the way" } }),
        "pushOrder" => json!({ "stage": "open" }),
        "upload" => return FORM.to_owned(),
        _ if operation.method == "POST" => json!({}),
        _ => return String::new(),
    };
    body.to_string()
}

/// An event in binary mode with every value in each of its attributes.
fn binary(sending: &Operation) -> Vec<Attempt> {
    const ATTRIBUTES: [(&str, &str); 9] = [
        ("ce-specversion", "1.0"),
        ("ce-id", ""),
        ("ce-source", "binary"),
        ("ce-type", "upload.step"),
        ("ce-subject", "walk"),
        ("ce-time", "2026-01-31T12:00:00Z"),
        ("ce-sequence", "3"),
        ("ce-tenant", "default"),
        (
            "traceparent",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        ),
    ];
    let mut attempts = Vec::new();
    for (changed, _) in ATTRIBUTES {
        for value in values().iter().filter_map(|value| in_header(value)) {
            let number = attempts.len();
            let header = |(name, usual): (&str, &str)| {
                let usual = match name {
                    "ce-id" => number.to_string(),
                    _ => usual.to_owned(),
                };
                let value = if name == changed {
                    value.clone()
                } else {
                    usual
                };
                (name.to_owned(), value)
            };
            attempts.push(Attempt {
                operation: sending.clone(),
                path: sending.path.clone(),
                headers: ATTRIBUTES.map(header).to_vec(),
                body: json!({ "message": "binary" }).to_string(),
            });
        }
    }
    attempts
}

impl Attempt {
    /// Sends it; returns the fault of its answer, if any, and the events that it accepted.
    async fn send(self, client: &Client) -> (Option<String>, Vec<(String, String)>) {
        let type_ = match self.operation.id.as_str() {
            "upload" => FORM_TYPE,
            _ => "application/json",
        };
        let client = client.with("content-type", type_);
        let with = |client: Client, (name, value): &(String, String)| client.with(name, value);
        let client = self.headers.iter().fold(client, with);
        if self.operation.id == "streamEvents" && begins(&client, &self.path).await {
            return (None, Vec::new());
        }
        let method = &self.operation.method;
        let reply = client.send(method, &self.path, &self.body).await;
        let fault = fault(&reply).map(|fault| {
            let Self { path, headers, .. } = &self;
            format!("{method} {path} {headers:?}: {fault}\n{reply:?}")
        });
        let body = serde_json::from_str(reply.body()).unwrap_or_default();
        (fault, accepted(&body))
    }
}

/// Whether the stream begins well; it has no end.
async fn begins(client: &Client, path: &str) -> bool {
    let stream = client.begin(path.to_owned()).await;
    let mut line = String::new();
    let read = BufReader::new(stream).read_line(&mut line).await;
    read.expect("an answer");
    line.contains(" 200 ")
}

fn fault(reply: &Reply) -> Option<&'static str> {
    if reply.header("x-injected").is_some() {
        return Some("a header came back that was in a value");
    }
    match reply.status {
        200..400 => None,
        400..500 => {
            let problem: Value = serde_json::from_str(reply.body()).unwrap_or_default();
            let type_ = problem["type"].as_str().unwrap_or_default();
            let is_problem = type_.starts_with("urn:waybill:problem:")
                && reply.header("content-type") == Some("application/problem+json")
                && problem["status"] == reply.status
                && problem["detail"]
                    .as_str()
                    .is_some_and(|detail| !detail.is_empty());
            (!is_problem).then_some("is not a problem")
        }
        _ => Some("broke something"),
    }
}

/// Source and id of every accepted event.
fn accepted(body: &Value) -> Vec<(String, String)> {
    if let (Some(source), Some(id), Some(_)) = (
        body["source"].as_str(),
        body["id"].as_str(),
        body["state"].as_str(),
    ) {
        return vec![(source.to_owned(), id.to_owned())];
    }
    let lists = ["events", "uploads"].into_iter();
    let several = lists.filter_map(|list| body[list].as_array());
    several.flatten().flat_map(accepted).collect()
}

async fn stored(ground: &Ground) -> BTreeSet<(String, String)> {
    let rows = "select source, id from waybill.event
                union select source, event_id from waybill.dead_letter where event_id is not null";
    ground.pairs(rows).await.into_iter().collect()
}

/// Sends requests, which break nothing; returns the events that were accepted.
async fn send_all(client: &Client, attempts: Vec<Attempt>) -> BTreeSet<(String, String)> {
    let sent = stream::iter(attempts.into_iter().map(|attempt| attempt.send(client)));
    let sent: Vec<_> = sent.buffer_unordered(AT_ONCE).collect().await;
    let faults = sent.iter().filter_map(|(fault, _)| fault.as_ref());
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "{} faults: {faults:#?}", faults.len());
    sent.into_iter()
        .flat_map(|(_, accepted)| accepted)
        .collect()
}

#[test]
fn hostile_values_break_nothing_and_accepted_events_are_stored() {
    let any_type = ["files.types=any"];
    served_with("hostile-parameters", &any_type, async |ground, client| {
        let own = Own::sent(&client).await;
        let described = Described::by(&client).await;
        let mut operations = described.operations().into_iter();
        let sending = operations.find(|operation| operation.id == "sendEvents");
        let mut attempts = attempts(&described, &own);
        attempts.extend(binary(&sending.expect("it is there")));
        assert!(attempts.len() > 2_000, "{}", attempts.len());
        // They would erase what the others have sent.
        let is_erasing = |attempt: &Attempt| attempt.operation.id == "eraseProcess";
        let (erasing, attempts) = attempts.into_iter().partition(is_erasing);

        let accepted = send_all(&client, attempts).await;
        assert!(accepted.len() > 200, "{}", accepted.len());
        holds("all that was accepted", async || {
            let stored = stored(&ground).await;
            accepted.is_subset(&stored)
        })
        .await;
        send_all(&client, erasing).await;
        assert!(client.get("/v1/processes").await.status == 200);
    });
}
