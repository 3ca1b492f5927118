//! Clients of Diadoc: a hundred documents followed from their sending to their end, by a client
//! with messages from protoc, and refusals.

use std::process::Command;

use serde_json::json;
use waybill::domain::access::Scope;

use crate::http::processes::key;
use crate::support::client::{Reply, served};
use crate::support::python::python;

/// Runs the example client of that name; returns its output.
pub(crate) async fn example(name: &str, arguments: Vec<String>) -> String {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/clients");
    let program = format!("{folder}/{name}");
    let running = tokio::task::spawn_blocking(move || {
        let output = Command::new(python("google.protobuf"))
            .arg(program)
            .args(arguments)
            .output();
        output.expect("Python")
    });
    let output = running.await.expect("it ends");
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}\n{errors}");
    printed
}

#[test]
fn a_client_of_protoc_follows_a_hundred_documents_and_decodes_every_field() {
    served("diadoc-story", async |ground, client| {
        let (key, _) = key(&ground, "acme", &[Scope::Read, Scope::Write]).await;
        let url = format!("{}/diadoc", client.url());
        let arguments = ["--url", &url, "--key", &key, "--box", "acme"];
        let printed = example("diadoc.py", arguments.map(str::to_owned).to_vec()).await;
        let codes: Vec<_> = printed
            .lines()
            .filter_map(|line| line.split('\t').next())
            .collect();
        assert_eq!(
            codes[..6],
            ["400", "400", "401", "403", "404", "405"],
            "{printed}"
        );
    });
}

/// Checks a refusal; returns its sentence.
pub(crate) fn refusal<'a>(reply: &'a Reply, status: u16, code: &str) -> &'a str {
    assert_eq!(reply.status, status, "{}", reply.body());
    assert_eq!(
        reply.header("x-diadoc-errorcode"),
        Some(code),
        "{}",
        reply.body()
    );
    assert_eq!(
        reply.header("content-type"),
        Some("text/plain; charset=utf-8")
    );
    assert!(reply.body().ends_with('.'), "{}", reply.body());
    reply.body()
}

#[test]
fn authenticate_returns_the_key_as_the_token() {
    served("diadoc-login", async |ground, client| {
        let (key, _) = key(&ground, "acme", &[Scope::Read]).await;
        let client = client.with("authorization", "DiadocAuth ddauth_api_client_id=e2e");
        let query = format!("login=me&password={key}");
        let v3 = "/diadoc/V3/Authenticate?type=password";
        let body = |login: &str, password: &str| json!({login: "me", password: key});
        for reply in [
            client
                .send("POST", &format!("/diadoc/Authenticate?{query}"), "")
                .await,
            client
                .send("POST", &format!("/diadoc/V2/Authenticate?{query}"), "")
                .await,
            client.post(v3, body("login", "password")).await,
            client.post(v3, body("Login", "Password")).await,
            client
                .send("POST", v3, &body("login", "password").to_string())
                .await,
        ] {
            assert_eq!((reply.status, reply.body()), (200, key.as_str()));
        }
        let wrong = json!({"login": "me", "password": "wb_1_2"});
        refusal(&client.post(v3, wrong).await, 401, "Unauthorized");
        refusal(
            &client.post(v3, json!({"login": "me"})).await,
            400,
            "InvalidParameter",
        );
        refusal(&client.post(v3, "{").await, 400, "InvalidRequest");
        refusal(
            &client.send("POST", "/diadoc/Authenticate", "").await,
            400,
            "InvalidParameter",
        );
        let certificate = "/diadoc/V3/Authenticate?type=certificate";
        refusal(
            &client.post(certificate, "x").await,
            400,
            "InvalidParameter",
        );
        let long = json!({"login": "x".repeat(16 << 10)});
        refusal(&client.post(v3, long).await, 400, "RequestTooLarge");
    });
}
