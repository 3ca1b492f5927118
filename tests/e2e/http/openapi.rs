//! The OpenAPI document is true: every operation in it exists, requires the scope that it names,
//! shows no other tenant's data, and answers as documented.

use std::time::Duration;

use expect_test::expect_file;
use serde_json::json;
use waybill::domain::access::{Access, Scope};
use waybill::store::admin::api_key::NewKey;

use super::processes::keyed;
use crate::support::client::{Client, ROLES, Reply};
use crate::support::ground::{Ground, holds};
use crate::support::multipart::part;
use crate::support::openapi_document::{Described, Operation};
use crate::support::worker::Worker;

/// In everything that the owner sent, and in no name that others use.
const SECRET: &str = "only-the-owner-knows";

/// The token of a process that may be erased.
const ERASABLE: &str = "erasable";

/// The owner's resources.
struct Belongings {
    token: String,
    file: String,
    order: String,
}

/// A client, and what its key allows.
struct Caller {
    client: Client,
    /// `None` without a valid key.
    scopes: Option<&'static [Scope]>,
    is_owner: bool,
}

/// A file of this name with its name in it.
fn file(name: &str) -> [String; 1] {
    [part("file", Some(&format!("{name}.txt")), name)]
}

/// Sends a request of an operation, about the owner's resources.
async fn send(client: &Client, operation: &Operation, own: &Belongings) -> Reply {
    let token = match operation.id.as_str() {
        "pushOrder" => &own.order,
        "eraseProcess" => ERASABLE,
        _ => &own.token,
    };
    let path = operation.path.replace("{token}", token);
    let path = path.replace("{id}", &own.file);
    let path = path.replace("{name}", "upload.received.json");
    let body = match operation.id.as_str() {
        "getProcesses" => json!({ "requests": [{ "token": own.token, "include": ["items"] }] }),
        "sendEvents" => json!({ "id": "1", "source": "walk", "type": "upload.step",
            "token": "walk", "data": { "message": "on the way" } }),
        "pushOrder" => json!({ "stage": "open" }),
        "upload" => return client.upload(&path, &file("walk")).await,
        _ if operation.method == "POST" => json!({}),
        _ => return client.request(&operation.method, &path).await,
    };
    client.post(&path, body).await
}

/// A worker with files and API keys, a client without a key that is refused, and the owner.
async fn with_keys(ground: &Ground) -> (Worker, Client, Client) {
    let settings = ["files.types=any", "http.wrong_keys_per_second=1000"];
    let (worker, client) = ground.answering_with(ROLES, &settings).await;
    let (owner, _) = keyed(ground, &client, "default", &[Scope::Read, Scope::Write]).await;
    holds("a refusal without a key", async || {
        let reply = client.get("/v1/events").await;
        reply.status == 401
    })
    .await;
    (worker, client, owner)
}

/// Creates the owner's resources, and a process with a token like a path.
async fn belongings(owner: &Client) -> Belongings {
    let patient = owner.with("prefer", "wait=60");
    let upload = patient.upload("/v1/uploads", &file(SECRET)).await.record();
    let upload = &upload["uploads"][0];
    let order = json!({ "form": { "about": SECRET } });
    let order = patient.post("/v1/orders", order).await.record();
    let batch = json!({ "id": "1", "source": "walk", "type": "upload.received", "token": "batch",
        "data": { "filename": SECRET } });
    patient.post("/v1/events", batch).await.record();
    let erasable = json!({ "id": "1", "source": "walk", "type": "upload.received", "token": ERASABLE,
        "data": {} });
    patient.post("/v1/events", erasable).await.record();
    let text = |value: &serde_json::Value| value.as_str().expect("a text").to_owned();
    Belongings {
        token: text(&upload["token"]),
        file: text(&upload["file"]["id"]),
        order: text(&order["token"]),
    }
}

/// A client with an expired key.
async fn expired(ground: &Ground, client: &Client) -> Client {
    let new = NewKey {
        name: String::new(),
        access: Access {
            tenant: "default".to_owned(),
            scopes: vec![Scope::Admin],
        },
        expires_after: Some(Duration::from_millis(1)),
    };
    let created = ground.store().create_key(&new).await.expect("a key");
    let text = secrecy::ExposeSecret::expose_secret(&created.text);
    client.with("authorization", &format!("Bearer {text}"))
}

