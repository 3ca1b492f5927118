//! The audit over HTTP: what requests do is in it, and an administrator reads that of the own tenant.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::processes::{key, keyed};
use crate::support::client::{Client, served, served_as};
use crate::support::ground::{assert_rows, reaches};
use crate::ui::pages::logged_in;

const CANCELS: &str = "audit where action = 'process.cancel'";

/// The actions and objects of a page.
fn shown(page: &Value) -> Vec<(&str, &str)> {
    let acts = page["acts"].as_array().expect("a list").iter();
    acts.map(|act| {
        let text = |name: &str| act[name].as_str().expect("a text");
        (text("action"), text("object"))
    })
    .collect()
}

async fn page(client: &Client, query: &str) -> Value {
    client.get(&format!("/v1/audit?{query}")).await.record()
}

#[test]
fn a_cancellation_is_recorded_before_it_is_published_and_a_repetition_is_not() {
    served("audit-cancel", async |ground, open| {
        let scopes = [Scope::Read, Scope::Write];
        let (client, id) = keyed(&ground, &open, "acme", &scopes).await;
        let upload = |token: &str| json!({"id": token, "source": "e2e", "type": "upload.received", "token": token, "data": {}});
        let tokens = ["t1", "t2", "t3"];
        client.applies(json!(tokens.map(upload))).await;

        let once = client
            .with("idempotency-key", "k")
            .with("prefer", "wait=60");
        for _ in 0..2 {
            assert_eq!(once.post("/v1/processes/t1/cancel", "").await.status, 200);
        }
        let of = |token: &str| {
            format!("{CANCELS} and actor = '{id}' and object = '{token}' and tenant = 'acme'")
        };
        assert_rows(&ground, &of("t1"), 1).await;
        // An unknown process, or a body that is refused, is no act.
        client
            .post("/v1/processes/none/cancel", "")
            .await
            .problem(404, "not_found");
        let wrong = client
            .post("/v1/processes/t2/cancel", json!({"reason": 7}))
            .await;
        assert!(wrong.status >= 400, "{}", wrong.body());
        assert_rows(&ground, CANCELS, 1).await;

        let cancel = |token: &str| {
            json!({"id": format!("{token}-c"), "source": "e2e", "type": "upload.cancelled",
                   "token": token, "data": {}})
        };
        let step = json!({"id": "s", "source": "e2e", "type": "upload.step", "token": "t4",
                          "data": {"message": "m"}});
        client
            .applies(json!([cancel("t2"), step, cancel("t3")]))
            .await;
        for token in tokens {
            assert_rows(&ground, &of(token), 1).await;
        }
        assert_rows(&ground, CANCELS, 3).await;
        reaches(&ground, "process where status = 'cancelled'", 3).await;
    });
}

#[test]
fn a_login_and_a_logout_are_recorded_with_their_key_and_address() {
    served_as("audit-login", "api", async |ground, client| {
        let (text, id) = key(&ground, "acme", &[Scope::Read]).await;
        let (welcome, viewer) = logged_in(&client, &text).await;
        assert_eq!(welcome.status, 303);
        viewer.post("/monitor/logout", "").await;
        for action in ["login", "logout"] {
            let row = format!(
                "audit where action = '{action}' and actor_kind = 'key' and actor = '{id}'
                 and origin = '127.0.0.1' and tenant = 'acme' and object like 'session %'"
            );
            reaches(&ground, &row, 1).await;
        }
        let cookie = welcome.header("set-cookie").expect("a cookie");
        let (_, code) = cookie.split_once('=').expect("a value");
        let (code, _) = code.split_once(';').expect("attributes");
        let kept = format!("audit a where a::text like '%{code}%'");
        assert_rows(&ground, &kept, 0).await;
    });
}

#[test]
fn an_administrator_reads_the_acts_of_the_own_tenant_and_an_operator_those_of_all() {
    served_as("audit-http", "api", async |ground, open| {
        let (operator, own) = keyed(&ground, &open, "default", &[Scope::Admin]).await;
        let (admin, admins) = keyed(&ground, &open, "acme", &[Scope::Admin]).await;
        let (reader, _) = keyed(&ground, &open, "acme", &[Scope::Read]).await;
        ground.waybill(&["tenant", "add", "acme"]).ok();
        ground.waybill(&["tenant", "add", "globex"]).ok();
        reader.get("/v1/audit").await.problem(403, "forbidden");

        let all = page(&operator, "").await;
        assert_eq!(
            shown(&all)[..2],
            [("tenant.add", "globex"), ("tenant.add", "acme")]
        );
        assert_eq!(
            (all["more"].as_bool(), &all["next"]),
            (Some(false), &Value::Null)
        );
        let created = ("key.create", own.as_str());
        assert!(shown(&all).contains(&created), "{all}");
        let acts = page(&admin, "").await;
        let tenants = acts["acts"].as_array().expect("a list").iter();
        assert!(tenants.clone().all(|act| act["tenant"] == "acme"), "{acts}");
        assert_eq!(shown(&acts)[0], ("tenant.add", "acme"));
        assert_eq!(page(&admin, "object=globex").await["acts"], json!([]));

        // Each filter.
        let at = all["acts"][0]["at"].as_str().expect("a time");
        let last = page(&operator, &format!("since={at}")).await;
        assert_eq!(shown(&last), [("tenant.add", "globex")]);
        let before = page(&operator, &format!("until={at}&action=tenant.add")).await;
        assert_eq!(shown(&before), [("tenant.add", "acme")]);
        let created = page(&operator, &format!("object={admins}")).await;
        assert_eq!(shown(&created), [("key.create", admins.as_str())]);
        assert_eq!(page(&operator, "actor=no+one").await["acts"], json!([]));
        operator
            .get("/v1/audit?action=x&since=y&after=z&limit=0&tenant=acme")
            .await
            .problem(400, "invalid_parameter");

        // Page by page the same.
        let (mut acts, mut query) = (Vec::new(), "limit=2".to_owned());
        loop {
            let reply = operator.get(&format!("/v1/audit?{query}")).await;
            let part = reply.record();
            acts.extend(part["acts"].as_array().expect("a list").clone());
            let Some(next) = part["next"].as_str() else {
                assert!(reply.header("link").is_none());
                break;
            };
            query = format!("limit=2&after={next}");
            let link = format!("</v1/audit?{query}>; rel=\"next\"");
            assert_eq!(reply.header("link"), Some(link.as_str()));
        }
        assert_eq!(json!(acts), all["acts"]);
    });
}
