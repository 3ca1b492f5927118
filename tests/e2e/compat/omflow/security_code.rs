//! The security code of OMFLOW: it represents a key on every replica, until it was not used for a
//! while; and answers about an order while no worker runs.

use std::time::Duration;

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use crate::http::processes::{key, keyed};
use crate::support::client::{Client, served_as, served_by};
use crate::support::ground::{Ground, holds, until};
use crate::support::omflow_client::{Encoding, Omflow, leave, log_in};

const QUERY_PATH: &str = "/omflow/rest/flowmanage/api/omdata-data-id/get/leave/";
const NO_CODE: &str = "The security code is wrong or has expired.";
const SECURITY: &str = "/omflow/accounts/api/security/get";

async fn query(client: &Client, security: Option<&str>) -> Value {
    let mut body = json!({"data_no": 1});
    if let Some(security) = security {
        body["security"] = json!(security);
    }
    client.post(QUERY_PATH, body).await.record()
}

/// Queries until the answer has this status.
async fn answers(client: &Client, security: &str, status: &str) -> Value {
    until("another answer", async || {
        let answer = query(client, Some(security)).await;
        (answer["status"] == status).then_some(answer)
    })
    .await
}

#[test]
fn a_code_lasts_from_its_last_use_on_every_replica_and_ends_with_its_key() {
    Ground::test("omflow-code", async |ground| {
        leave(&ground).await;
        let (one, client) = ground.answering_as("api").await;
        let (other, other_client) = ground.answering_as("api").await;
        let omflow = Omflow::new(&ground, &client, "default").await;
        let code = omflow.security.as_str();
        for client in [&client, &other_client] {
            assert_eq!(query(client, Some(code)).await["result"], json!([]));
        }

        // It was used last two minutes ago, and is used now.
        let left = "update waybill.session set expires_at = now() + interval '3 minutes'";
        ground.execute(left).await;
        let lasts = "session \
                     where expires_at between now() + interval '5 minutes 5 seconds' \
                     and now() + interval '5 minutes 12 seconds'";
        holds("a code with a new expiry", async || {
            query(&client, Some(code)).await;
            ground.count(lasts).await == 1
        })
        .await;
        let kept = format!("select count(*) from waybill.session s where s::text like '%{code}%'");
        assert_eq!(ground.number(&kept).await, 0, "only a hash is stored");

        // It was not used for five minutes.
        ground
            .execute("update waybill.session set expires_at = now()")
            .await;
        for client in [&client, &other_client] {
            let ended = answers(client, code, "403").await;
            assert_eq!(ended["message"], NO_CODE);
            assert_eq!(
                ended["detail"],
                "the code is not known, or was not used for too long; get a new one"
            );
        }

        let (key, id) = key(&ground, "default", &[Scope::Read]).await;
        let answer = log_in(&client, &key).await;
        let code = answer["result"]["security"].as_str().expect("a code");
        answers(&client, code, "200").await;
        let ended = "select count(*) from waybill.session";
        assert_eq!(
            ground.number(ended).await,
            1,
            "the one that has ended is gone"
        );
        ground.store().revoke_key(&id).await.expect("it is there");
        assert_eq!(answers(&client, code, "403").await["message"], NO_CODE);
        one.stop().await;
        other.stop().await;
    });
}

