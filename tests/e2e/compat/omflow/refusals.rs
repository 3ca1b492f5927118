//! Refusals to clients of OMFLOW: always in the body, worded as OMFLOW words them, and without any
//! effect on an order.

use serde_json::{Value, json};

use crate::support::client::{Client, served, served_with};
use crate::support::ground::Ground;
use crate::support::multipart::part;
use crate::support::omflow_client::{Encoding, Omflow, leave, pushed, with_omflow};

const OPENING: &str = "Order opening failed.";
const QUERY: &str = "Query failed.";
const PROMOTION: &str = "Order promotion failed.";
const WRONG_URL: &str = "The URL is wrong.";
const QUERY_PATH: &str = "/omflow/rest/flowmanage/api/omdata-data-id/get/leave";

/// Checks the whole of a failure and its reason.
fn failed(answer: &Value, status: &str, message: &str, why: &str) {
    let detail = answer["detail"].as_str().expect("why");
    assert!(detail.contains(why), "{why:?} is not in {detail:?}");
    assert_eq!(
        *answer,
        json!({"status": status, "message": message, "detail": detail})
    );
}

async fn edit(omflow: &Omflow, fields: &[(&str, &str)]) -> Value {
    omflow.edit("leave", fields, Encoding::Form).await
}

async fn query(omflow: &Omflow, flow: &str, data_no: &str) -> Value {
    let path = QUERY_PATH.replace("leave", flow);
    let fields = [("data_no", data_no)];
    omflow.call(&path, &fields, Encoding::Form).await
}

type Fields = &'static [(&'static str, &'static str)];

const CREATE: (&str, &str) = ("action", "create");
const UPDATE: (&str, &str) = ("action", "update");

