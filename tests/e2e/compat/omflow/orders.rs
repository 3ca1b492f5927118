//! Orders of OMFLOW clients: opened, queried and pushed through two addresses, in all three
//! encodings, and by programs written for OMFLOW.

use std::path::Path;

use serde_json::{Value, json};
use tokio::process::Command;

use crate::http::processes::key;
use crate::support::client::{ROLES, served};
use crate::support::ground::{Ground, reaches};
use crate::support::multipart::{PDF, part};
use crate::support::omflow_client::{Encoding, Omflow, SCOPES, leave, log_in, pushed, with_omflow};
use crate::support::order_story::apply;
use crate::support::python::python;

#[test]
fn an_order_is_opened_queried_and_pushed_to_its_end_in_every_encoding() {
    Ground::test("omflow", async |ground| {
        leave(&ground).await;
        let verbose = ["log.filter=debug"];
        let (worker, client) = ground.answering_with(ROLES, &verbose).await;
        let omflow = Omflow::new(&ground, &client, "north").await;
        for as_ in [Encoding::Form, Encoding::Json, Encoding::Multipart] {
            let formdata = json!([{"id": "FORMITM_2", "value": "rest", "type": "inputbox"},
                                  {"id": "FORMITM_4", "value": "12.50"}]);
            let data_no = omflow.open("leave", &formdata, as_).await;
            // Right after the opening, and one for each branch.
            let stops = omflow.current_stages("leave", &data_no).await;
            let [(one, deputy), (other, manager)] = stops.as_slice() else {
                panic!("{stops:?}");
            };
            assert_eq!((one.as_str(), other.as_str()), ("deputy", "manager"));

            let until = json!([{"id": "FORMITM_5", "value": "2026-12-24"}]);
            assert_eq!(omflow.push(manager, &until, as_).await, pushed());
            let left = omflow.current_stages("leave", &data_no).await;
            assert_eq!(left, [("deputy".to_owned(), deputy.clone())]);
            assert_eq!(omflow.push(deputy, &json!([]), as_).await, pushed());
            let joined = omflow.current_stages("leave", &data_no).await;
            assert_eq!(joined.len(), 1);
            assert_eq!(joined[0].0, "close");
            let decision = json!([{"id": "FORMITM_6", "value": "granted"}]);
            assert_eq!(omflow.push(&joined[0].1, &decision, as_).await, pushed());
            assert!(
                omflow.current_stages("leave", &data_no).await.is_empty(),
                "it has ended"
            );
        }
        let done = "process where status = 'done' \
                    and form like '%12.50%' and form like '%granted%' and tenant = 'north'";
        assert_eq!(ground.count(done).await, 3);
        assert_eq!(ground.count("dead_letter").await, 0);
        let log = std::fs::read_to_string(&worker.log).expect("a log");
        assert!(!log.is_empty() && !log.contains(&omflow.security));
        worker.stop().await;
    });
}

#[test]
fn files_come_with_an_order_and_those_of_fields_are_named_in_them() {
    with_omflow("omflow-files", async |ground, omflow| {
        let parts = [
            part("action", None, "create"),
            part("formdata", None, "[]"),
            part("files_item", None, "[\"FORMITM_3\"]"),
            // Attachments may be of any type.
            part("files", Some("a.txt"), "a text"),
            // As pages send it where no file was chosen.
            part("FORMITM_3", Some(""), ""),
            part("FORMITM_3", Some("b.pdf"), &format!("{PDF}two")),
        ];
        let answer = omflow.parts("leave", &parts).await;
        assert_eq!(answer["status"], "200", "{answer}");
        let rows = ground
            .rows("select attachments, form from waybill.process")
            .await;
        let text = |column: usize| serde_json::from_str(rows[0].get(column)).expect("JSON");
        let (attachments, form): (Value, Value) = (text(0), text(1));
        let of = |name: &str| {
            let all = attachments.as_array().expect("a list");
            let found = all.iter().map(|one| one[name].as_str().unwrap_or_default());
            found.collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("name"), "a.txt b.pdf");
        assert_eq!(of("field"), "files FORMITM_3");
        assert_eq!(form["FORMITM_3"][1], "b.pdf");
        let (key, _) = key(&ground, "default", &SCOPES).await;
        let reader = omflow
            .client
            .with("authorization", &format!("Bearer {key}"));
        let uri = attachments[1]["uri"].as_str().expect("where it is");
        assert_eq!(reader.get(uri).await.body(), format!("{PDF}two"));
    });
}

