//! The list that clients of Open-Capture page through: exact by number, and within its bounds.

use serde_json::{Value, json};

use crate::{
    client::Client,
    dialect_open_capture::refusal,
    ground::{Ground, run},
};

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
async fn told(client: &Client) {
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
    let patient = client.with("prefer", "wait=60");
    let receipts = patient.post("/v1/events", json!(events)).await.record();
    for receipt in receipts["events"].as_array().expect("receipts") {
        assert_eq!(receipt["state"], "applied");
    }
}

#[test]
fn pages_by_number_hold_each_process_once_and_say_how_many_there_are() {
    run(async {
        let ground = Ground::shared("capture-list").await;
        let (worker, client) = ground.answering().await;
        assert_eq!(client.get(LIST).await.record(), json!({"processes": []}));
        told(&client).await;
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

        // A row is that of the process asked for by its token, with the number of all beside it.
        let asked = json!({"token": all[3]});
        let path = "/open-capture/monitoring/getProcessByToken";
        let mut row = client.post(path, asked).await.record()["process"][0].clone();
        row["total"] = json!(UPLOADS);
        assert_eq!(rows(&client, "limit=1&offset=3").await, [row]);

        for (query, count) in [
            ("status=wait", 0),
            ("status=running", 15),
            ("status=done", 10),
            ("status=error", 5),
            ("module=verifier", 13),
            ("module=splitter&status=done", 5),
        ] {
            let rows = rows(&client, query).await;
            assert_eq!(rows.len(), count, "{query}");
            assert!(rows.iter().all(|row| row["total"] == count), "{query}");
        }
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
        worker.stop().await;
    });
}

#[test]
fn dates_are_in_the_language_of_the_setting_and_the_dialect_can_be_moved_or_switched_off() {
    run(async {
        let ground = Ground::shared("capture-moved").await;
        let (plan, client) = ground.api_plan().await;
        let plan = plan.with("dialects.open_capture", "/capture");
        let plan = plan.with("dialects.open_capture_language", "en");
        let worker = plan.roles("worker,relay,api").start().await;
        let opening = json!({"id": "1", "source": "e2e", "type": "upload.received",
            "token": "zqx-token-en", "time": "2023-04-27T10:28:31Z", "data": {}});
        let patient = client.with("prefer", "wait=60");
        patient.post("/v1/events", opening).await.record();
        let list = client.get("/capture/monitoring/list").await.record();
        let row = &list["processes"][0];
        assert_eq!(row["creation_date_formated"], "Apr 27 2023 10:28:31");
        client.get(LIST).await.problem(404, "not_found");
        worker.stop().await;
    });
}