#[test]
fn requests_without_a_valid_code_are_refused() {
    served_as("omflow-no-code", "api", async |ground, client| {
        leave(&ground).await;
        // Without any key every client is the same.
        let answer = client.get(SECURITY).await.record();
        let early = answer["result"]["security"].as_str().expect("a code");
        assert_eq!(query(&client, Some(early)).await["status"], "200");
        assert_eq!(query(&client, None).await["status"], "200");

        let (reader, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let (key, _) = key(&ground, "default", &[Scope::Read]).await;
        answers(&client, early, "403").await;
        let none = until("no more without a code", async || {
            let answer = query(&client, None).await;
            (answer["status"] == "403").then_some(answer)
        })
        .await;
        assert_eq!(
            none,
            json!({"status": "403", "message": NO_CODE, "detail":
                   "the field security is missing; GET /accounts/api/security/get/ gives a code"})
        );
        // A key is valid as a code.
        assert_eq!(query(&client, Some(&key)).await["status"], "200");
        let unknown = "7f2eaad4-d2eb-4f50-9678-002f8c97915f";
        for wrong in [unknown, "wb_0_0", "no code"] {
            let answer = query(&client, Some(wrong)).await;
            assert_eq!(
                (&answer["status"], &answer["message"]),
                (&json!("403"), &json!(NO_CODE))
            );
        }
        let code = reader.get(SECURITY).await.record();
        assert_eq!(code["status"], 200);
        let code = code["result"]["security"].as_str().expect("a code");
        let edit = "/omflow/rest/flowmanage/api/omdata/edit/leave";
        let body = json!({"security": code, "action": "create", "omflow_restapi": 1});
        assert_eq!(
            client.post(edit, body).await.record(),
            json!({"status": "403", "message": "You do not have permission for this operation.",
                   "detail": "it needs a key with the scope write"})
        );
    });
}

#[test]
fn only_a_key_gets_a_code() {
    served_as("omflow-login", "api", async |ground, client| {
        let (key, _) = key(&ground, "default", &[Scope::Read]).await;
        let code = log_in(&client, &key).await;
        let code = code["result"]["security"].as_str().expect("a code");
        for wrong in ["wb_0_0", "", "7f2eaad4-d2eb-4f50-9678-002f8c97915f", code] {
            let answer = log_in(&client, wrong).await;
            let detail = answer["detail"].as_str().expect("why");
            let failed = json!({"status": "404", "message": "Login failed.", "detail": detail});
            assert_eq!(answer, failed);
        }
        // One key has at most a thousand codes; the last used ones stay.
        let more = "insert into waybill.session (hash, key, lasts, expires_at) \
                    select sha256(n::text::bytea), key, lasts, now() + n * interval '1 second' \
                    from waybill.session, generate_series(1, 1200) n";
        ground.execute(more).await;
        let again = log_in(&client, &key).await;
        assert_eq!(again["status"], 200);
        assert_eq!(ground.count("session").await, 1_000);
        let keyless = client.get(SECURITY).await.record();
        assert_eq!(keyless["message"], "Login failed.");
    });
}

#[test]
fn a_code_in_constant_use_does_not_expire() {
    let short = ["dialects.omflow_security=1s"];
    served_by("omflow-short", "api", &short, async |ground, client| {
        leave(&ground).await;
        let (key, _) = key(&ground, "default", &[Scope::Read]).await;
        let code = log_in(&client, &key).await;
        let code = code["result"]["security"].as_str().expect("a code");
        for _ in 0..12 {
            tokio::time::sleep(Duration::from_millis(500)).await;
            assert_eq!(query(&client, Some(code)).await["status"], "200");
        }
        tokio::time::sleep(Duration::from_secs(6)).await;
        assert_eq!(query(&client, Some(code)).await["status"], "403");
    });
}

#[test]
fn an_order_not_applied_in_time_is_not_reported_as_applied() {
    Ground::test("omflow-away", async |ground| {
        leave(&ground).await;
        let (plan, client) = ground.api_plan().await;
        let worker = plan.clone().roles("worker,relay,api").start().await;
        let omflow = Omflow::new(&ground, &client, "default").await;
        let number = omflow.open("leave", &json!([]), Encoding::Form).await;
        let stops = omflow.current_stages("leave", &number).await;
        worker.stop().await;

        let api = plan.roles("api").start().await;
        let create = [("action", "create")];
        let (nothing, form) = (json!([]), Encoding::Form);
        let (opened, pushed) = tokio::join!(
            omflow.edit("leave", &create, form),
            omflow.push(&stops[0].1, &nothing, form),
        );
        assert_eq!(
            opened,
            json!({"status": "200", "message": "Order placed successfully.", "result": "",
                   "detail": "the order was sent and is not applied yet; then it gets its number"})
        );
        assert_eq!(
            pushed,
            json!({"status": "404", "message": "Order promotion failed.", "detail":
                   "the push was sent and not applied in time: it may still be, so query the order \
                    before pushing again"})
        );
        assert_eq!(omflow.current_stages("leave", &number).await, stops);
        api.stop().await;
    });
}
