//! Using the code of a session for more than it was created for.

use serde_json::json;
use waybill::domain::access::Scope;

use crate::http::processes::key;
use crate::support::client::{Client, served};
use crate::support::ground::{Ground, holds};
use crate::support::omflow_client::{leave, log_in};
use crate::ui::pages::logged_in;

const OMFLOW: &str = "/omflow/rest/flowmanage/api/omdata-data-id/get/leave/";
const ADMIN: [Scope; 1] = [Scope::Admin];

/// The code in the cookie of a login.
async fn code_of_pages(client: &Client, key: &str) -> String {
    let (welcome, viewer) = logged_in(client, key).await;
    assert_eq!(viewer.get("/").await.status, 200);
    let cookie = welcome.header("set-cookie").expect("a cookie");
    let (_, code) = cookie.split_once('=').expect("a value");
    code.split(';').next().expect("its first part").to_owned()
}

async fn code_of_omflow(ground: &Ground, client: &Client, key: &str) -> String {
    leave(ground).await;
    let answer = log_in(client, key).await;
    let code = answer["result"]["security"].as_str().expect("a code");
    assert_eq!(omflow(client, code).await, "200");
    code.to_owned()
}

/// The status of a query.
async fn omflow(client: &Client, code: &str) -> String {
    let body = json!({"data_no": 1, "security": code});
    let answer = client.post(OMFLOW, body).await.record();
    answer["status"].as_str().expect("a status").to_owned()
}

/// Whether a code is refused by everything that takes an API key.
async fn is_no_key(client: &Client, code: &str) {
    let bearer = client.with("authorization", &format!("Bearer {code}"));
    for path in [
        "/v1/processes",
        "/v1/audit",
        "/monitor/audit",
        "/ahgora/process",
        "/open-capture/ws/monitoring/list",
    ] {
        let status = bearer.get(path).await.status;
        // A page leads to the login.
        assert!([401, 303].contains(&status), "{path}: {status}");
    }
    for (path, body) in [
        ("/v1/events", json!([])),
        ("/diadoc/GetDocflows", json!({"Requests": []})),
        ("/diadoc/V3/Authenticate?password=", json!({})),
    ] {
        let path = path.replace("password=", &format!("password={code}"));
        assert_eq!(bearer.post(&path, body).await.status, 401, "{path}");
    }
    let login = json!({"username": "x", "password": code});
    let login = client.post("/open-capture/auth/login", login).await;
    assert_eq!(login.status, 401);
}

#[test]
fn the_code_of_a_session_is_no_api_key_and_valid_only_where_it_began() {
    served("attack-codes", async |ground, client| {
        let (admin, _) = key(&ground, "default", &ADMIN).await;
        holds("a listener that requires keys", async || {
            client.get("/").await.status == 303
        })
        .await;
        let pages = code_of_pages(&client, &admin).await;
        is_no_key(&client, &pages).await;
        assert_eq!(omflow(&client, &pages).await, "403");

        let code = code_of_omflow(&ground, &client, &admin).await;
        is_no_key(&client, &code).await;
        let cookie = format!("waybill_session={code}");
        assert_eq!(client.with("cookie", &cookie).get("/").await.status, 303);
        // Both are valid for what they were created for.
        let cookie = format!("waybill_session={pages}");
        assert_eq!(client.with("cookie", &cookie).get("/").await.status, 200);
        assert_eq!(omflow(&client, &code).await, "200");
    });
}
