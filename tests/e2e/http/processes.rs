//! Processes over HTTP: their status, their end as soon as they have ended, and nothing that the
//! client's API key does not allow.

use std::time::Duration;

use serde_json::json;
use waybill::domain::access::{Access, Scope};
use waybill::store::admin::api_key::NewKey;

use super::process_batch;
use super::process_batch::token;
use crate::support::client::{Client, served_as};
use crate::support::ground::{Ground, holds, until};
use crate::support::scenario::Scenario;
use crate::support::story::{TOKEN_MARK, stories, story};

const SCOPES: [Scope; 1] = [Scope::Read];

/// A client with a new key.
pub(crate) async fn keyed(
    ground: &Ground,
    client: &Client,
    tenant: &str,
    scopes: &[Scope],
) -> (Client, String) {
    let (text, id) = key(ground, tenant, scopes).await;
    (client.with("authorization", &format!("Bearer {text}")), id)
}

/// Clients of the monitor: an admin, a reader, and an admin of another tenant.
pub(crate) async fn viewers(ground: &Ground, client: &Client) -> [Client; 3] {
    [
        keyed(ground, client, "default", &[Scope::Admin]).await.0,
        keyed(ground, client, "default", &[Scope::Read]).await.0,
        keyed(ground, client, "other", &[Scope::Admin]).await.0,
    ]
}

/// A new key and its id.
pub(crate) async fn key(ground: &Ground, tenant: &str, scopes: &[Scope]) -> (String, String) {
    let new = NewKey {
        name: String::new(),
        access: Access {
            tenant: tenant.to_owned(),
            scopes: scopes.to_vec(),
        },
        expires_after: None,
    };
    let created = ground.store().create_key(&new).await.expect("a key");
    let text = secrecy::ExposeSecret::expose_secret(&created.text);
    (text.to_owned(), created.id)
}

fn path(tag: &str) -> String {
    format!("/v1/processes/{TOKEN_MARK}-{tag}-0")
}

#[test]
fn a_client_follows_an_upload_from_unknown_to_its_end() {
    Scenario::served("http-follow", async |scenario, client| {
        let path = path("follow");
        client.get(&path).await.problem(404, "not_found");

        let mut events = story("follow", 0);
        let end = events.pop().expect("it has an end");
        scenario.events(&events).await;
        let running = until("a running upload", async || {
            let reply = client.get(&path).await;
            (reply.status == 200).then(|| reply.record())
        })
        .await;
        assert_eq!(running["status"], "running", "{running}");
        assert!(
            running["items"].is_null() && running["history"].is_null(),
            "{running}"
        );

        let patient = client.with("prefer", "wait=60");
        let waiting = patient.get(&path);
        let end = [end];
        let (reply, ()) = tokio::join!(waiting, scenario.events(&end));
        assert!(reply.header("preference-applied").is_some());
        let done = reply.record();
        assert_eq!(done["status"], "done", "{done}");
        assert!(
            done["elapsed_seconds"].is_number() && done["sealed_at"].is_string(),
            "{done}"
        );
    });
}

#[test]
fn a_record_contains_only_the_requested_parts() {
    Scenario::served("http-parts", async |scenario, client| {
        scenario.events(&story("parts", 1)).await;
        let path = path("parts").replace("-0", "-1");
        // Until the feed has all of it the record's cursor moves on.
        process_batch::places(&client, &token("parts", 1), story("parts", 1).len()).await;
        let ended = until("an end whose completion is sent", async || {
            let reply = client.get(&path).await;
            (reply.status == 200 && reply.record()["completion"] == "sent").then_some(reply)
        })
        .await;

        let all = format!("{path}?include=items,steps,errors,events,late,stages,data");
        let all = client.get(&all).await.record();
        for part in ["items", "history", "errors", "events", "late"] {
            assert!(all[part].is_array(), "{part} in {all}");
        }
        let items = client.get(&format!("{path}?include=items")).await.record();
        assert!(items["items"][0]["identifier"].is_string(), "{items}");
        assert!(
            items["history"].is_null() && items["items"][0]["data"].is_null(),
            "{items}"
        );

        let tag = ended.header("etag").expect("a tag");
        let again = client.with("if-none-match", tag).get(&path).await;
        assert_eq!((again.status, again.body()), (304, ""));
        let other = client.with("if-none-match", "\"other\"").get(&path).await;
        assert_eq!(other.record(), ended.record());
    });
}

