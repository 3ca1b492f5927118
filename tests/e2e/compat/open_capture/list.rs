//! The list of Open-Capture clients: exact numbered pages, and its bounds.

use serde_json::{Value, json};

use super::processes::refusal;
use crate::support::client::{Client, served, served_with};

const LIST: &str = "/open-capture/monitoring/list";
const UPLOADS: usize = 25;

async fn rows(client: &Client, query: &str) -> Vec<Value> {
    let answer = client.get(&format!("{LIST}?{query}")).await.record();
    answer["processes"].as_array().expect("rows").clone()
}

fn tokens(rows: &[Value]) -> Vec<String> {
    let token = |row: &Value| row["token"].as_str().expect("a token").to_owned();
    rows.iter().map(token).collect()
}

/// Uploads of two modules, of which every fifth fails and every fifth is done, and an order.
async fn publish_processes(client: &Client) {
    let event = |n: usize, type_: &str, data: Value| {
        json!({"id": format!("{n}-{type_}"), "source": "e2e", "type": type_,
            "token": format!("zqx-token-{n}"), "data": data})
    };
    let mut events = vec![event(UPLOADS, "order.opened", json!({}))];
    for n in 0..UPLOADS {
        let module = ["verifier", "splitter"][n % 2];
        let opening = json!({"filename": format!("{n}.pdf"), "module": module});
        events.push(event(n, "upload.received", opening));
        match n % 5 {
            0 => events.push(event(n, "upload.failed", json!({"message": "no pages"}))),
            1 => events.push(event(n, "upload.completed", json!({"total": 0}))),
            _ => {}
        }
    }
    client.applies(json!(events)).await;
}

#[test]
fn numbered_pages_contain_each_process_once_and_the_total() {
    served("capture-list", async |_, client| {
        assert_eq!(client.get(LIST).await.record(), json!({"processes": []}));
        publish_processes(&client).await;
        let all = client.get("/v1/processes?kind=upload").await.record();
        let all = tokens(all["processes"].as_array().expect("processes"));
        assert_eq!(all.len(), UPLOADS);

        let mut seen = Vec::new();
        for offset in (0..UPLOADS).step_by(7) {
            let page = rows(&client, &format!("limit=7&offset={offset}&more=1")).await;
            assert!(page.iter().all(|row| row["total"] == UPLOADS), "{page:?}");
            seen.extend(tokens(&page));
        }
        assert_eq!(seen, all, "the newest first");
        assert_eq!(
            tokens(&rows(&client, "limit=&offset=&module=&status=").await),
            all
        );
        for nothing in ["offset=25", "offset=10000", "limit=0", "module=other"] {
            assert!(rows(&client, nothing).await.is_empty(), "{nothing}");
        }

        // A row equals the process queried by its token, plus the total.
        let by_token = json!({"token": all[3]});
        let path = "/open-capture/monitoring/getProcessByToken";
        let mut row = client.post(path, by_token).await.record()["process"][0].clone();
        row["total"] = json!(UPLOADS);
        assert_eq!(rows(&client, "limit=1&offset=3").await, [row]);

        filtered(&client).await;
        refused(&client).await;
    });
}

/// Checks the rows and the total of each filter.
async fn filtered(client: &Client) {
    for (query, count) in [
        ("status=wait", 0),
        ("status=running", 15),
        ("status=done", 10),
        ("status=error", 5),
        ("module=verifier", 13),
        ("module=splitter&status=done", 5),
    ] {
        let rows = rows(client, query).await;
        assert_eq!(rows.len(), count, "{query}");
        assert!(rows.iter().all(|row| row["total"] == count), "{query}");
    }
}

/// Checks that invalid pages are refused.
async fn refused(client: &Client) {
    for wrong in [
        "limit=101",
        "limit=-1",
        "limit=ALL",
        "offset=10001",
        "offset=x",
        "status=finished",
        "limit=1&limit=2",
    ] {
        let reply = client.get(&format!("{LIST}?{wrong}")).await;
        let (_, message) = refusal(&reply, 400);
        let name = wrong.split('=').next().expect("a name");
        assert!(message.starts_with(name), "{message}");
    }
}

