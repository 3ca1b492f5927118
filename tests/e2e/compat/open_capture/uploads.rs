//! Uploads of Open-Capture clients: a script from the login to the documents, and refusals.

use std::process::{Command, Stdio};

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::processes::refusal;
use crate::http::processes::{key, keyed};
use crate::support::client::{Client, Reply, served, served_as, served_with};
use crate::support::command::Answer;
use crate::support::ground::{holds, until};
use crate::support::multipart::{PDF, part};
use crate::support::python::python;

const PATH: &str = "/open-capture/ws/verifier/upload";
const LOGIN: &str = "/open-capture/auth/login";
const BOTH: [Scope; 2] = [Scope::Read, Scope::Write];

async fn upload(client: &Client, parts: &[String]) -> Reply {
    client.upload(PATH, parts).await
}

#[test]
fn a_script_for_open_capture_needs_only_another_address_and_password() {
    served("capture-script", async |ground, client| {
        let (text, _) = key(&ground, "default", &BOTH).await;
        let service = client.with("authorization", &format!("Bearer {text}"));
        let script = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/examples/clients/open_capture.py"
        );
        let child = Command::new(python("requests"))
            .args([script, "--key", &text, "--url"])
            .arg(format!("{}/open-capture/ws", client.url()))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("python3 runs");
        work(&service).await;
        Answer::of(child).ended(
            0,
            &[
                "calinda.pdf\tis read",
                "\t1\t2026-01-31 12:00:01\trunning\tocr of calinda.pdf\n",
                "\tdocument 1\tcity = Marseille\n",
                "second.pdf\tis read",
                "broken.pdf\tfailed",
                "\t2\t2026-01-31 12:00:02\terror\tended with an error: it has no pages\n",
            ],
        );
    });
}

/// The service that processes the uploads.
async fn work(service: &Client) {
    let uploads = until("three uploads", async || {
        let page = service.get("/v1/processes?status=running").await.record();
        let uploads = page["processes"].as_array()?.clone();
        (uploads.len() == 3).then_some(uploads)
    })
    .await;
    let patient = service.with("prefer", "wait=60");
    for upload in &uploads {
        let token = upload["token"].as_str().expect("a token");
        let name = upload["filename"].as_str().expect("a name");
        let path = format!("/v1/processes/{token}");
        let opening = service.get(&path).await.record()["opening"].clone();
        assert_eq!(opening["workflow"], "default_workflow");
        assert_eq!(opening["attributes"], json!({"siret": "49381125100047"}));
        let mut events = vec![(
            "upload.step",
            json!({"message": format!("ocr of {name}"), "state": "running"}),
        )];
        if name == "broken.pdf" {
            events.push(("upload.failed", json!({"message": "it has no pages"})));
        } else {
            let item = json!({"identifier": "page-1", "ok": true, "document_id": "1",
                "data": {"city": "Marseille", "form_id": 3}});
            events.push(("upload.items", json!({ "items": [item] })));
            events.push(("upload.completed", json!({"total": 1})));
        }
        let events = events.iter().zip(1..);
        let events = events.map(|((type_, data), second)| {
            json!({"id": format!("{name}-{second}"), "source": "ocr", "type": type_, "token": token,
                "time": format!("2026-01-31T12:00:0{second}Z"), "data": data})
        });
        let events: Vec<Value> = events.collect();
        patient.post("/v1/events", json!(events)).await.record();
    }
}