/// Openings that fail: the workflow, the fields, and the reason.
const UNOPENED: [(&str, Fields, &str); 8] = [
    ("unknown", &[CREATE], "no workflow of the name"),
    ("leave", &[], "#/action is missing"),
    ("leave", &[("action", "delete")], "must be create or update"),
    ("leave", &[CREATE, ("formdata", "{")], "must be a JSON list"),
    (
        "leave",
        &[CREATE, ("formdata", r#"[{"id": "a"}]"#)],
        "#/formdata/a is no field",
    ),
    (
        "leave",
        &[
            CREATE,
            ("formdata", r#"[{"id": "FORMITM_4", "value": "many"}]"#),
        ],
        "#/formdata/FORMITM_4 must be a number",
    ),
    (
        "leave",
        &[
            CREATE,
            ("formdata", r#"[{"id": "FORMITM_3", "value": "a.pdf"}]"#),
        ],
        "FORMITM_3 must be the name of one of the attachments",
    ),
    (
        "leave",
        &[CREATE, ("files_item", "FORMITM_3")],
        "#/files_item must be",
    ),
];

/// Malformed requests: their types, their bodies, and the reason.
const UNREAD: [(&str, &str, &str); 5] = [
    ("text/plain", "a", "application/x-www-form-urlencoded"),
    ("application/json", "[", "must be a JSON object"),
    (
        "multipart/form-data",
        "a",
        "malformed or truncated multipart",
    ),
    (
        "multipart/form-data; boundary=x",
        "--x\r\nno end",
        "malformed or truncated multipart",
    ),
    (
        "application/x-www-form-urlencoded",
        "action=create&action=create",
        "there twice",
    ),
];

async fn are_empty(ground: &Ground, tables: &[&str]) {
    for table in tables {
        let count = format!("select count(*) from waybill.{table}");
        assert_eq!(ground.number(&count).await, 0, "{table}");
    }
}

#[test]
fn an_invalid_opening_names_its_field_and_creates_nothing() {
    with_omflow("omflow-not-opened", async |ground, omflow| {
        for (flow, fields, why) in UNOPENED {
            let answer = omflow.edit(flow, fields, Encoding::Form).await;
            failed(&answer, "404", OPENING, why);
        }
        let number = r#"[{"id": "FORMITM_4", "value": "many"}]"#;
        let files = [
            part("action", None, "create"),
            part("formdata", None, number),
            part("files", Some("a.pdf"), "%PDF-1.7\n"),
        ];
        let answer = omflow.parts("leave", &files).await;
        failed(&answer, "404", OPENING, "FORMITM_4 must be a number");
        let mut pushed = files;
        pushed[0] = part("action", None, "update");
        let answer = omflow.parts("leave", &pushed).await;
        failed(&answer, "404", PROMOTION, "files come with action=create");
        are_empty(&ground, &["process", "dead_letter", "file"]).await;
    });
}

#[test]
fn an_invalid_push_fails_at_once() {
    with_omflow("omflow-not-pushed", async |ground, omflow| {
        let number = omflow.open("leave", &json!([]), Encoding::Json).await;
        let stops = omflow.current_stages("leave", &number).await;
        let (deputy, manager) = (stops[0].1.as_str(), stops[1].1.as_str());
        let missing = "#/formdata/FORMITM_5 is missing";
        for (id, value, why) in [
            ("", "", "#/data_id is missing"),
            ("17", "", "query the order again"),
            (manager, "", missing),
            (&manager.replace('-', ""), "", missing),
            (manager, "tomorrow", "FORMITM_5 must be a day"),
        ] {
            let formdata = json!([{"id": "FORMITM_5", "value": value}]);
            let answer = omflow.push(id, &formdata, Encoding::Form).await;
            failed(&answer, "404", PROMOTION, why);
        }
        let elsewhere = [UPDATE, ("data_id", manager)];
        let elsewhere = omflow.edit("unknown", &elsewhere, Encoding::Form).await;
        failed(&elsewhere, "404", PROMOTION, "query the order again");

        // A field of neither the workflow nor a stage is refused; a stop is left once.
        let more = json!([{"id": "x", "value": 1}]);
        let unknown = omflow.push(deputy, &more, Encoding::Form).await;
        failed(
            &unknown,
            "404",
            PROMOTION,
            "#/formdata/x is no field of the workflow",
        );
        let nothing = json!([]);
        assert_eq!(
            omflow.push(deputy, &nothing, Encoding::Form).await,
            pushed()
        );
        let again = omflow.push(deputy, &nothing, Encoding::Form).await;
        failed(&again, "404", PROMOTION, "query the order again");
        are_empty(&ground, &["parked", "dead_letter"]).await;
    });
}

#[test]
fn a_choice_is_read_from_the_form_or_from_the_outcome() {
    with_omflow("omflow-choice", async |ground, omflow| {
        let number = omflow.open("leave", &json!([]), Encoding::Json).await;
        let date = json!([{"id": "FORMITM_5", "value": "2026-12-24"}]);
        for (_, id) in omflow.current_stages("leave", &number).await {
            assert_eq!(omflow.push(&id, &date, Encoding::Json).await, pushed());
        }
        let close = omflow.current_stages("leave", &number).await[0].1.clone();
        let close = [UPDATE, ("data_id", close.as_str())];
        let undecided = edit(&omflow, &close).await;
        let why = "#/outcome must be one of granted, refused";
        failed(&undecided, "404", PROMOTION, why);
        let refused = [close.as_slice(), &[("outcome", "refused")]].concat();
        assert_eq!(edit(&omflow, &refused).await, pushed());
        assert_eq!(omflow.current_stages("leave", &number).await[0].0, "file");
        are_empty(&ground, &["parked", "dead_letter"]).await;
    });
}

#[test]
fn an_order_belongs_to_one_tenant_and_one_workflow() {
    served("omflow-tenants", async |ground, client| {
        leave(&ground).await;
        let purchase = include_str!("../../../../examples/workflows/purchase.toml");
        crate::support::order_story::apply(&ground, "purchase", purchase).await;
        let north = Omflow::new(&ground, &client, "north").await;
        let south = Omflow::new(&ground, &client, "south").await;
        let number = north.open("leave", &json!([]), Encoding::Multipart).await;
        let stops = north.current_stages("leave", &number).await;
        assert_eq!(stops.len(), 2);
        assert!(south.current_stages("leave", &number).await.is_empty());
        assert!(north.current_stages("purchase", &number).await.is_empty());
        assert!(north.current_stages("leave", "1").await.is_empty());
        let foreign = south.push(&stops[0].1, &json!([]), Encoding::Form).await;
        failed(&foreign, "404", PROMOTION, "query the order again");
        for flow in ["unknown", "%00"] {
            let unknown = query(&north, flow, &number).await;
            failed(&unknown, "404", QUERY, "no workflow of the name");
        }
        for number in ["", "many", "-1", "1.5", "99999999999999999999999"] {
            failed(
                &query(&north, "leave", number).await,
                "404",
                QUERY,
                "#/data_no",
            );
        }
        assert!(
            north
                .current_stages("leave", "18446744073709551615")
                .await
                .is_empty()
        );
    });
}

#[test]
fn every_fault_of_a_request_has_the_http_status_200() {
    let limit = ["limits.body_bytes=64KiB"];
    served_with("omflow-http", &limit, async |ground, client| {
        leave(&ground).await;
        let omflow = Omflow::new(&ground, &client, "default").await;
        let edit_path = "/omflow/rest/flowmanage/api/omdata/edit/leave/";
        for (method, path, why) in [
            ("GET", edit_path, "header Allow"),
            ("PUT", QUERY_PATH, "header Allow"),
            ("POST", "/omflow/accounts/api/security/get/", "header Allow"),
            ("GET", "/omflow", "no such path"),
            ("GET", "/omflow/", "no such path"),
            ("GET", "/omflow/rest", "no such path"),
            (
                "POST",
                "/omflow/rest/flowmanage/api/omdata/edit/",
                "no such path",
            ),
            (
                "POST",
                "/omflow/rest/flowmanage/api/omdata/edit/%ff",
                "no such path",
            ),
        ] {
            let reply = client.request(method, path).await;
            failed(&reply.record(), "403", WRONG_URL, why);
        }
        let large = "x".repeat(70_000);
        for as_ in [Encoding::Form, Encoding::Json, Encoding::Multipart] {
            let fields = [("action", "create"), ("formdata", large.as_str())];
            let answer = omflow.edit("leave", &fields, as_).await;
            failed(&answer, "404", OPENING, "65536 bytes");
        }
        for (type_, body, why) in UNREAD {
            for (path, message) in [(edit_path, OPENING), (QUERY_PATH, QUERY)] {
                let answer = send(&client, path, type_, body).await;
                failed(&answer, "404", message, why);
            }
        }
    });
}

async fn send(client: &Client, path: &str, type_: &str, body: &str) -> Value {
    client
        .with("content-type", type_)
        .post(path, body)
        .await
        .record()
}