#[test]
fn refusals_name_the_faults_of_a_request() {
    served_as("http-wrong", "api", async |_, client| {
        let wrong = client.get("/v1/processes/t?include=all&colour=red").await;
        let problem = wrong.problem(400, "invalid_parameter");
        let errors = problem["errors"].as_array().expect("faults");
        let details: Vec<_> = errors
            .iter()
            .filter_map(|error| error["detail"].as_str())
            .collect();
        assert_eq!(details.len(), 2, "{problem}");
        assert!(
            details[0].starts_with("include must be names out of steps, items"),
            "{problem}"
        );
        assert!(details[1].ends_with("there are include"), "{problem}");
        assert_eq!(problem["instance"], "/v1/processes/t");

        let twice = client
            .get("/v1/processes/t?include=items&include=items")
            .await;
        twice.problem(400, "invalid_parameter");
        client
            .get("/v1/processes/t?include=%ff")
            .await
            .problem(400, "invalid_parameter");
        for token in ["%ff", "%00", "a%2fb", "%F0%9F%9A%9A", &"x".repeat(2_000)] {
            let reply = client.get(&format!("/v1/processes/{token}")).await;
            reply.problem(404, "not_found");
        }
        client
            .get("/v2/processes/t")
            .await
            .problem(404, "not_found");
        let posted = client.request("POST", "/v1/processes/t").await;
        posted.problem(405, "method_not_allowed");
        assert_eq!(posted.header("allow"), Some("GET,HEAD,DELETE"));
    });
}

#[test]
fn a_key_opens_its_own_tenant_and_its_own_scopes_until_it_is_revoked() {
    Scenario::test("http-keys", async |mut scenario| {
        let (worker, open) = scenario.ground.answering().await;
        scenario.events(&stories("keys", 1)).await;
        let path = path("keys");
        open.with("prefer", "wait=60").get(&path).await.record();

        let ground = &scenario.ground;
        let (own, id) = keyed(ground, &open, "default", &SCOPES).await;
        let (foreign, _) = keyed(ground, &open, "other", &SCOPES).await;
        let (writing, _) = keyed(ground, &open, "default", &[Scope::Write]).await;
        own.get(&path).await.record();
        foreign.get(&path).await.problem(404, "not_found");
        writing.get(&path).await.problem(403, "forbidden");
        let forged = format!("Bearer wb_{id}_{}", "0".repeat(64));
        for wrong in ["Bearer nonsense", "Basic !", &forged] {
            let guessed = open.with("authorization", wrong).get(&path).await;
            assert!(
                !guessed
                    .problem(401, "unauthorized")
                    .to_string()
                    .contains(&id)
            );
            assert!(guessed.header("www-authenticate").is_some());
        }
        // Without any key every client has access; the server caches that for seconds.
        holds("a refusal without a key", async || {
            let reply = open.get(&path).await;
            reply.status == 401
        })
        .await;
        assert!(ground.store().revoke_key(&id).await.expect("revoked"));
        let began = std::time::Instant::now();
        holds("a key that is revoked", async || {
            let reply = own.get(&path).await;
            reply.status == 401
        })
        .await;
        assert!(began.elapsed() < Duration::from_secs(5));
        let log = worker.log_text();
        assert!(!log.contains("wb_"), "a key is in the log");
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn waiting_requests_are_answered_at_the_end_of_the_process_and_at_a_shutdown() {
    Scenario::test("http-crowd", async |mut scenario| {
        let (worker, client) = scenario.ground.answering().await;
        let patient = client.with("prefer", "wait=60");
        let path = path("crowd");
        let crowd = futures_util::future::join_all((0..100).map(|_| patient.get(&path)));
        let events = stories("crowd", 1);
        let (replies, ()) = tokio::join!(crowd, scenario.events(&events));
        for reply in &replies {
            assert_eq!(reply.record()["status"], json!("done"));
        }
        let waiting = patient.get("/v1/processes/never-opened");
        let stopped = async {
            holds("a waiting client", async || {
                let polls = "select count(*) from pg_stat_activity
                             where datname = current_database() and query like '%clients wait for%'
                               and query not like '%pg_stat_activity%'";
                scenario.ground.number(polls).await > 0
            })
            .await;
            worker.stop().await;
        };
        let (reply, ()) = tokio::join!(waiting, stopped);
        reply.problem(404, "not_found");
    });
}