#[test]
fn each_file_gets_a_token_and_refused_uploads_open_nothing() {
    let limit = ["files.file_bytes=64KiB"];
    served_with("capture-upload", &limit, async |ground, client| {
        let file = |content: &str| part("file", Some("a.pdf"), content);
        let workflow = part("workflowId", None, "w");

        let (errors, message) = refusal(&upload(&client, &[file(PDF)]).await, 400);
        assert!(message.contains("workflowId"), "{errors}: {message}");
        let (_, message) = refusal(&upload(&client, std::slice::from_ref(&workflow)).await, 400);
        assert!(message.contains("no file"), "{message}");
        let program = [workflow.clone(), file("MZ\0\0 no pdf")];
        let (_, message) = refusal(&upload(&client, &program).await, 400);
        assert!(message.contains("application/pdf"), "{message}");
        let large = [
            workflow.clone(),
            file(&format!("{PDF}{}", "x".repeat(65_536))),
        ];
        refusal(&upload(&client, &large).await, 413);
        refusal(&client.post(PATH, "{}").await, 400);
        let long = [part("workflowId", None, &"w".repeat(201)), file(PDF)];
        let (_, message) = refusal(&upload(&client, &long).await, 400);
        assert!(message.contains("`workflowId`"), "{message}");
        let cut = client.with("content-type", "multipart/form-data; boundary=x");
        refusal(&cut.post(PATH, "--x\r\nno end").await, 400);
        assert_eq!(ground.count("event").await, 0);

        let parts = [
            part("first", Some("../one.pdf"), PDF),
            part("returnUniqueUrl", None, "true"),
            part("colour", None, "red"),
            part("second", Some("two.pdf"), PDF),
            workflow,
        ];
        let client = client.with("idempotency-key", "scan-7");
        let answer = upload(&client, &parts).await.record();
        let files = answer.as_array().expect("an array");
        let names: Vec<_> = files.iter().map(|file| &file["filename"]).collect();
        assert_eq!(names, ["one.pdf", "two.pdf"]);
        assert_ne!(files[0]["token"], files[1]["token"]);
        assert_eq!(files[0].as_object().map(serde_json::Map::len), Some(2));
        // It exists as soon as it is answered, and once, however often it is sent.
        let by_token = json!({"token": files[1]["token"]});
        let path = "/open-capture/monitoring/getProcessByToken";
        let process = client.post(path, by_token).await.record()["process"][0].clone();
        assert_eq!(process["workflow_id"], "w");
        assert_eq!(upload(&client, &parts).await.record(), answer);
    });
}

#[test]
fn an_upload_that_is_not_applied_is_not_reported_as_done() {
    served_as("capture-accepted", "api", async |ground, client| {
        let parts = [part("workflowId", None, "w"), part("f", Some("a.pdf"), PDF)];
        let answer = upload(&client, &parts).await.json(202);
        assert_eq!(answer[0]["filename"], "a.pdf");
        let by_token = json!({"token": answer[0]["token"]});
        let path = "/open-capture/monitoring/getProcessByToken";
        let process = client.post(path, by_token.clone()).await.record();
        assert_eq!(process, json!({"process": []}));
        // It is kept for the next worker.
        let worker = ground.plan().roles("worker").start().await;
        holds("the process", async || {
            let process = client.post(path, by_token.clone()).await.record();
            process["process"][0]["status"] == "running"
        })
        .await;
        worker.stop().await;
    });
}

#[test]
fn a_login_answers_with_the_key_and_a_wrong_one_is_refused() {
    served("capture-login", async |ground, client| {
        let (text, _) = key(&ground, "default", &BOTH).await;
        let (reader, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let login = json!({"username": "scanner", "password": text, "lang": "fra"});
        let answer = client.post(LOGIN, &login).await.record();
        assert_eq!(answer["auth_token"], text.as_str());
        assert_eq!(answer["minutes_before_exp"], 1_440);
        let privileges = json!(["monitoring", "access_verifier", "upload"]);
        assert_eq!(answer["user"]["privileges"], privileges);
        assert_eq!(answer["user"]["username"], "scanner");

        for (body, status) in [
            (json!({"username": "scanner", "password": "admin"}), 401),
            (json!({"username": "scanner"}), 400),
            (json!({"username": 7, "password": text}), 400),
            (json!([]), 400),
            (
                json!({"username": "x".repeat(20_000), "password": text}),
                413,
            ),
        ] {
            let (_, message) = refusal(&client.post(LOGIN, body).await, status);
            assert!(!message.contains("admin") && !message.contains(&text));
        }
        refusal(&client.get(LOGIN).await, 405);
        refusal(&reader.post(PATH, "").await, 403);
    });
}