#[test]
fn a_row_reports_what_it_leaves_out_and_rows_do_not_mix() {
    served("capture-cut", async |_, client| {
        let patient = client.with("prefer", "wait=60");
        let long = "x".repeat(1_900_000);
        for n in 0..12 {
            let event = |id: usize, type_: &str, data: Value| {
                json!({"id": id.to_string(), "source": "e2e", "type": type_,
                    "token": format!("zqx-token-cut-{n}"), "data": data})
            };
            let item = |id: usize, data: &Value| {
                json!({"identifier": format!("{id:04}"), "ok": true, "document_id": id.to_string(),
                    "data": data})
            };
            let items = |from: usize, to: usize| {
                let items: Vec<_> = (from..to).map(|id| item(id, &json!({}))).collect();
                json!({ "items": items })
            };
            let events = match n {
                0 => json!([
                    event(0, "upload.items", items(0, 1_000)),
                    event(1, "upload.items", items(1_000, 1_100)),
                ]),
                // In total more than one read returns.
                _ => json!([
                    event(0, "upload.received", json!({})),
                    event(
                        1,
                        "upload.items",
                        json!({"items": [item(n, &json!({"text": long}))]})
                    ),
                    event(2, "upload.step", json!({"message": "read"})),
                ]),
            };
            let receipts = patient.post("/v1/events", events).await.record();
            assert_eq!(receipts["events"][1]["state"], "applied");
        }
        let listed = rows(&client, "limit=12").await;
        assert_eq!(listed.len(), 12);
        for (row, n) in listed.iter().zip((0..12).rev()) {
            if n == 0 {
                assert_eq!(row["document_ids"].as_array().map(Vec::len), Some(1_000));
                assert_eq!(row["truncated"], true);
                continue;
            }
            assert_eq!(row["document_ids"], json!([n]));
            assert_eq!(row["steps"]["1"]["message"], "read");
            assert!(row.get("truncated").is_none());
        }
    });
}

#[test]
fn a_page_is_bounded_and_rows_beyond_it_report_missing_steps() {
    served("capture-bound", async |_, client| {
        let patient = client.with("prefer", "wait=60");
        let message = "x".repeat(4_000);
        for n in 0..5 {
            let step = |id: usize| {
                json!({"id": id.to_string(), "source": "e2e", "type": "upload.step",
                    "token": format!("zqx-token-long-{n}"), "data": {"message": message}})
            };
            let steps: Vec<_> = (0..1_000).map(step).collect();
            let receipts = patient.post("/v1/events", json!(steps)).await.record();
            assert_eq!(receipts["events"][999]["state"], "applied");
        }
        let listed = rows(&client, "limit=5").await;
        let steps = |row: &Value| row["steps"].as_object().map_or(0, serde_json::Map::len);
        for row in &listed[..4] {
            assert!(steps(row) == 1_000 && row.get("truncated").is_none());
        }
        assert!(steps(&listed[4]) < 1_000 && listed[4]["truncated"] == true);
    });
}

#[test]
fn dates_are_in_the_language_of_the_setting_and_the_dialect_can_be_moved_or_switched_off() {
    let moved = "dialects.open_capture=/capture";
    let english = "dialects.open_capture_language=en";
    served_with("capture-moved", &[moved, english], async |_, client| {
        let opening = json!({"id": "1", "source": "e2e", "type": "upload.received",
            "token": "zqx-token-en", "time": "2023-04-27T10:28:31Z", "data": {}});
        let patient = client.with("prefer", "wait=60");
        patient.post("/v1/events", opening).await.record();
        let list = client.get("/capture/monitoring/list").await.record();
        let row = &list["processes"][0];
        assert_eq!(row["creation_date_formated"], "Apr 27 2023 10:28:31");
        client.get(LIST).await.problem(404, "not_found");
    });
}