#[test]
fn files_before_the_code_or_without_a_name_open_nothing() {
    with_omflow("omflow-no-files", async |ground, omflow| {
        let action = part("action", None, "create");
        let early = [
            part("files", Some("a.pdf"), PDF),
            action.clone(),
            part("formdata", None, "[]"),
        ];
        let late = [action.clone(), early[0].clone(), early[2].clone()];
        let nameless = "files\"; filename*=\"UTF-8''a.pdf";
        let nameless = [action, part(nameless, None, PDF)];
        for (parts, why) in [
            (early.as_slice(), "after all the other fields"),
            (&late, "after all the other fields"),
            (&nameless, "must have its name in filename"),
        ] {
            let answer = omflow.parts("leave", parts).await;
            let detail = answer["detail"].as_str().expect("why");
            assert!(detail.contains(why), "{detail}");
            let message = "Order opening failed.";
            let failed = json!({"status": "404", "message": message, "detail": detail});
            assert_eq!(answer, failed);
        }
        assert_eq!(ground.count("process").await, 0);
    });
}

#[test]
fn programs_for_omflow_need_only_another_address_and_code() {
    served("omflow-python", async |ground, client| {
        leave(&ground).await;
        let purchase = include_str!("../../../../examples/workflows/purchase.toml");
        apply(&ground, "purchase", purchase).await;
        let (key, _) = key(&ground, "default", &SCOPES).await;
        let url = format!("{}/omflow", client.url());
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/clients/omflow.py");
        let script = examples.to_str().expect("UTF-8");
        let output = printed(&[script, "--url", &url, "--key", &key]).await;
        assert!(output.contains("finished"), "{output}");
        assert_eq!(ground.count("process where status = 'done'").await, 1);

        // The calls of the documentation, without and with a field of files.
        let answer = log_in(&client, &key).await;
        let code = answer["result"]["security"].as_str().expect("a code");
        let file = ground.folder.join("scan.pdf");
        std::fs::write(&file, PDF).expect("a file");
        let file = file.to_str().expect("UTF-8");
        let url = format!("{url}/rest/flowmanage/api/omdata/edit/leave/");
        for values in [
            json!({"formdata": [{"id": "FORMITM_2", "value": "rest"}], "parts": ["files"]}),
            json!({"formdata": [{"id": "FORMITM_1", "value": "rest"}],
                   "parts": ["files", "FORMITM_3"], "files_item": ["FORMITM_3"]}),
        ] {
            let output = printed(&["-c", CALL, &url, code, file, &values.to_string()]).await;
            let answer: Value = serde_json::from_str(&output).expect("JSON");
            assert_eq!(answer["message"], "Order placed successfully.", "{answer}");
        }
        reaches(&ground, "file where size = 9", 3).await;
    });
}

/// One call, with its URL, the code, a file, and what differs.
const CALL: &str = "import json, requests, sys
url, security, path, what = sys.argv[1:]
what = json.loads(what)
values = {'security': security, 'omflow_restapi': 1, 'action': 'create',
          'formdata': json.dumps(what['formdata'])}
if 'files_item' in what:
    values['files_item'] = json.dumps(what['files_item'])
files = {part: open(path, 'rb') for part in what['parts']}
print(requests.post(url, data=values, files=files).text)";

/// The output of a Python program that succeeds.
async fn printed(arguments: &[&str]) -> String {
    let output = Command::new(python("requests")).args(arguments).output();
    let output = output.await.expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}
