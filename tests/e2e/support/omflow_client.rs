//! A client of OMFLOW: it knows its addresses, its fields and its answers, and compares them whole.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::client::{Client, served};
use super::ground::Ground;
use super::multipart::part;
use super::order_story::apply;
use crate::http::processes::key;

pub(crate) const SCOPES: [Scope; 2] = [Scope::Read, Scope::Write];
const EDIT: &str = "/omflow/rest/flowmanage/api/omdata/edit";
const QUERY: &str = "/omflow/rest/flowmanage/api/omdata-data-id/get";
const SECURITY: &str = "/omflow/accounts/api/security/get/";

/// With the ids that OMFLOW gives fields: a fork at the start, a join, and a choice.
const LEAVE: &str = r#"
name = "leave"
start = ["manager", "deputy"]
form = [
    { id = "FORMITM_1", type = "text" },
    { id = "FORMITM_2", type = "text" },
    { id = "FORMITM_3", type = "file" },
    { id = "FORMITM_4", type = "number" },
]
[stages]
manager = { next = ["close"], form = [{ id = "FORMITM_5", type = "date", required = true }] }
deputy = { next = ["close"] }
file = {}
[stages.close]
join = "all"
next = { granted = [], refused = ["file"] }
form = [{ id = "FORMITM_6", type = "choice", choices = ["granted", "refused"] }]
"#;

/// A client of OMFLOW, with its security code.
pub(crate) struct Omflow {
    pub(crate) client: Client,
    pub(crate) security: String,
}

/// How a body encodes its fields.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Encoding {
    Form,
    Json,
    Multipart,
}

/// A workflow that clients of OMFLOW know.
pub(crate) async fn leave(ground: &Ground) {
    apply(ground, "leave", LEAVE).await;
}

/// Runs a test of OMFLOW's clients, with one of the default tenant.
pub(crate) fn with_omflow(name: &str, test: impl AsyncFnOnce(Ground, Omflow)) {
    served(name, async |ground, client| {
        leave(&ground).await;
        let omflow = Omflow::new(&ground, &client, "default").await;
        test(ground, omflow).await;
    });
}

/// The answer to a login with a key as the password of HTTP Basic.
pub(crate) async fn log_in(client: &Client, key: &str) -> Value {
    let login = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("anybody:{key}"));
    let client = client.with("authorization", &format!("Basic {login}"));
    client.get(SECURITY).await.record()
}

impl Omflow {
    pub(crate) async fn new(ground: &Ground, client: &Client, tenant: &str) -> Self {
        let (key, _) = key(ground, tenant, &SCOPES).await;
        let answer = log_in(client, &key).await;
        assert_eq!(answer["status"], 200, "{answer}");
        assert_eq!(answer["message"], "Successful.");
        let security = answer["result"]["security"].as_str().expect("a code");
        Self {
            client: client.clone(),
            security: security.to_owned(),
        }
    }

    pub(crate) async fn edit(&self, flow: &str, fields: &[(&str, &str)], as_: Encoding) -> Value {
        self.call(&format!("{EDIT}/{flow}/"), fields, as_).await
    }

    /// Opens an order; returns its number.
    pub(crate) async fn open(&self, flow: &str, formdata: &Value, as_: Encoding) -> String {
        let fields = [("action", "create"), ("formdata", &formdata.to_string())];
        let answer = self.edit(flow, &fields, as_).await;
        let number = answer["result"].as_str().expect("a number").to_owned();
        assert!(number.parse::<u64>().is_ok_and(|number| number > 0));
        assert_eq!(
            answer,
            json!({"status": "200", "message": "Order placed successfully.", "result": number})
        );
        number
    }

    /// The current stages of an order: their names and ids.
    pub(crate) async fn current_stages(&self, flow: &str, data_no: &str) -> Vec<(String, String)> {
        let fields = [("data_no", data_no)];
        let path = format!("{QUERY}/{flow}");
        let answer = self.call(&path, &fields, Encoding::Form).await;
        let text = |stop: &Value, name: &str| stop[name].as_str().expect("a text").to_owned();
        let stops = answer["result"].as_array().expect("a list");
        let stops = stops
            .iter()
            .map(|stop| (text(stop, "stop_chart_text"), text(stop, "data_id")));
        let stops: Vec<_> = stops.collect();
        let same = stops
            .iter()
            .map(|(stage, id)| json!({"data_id": id, "stop_chart_text": stage}));
        assert_eq!(
            answer,
            json!({"status": "200", "message": "Query successful.",
                   "result": same.collect::<Vec<_>>()})
        );
        stops
    }

    /// Pushes an order on from a stop.
    pub(crate) async fn push(&self, data_id: &str, formdata: &Value, as_: Encoding) -> Value {
        let formdata = formdata.to_string();
        let fields = [
            ("action", "update"),
            ("data_id", data_id),
            ("formdata", &formdata),
        ];
        self.edit("leave", &fields, as_).await
    }

    pub(crate) async fn call(&self, path: &str, fields: &[(&str, &str)], as_: Encoding) -> Value {
        let mut all = vec![
            ("security", self.security.as_str()),
            ("omflow_restapi", "1"),
        ];
        all.extend(fields);
        let (type_, body) = match as_ {
            Encoding::Form => {
                let mut form = form_urlencoded::Serializer::new(String::new());
                form.extend_pairs(all);
                ("application/x-www-form-urlencoded", form.finish())
            }
            Encoding::Json => {
                // Text that is JSON is sent as JSON.
                let value = |text: &str| serde_json::from_str(text).unwrap_or_else(|_| json!(text));
                let body = all
                    .iter()
                    .map(|(name, text)| ((*name).to_owned(), value(text)));
                let body = Value::Object(body.collect());
                ("application/json", body.to_string())
            }
            Encoding::Multipart => {
                let parts = all.iter().map(|(name, text)| part(name, None, text));
                let parts: Vec<_> = parts.collect();
                return self.client.upload(path, &parts).await.record();
            }
        };
        let client = self.client.with("content-type", type_);
        client.post(path, body).await.record()
    }

    /// Sends these parts after the code.
    pub(crate) async fn parts(&self, flow: &str, parts: &[String]) -> Value {
        let code = part("security", None, &self.security);
        let parts = [&[code], parts].concat();
        let path = format!("{EDIT}/{flow}");
        self.client.upload(&path, &parts).await.record()
    }
}

pub(crate) fn pushed() -> Value {
    json!({"status": "200", "message": "Order pushed successfully.", "result": ""})
}