async fn callers(ground: &Ground, open: &Client) -> Vec<Caller> {
    let (revoked, id) = keyed(ground, open, "default", &[Scope::Admin]).await;
    assert!(ground.store().revoke_key(&id).await.expect("revoked"));
    let strangers = [
        open.clone(),
        open.with("authorization", "Bearer wb_0_0"),
        expired(ground, open).await,
        revoked,
    ];
    let stranger = |client| Caller {
        client,
        scopes: None,
        is_owner: false,
    };
    let mut callers: Vec<_> = strangers.into_iter().map(stranger).collect();
    let keys: [(&str, &'static [Scope]); 4] = [
        ("default", &[Scope::Read]),
        ("default", &[Scope::Write]),
        ("other", &[Scope::Read, Scope::Write]),
        ("default", &[Scope::Admin]),
    ];
    for (tenant, scopes) in keys {
        callers.push(Caller {
            client: keyed(ground, open, tenant, scopes).await.0,
            scopes: Some(scopes),
            is_owner: tenant == "default",
        });
    }
    callers
}

/// Whether it names a process that has to exist.
fn needs_process(operation: &Operation) -> bool {
    let names_one =
        operation.path.contains("{token}") || operation.id.ends_with("ProcessCalledBatch");
    // A push may come before its order.
    names_one && operation.id != "pushOrder"
}

fn may(scopes: &[Scope], required: &str) -> bool {
    let allows = |scope: &Scope| *scope == Scope::Admin || scope.name() == required;
    scopes.iter().any(allows)
}

/// The expected problem: its status and name.
fn expected(caller: &Caller, operation: &Operation) -> Option<(u16, &'static str)> {
    let scope = operation.scope.as_deref()?;
    match caller.scopes {
        None => Some((401, "unauthorized")),
        Some(scopes) if !may(scopes, scope) => Some((403, "forbidden")),
        Some(_) if !caller.is_owner && needs_process(operation) => Some((404, "not_found")),
        Some(_) => None,
    }
}

#[test]
fn every_operation_requires_its_scope_and_answers_as_documented() {
    Ground::test("openapi", async |ground| {
        let (worker, open, owner) = with_keys(&ground).await;
        let own = belongings(&owner).await;
        let described = Described::by(&open).await;
        let mut operations = described.operations();
        // What it erases is requested before.
        operations.sort_by_key(|operation| operation.id == "eraseProcessCalledBatch");
        for caller in callers(&ground, &open).await {
            for operation in &operations {
                let problem = expected(&caller, operation);
                if operation.id == "streamEvents" && problem.is_none() {
                    // It has no end; `stream` checks how it begins.
                    caller.client.stream(&operation.path).await;
                    continue;
                }
                let reply = send(&caller.client, operation, &own).await;
                match problem {
                    Some((status, name)) => drop(reply.problem(status, name)),
                    None => assert!(
                        [200, 202].contains(&reply.status),
                        "{} {reply:?}",
                        operation.id
                    ),
                }
                described.holds(operation, &reply);
                let shown = reply.body().contains(SECRET);
                assert!(
                    caller.is_owner || !shown,
                    "{} shows it: {reply:?}",
                    operation.id
                );
            }
        }
        // Another tenant's push applies to an order of that tenant: two are the owner's.
        let order = format!("/v1/processes/{}?include=counts", own.order);
        holds("both pushes of the owner", async || {
            let order = owner.get(&order).await.record();
            let events = order["counts"]["events"].as_u64().expect("a number");
            assert!(events <= 3, "{order}");
            order["status"] == "done" && events == 3
        })
        .await;
        let every_scope = ["read", "write"].map(|scope| Some(scope.to_owned()));
        for scope in every_scope {
            assert!(operations.iter().any(|operation| operation.scope == scope));
        }
        worker.stop().await;
    });
}

#[test]
fn the_document_and_its_page_need_no_key_and_list_the_same_operations() {
    Ground::test("openapi-page", async |ground| {
        let (worker, open, _) = with_keys(&ground).await;
        let described = Described::by(&open).await;
        assert_eq!(described.0["openapi"], "3.1.0");
        assert_eq!(described.0["info"]["version"], env!("CARGO_PKG_VERSION"));
        let reference =
            std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/reference/http.md");
        let reference = std::fs::read_to_string(reference).expect("the page");
        expect_file!["../../../docs/reference/http.md"].assert_eq(&described.reference(&reference));
        let page = open.get("/docs").await;
        assert_eq!(
            (page.status, page.header("content-type")),
            (200, Some("text/html; charset=utf-8"))
        );
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(!page.body().contains("<script"));
        for operation in described.operations() {
            let place = format!("<section id=\"{}\">", operation.id);
            assert!(page.body().contains(&place), "{}", operation.id);
            let line = format!("<code>{}</code>", operation.path);
            assert!(page.body().contains(&line), "{}", operation.id);
        }
        for path in ["/docs", "/openapi.json"] {
            let cached = open.get(path).await;
            assert_eq!(cached.header("cache-control"), Some("public, max-age=3600"));
        }
        worker.stop().await;
    });
}
