//! Files over HTTP: stored by their contents, served in ranges, deleted with their processes.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::processes::keyed;
use crate::support::client::{Client, Reply, served, served_by, served_with};
use crate::support::ground::holds;
use crate::support::multipart::{PDF, part};
use crate::support::story::MARK;

pub(crate) async fn upload(client: &Client, parts: &[String]) -> Reply {
    client.upload("/v1/uploads", parts).await
}

#[test]
fn each_file_becomes_an_upload_and_is_served_whole_or_in_ranges() {
    served("uploads", async |_, client| {
        let contents = format!("{PDF}{}", "0123456789".repeat(2_000_000));
        let patient = client.with("prefer", "wait=60");
        let reply = upload(
            &patient,
            &[
                part("files", Some("../../a long/name.pdf"), &contents),
                part("workflow_id", None, "intake"),
                part("attributes", None, "{\"desk\": 7}"),
                part("files", Some("second.pdf"), PDF),
            ],
        )
        .await;
        let uploads = reply.record()["uploads"].clone();
        assert_eq!(uploads.as_array().map(Vec::len), Some(2));
        assert_ne!(uploads[0]["token"], uploads[1]["token"]);
        assert_eq!(uploads[0]["state"], "applied");
        let file = &uploads[0]["file"];
        assert_eq!(
            (&file["name"], &file["size"]),
            (&json!("name.pdf"), &json!(contents.len()))
        );
        let token = uploads[0]["token"].as_str().expect("a token");
        let record = client.get(&format!("/v1/processes/{token}")).await.record();
        let opening = &record["opening"];
        assert_eq!(
            (&opening["filename"], &opening["workflow"]),
            (&json!("name.pdf"), &json!("intake"))
        );
        assert_eq!(opening["attributes"]["desk"], 7);

        is_served(
            &client,
            file["uri"].as_str().expect("where it is"),
            &contents,
        )
        .await;
    });
}

async fn is_served(client: &Client, uri: &str, contents: &str) {
    let whole = client.get(uri).await;
    assert_eq!((whole.status, whole.body().len()), (200, contents.len()));
    assert_eq!(whole.header("content-type"), Some("application/pdf"));
    assert!(whole.body() == contents, "the same bytes");
    let range = client.with("range", "bytes=9-18").get(uri).await;
    assert_eq!((range.status, range.body()), (206, "0123456789"));
    let of = format!("bytes 9-18/{}", contents.len());
    assert_eq!(range.header("content-range"), Some(of.as_str()));
    let beyond = client.with("range", "bytes=99999999-").get(uri).await;
    beyond.problem(416, "range_not_satisfiable");
    assert!(beyond.header("content-range").is_some());
    let tag = whole.header("etag").expect("a tag").to_owned();
    let range = client.with("range", "bytes=0-3").with("if-range", &tag);
    assert_eq!(range.get(uri).await.body(), "%PDF");
    let changed = client.with("range", "bytes=0-3").with("if-range", "\"x\"");
    assert_eq!(changed.get(uri).await.status, 200);
}

#[test]
fn an_idempotency_key_repeats_an_upload_and_refuses_another_file() {
    served("uploads-again", async |ground, client| {
        let client = client
            .with("idempotency-key", "scan-7")
            .with("prefer", "wait=60");
        let file = |text: &str| [part("file", Some("a.pdf"), &format!("{PDF}{text}"))];
        let first = upload(&client, &file("one")).await.record();
        let again = upload(&client, &file("one")).await.record();
        assert_eq!(first, again);
        upload(&client, &file("two"))
            .await
            .problem(422, "idempotency_key_reused");
        assert_eq!(ground.count("event").await, 1);
        let back = client.get(first["uploads"][0]["file"]["uri"].as_str().expect("a path"));
        assert_eq!(back.await.body(), format!("{PDF}one"));
    });
}

#[test]
fn an_invalid_upload_is_refused_and_creates_no_process() {
    let limits = ["files.file_bytes=64KiB", "files.request_bytes=100KiB"];
    served_with("uploads-wrong", &limits, async |ground, client| {
        let pdf = |bytes: usize| format!("{PDF}{}", "x".repeat(bytes));
        let file = |text: &str| part("file", Some("a.pdf"), text);
        let (field, odd) = (part("workflow_id", None, "x"), part("colour", None, "red"));
        let wrong = part("attributes", None, "{");
        for (parts, status, name, pointer) in [
            (
                vec![file("MZ\0\0 not a pdf")],
                415,
                "unsupported_media_type",
                None,
            ),
            (vec![file(&pdf(65_536))], 413, "too_large", None),
            (vec![file(&pdf(60_000)); 2], 413, "too_large", None),
            (vec![field], 400, "invalid_body", None),
            (vec![file(PDF), odd], 400, "invalid_body", None),
            (
                vec![file(PDF), wrong],
                400,
                "invalid_body",
                Some("#/attributes"),
            ),
        ] {
            let problem = upload(&client, &parts).await.problem(status, name);
            let found = problem["errors"][0]["pointer"].as_str();
            assert!(pointer.is_none() || found == pointer, "{problem}");
        }
        client
            .post("/v1/uploads", "{}")
            .await
            .problem(415, "unsupported_media_type");
        let form = client.with("content-type", "multipart/form-data; boundary=x");
        form.post("/v1/uploads", "--x\r\nno end")
            .await
            .problem(400, "invalid_body");
        assert_eq!(ground.count("event").await, 0);
    });
}

#[test]
fn a_file_belongs_to_its_tenant_and_is_deleted_with_its_process() {
    let soon = ["janitor.interval=100ms", "process.retention=1s"];
    let roles = "worker,relay,api,janitor";
    served_by("uploads-gone", roles, &soon, async |ground, client| {
        let (north, _) = keyed(&ground, &client, "north", &[Scope::Admin]).await;
        let (south, _) = keyed(&ground, &client, "south", &[Scope::Admin]).await;
        let patient = north.with("prefer", "wait=60");
        let reply = upload(
            &patient,
            &[part("f", Some("a.pdf"), &format!("{PDF}{MARK}"))],
        )
        .await;
        let uploads: Value = reply.record()["uploads"].clone();
        let uri = uploads[0]["file"]["uri"].as_str().expect("where it is");
        assert_eq!(north.get(uri).await.status, 200);
        south.get(uri).await.problem(404, "not_found");
        let other = uri.replace('-', "_");
        north.get(&other).await.problem(404, "not_found");
        let token = uploads[0]["token"].as_str().expect("a token");
        let cancel = format!("/v1/processes/{token}/cancel");
        patient.post(&cancel, "").await.record();
        holds("the end of the file", async || {
            north.get(uri).await.status == 404
        })
        .await;
        holds("the end of its contents", async || {
            files_below(&ground.folder.join("files")) == 0
        })
        .await;
    });
}

/// The number of files below a folder.
pub(crate) fn files_below(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.path() {
            path if path.is_dir() => files_below(&path),
            _ => 1,
        })
        .sum()
}
