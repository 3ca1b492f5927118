//! The pages of a process and of workflows.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use crate::http::events::patient;
use crate::http::processes::keyed;
use crate::support::client::{Client, Reply, served};
use crate::support::order_story::{PURCHASE, apply};
use crate::support::story::TOKEN_MARK;

const BOTH: [Scope; 2] = [Scope::Read, Scope::Write];
/// Markup that a browser would execute.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'&";
/// More items than a page lists.
const FAILED: usize = 1_203;

fn token(tag: &str) -> String {
    format!("{TOKEN_MARK}-{tag} {HOSTILE}")
}

fn path(page: &str, token: &str) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("token", token);
    format!("/monitor/{page}?{}", query.finish())
}

/// The body of a page with the status 200.
fn page(reply: &Reply) -> String {
    assert_eq!(reply.status, 200, "{}", reply.body());
    assert_eq!(
        reply.header("content-type"),
        Some("text/html; charset=utf-8")
    );
    let body = reply.body();
    assert!(
        !body.contains("<img") && !body.contains(" style="),
        "{body}"
    );
    body.to_owned()
}

/// Checks an error page.
fn refusal(reply: &Reply, status: u16, words: &str) {
    assert_eq!(reply.status, status, "{}", reply.body());
    let html = reply.header("content-type") == Some("text/html; charset=utf-8");
    assert!(html && reply.body().contains(words), "{}", reply.body());
}

/// Decodes a chunked body.
fn whole(body: &str) -> String {
    let (mut whole, mut rest) = (String::new(), body);
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        whole.push_str(&after[..size]);
        rest = &after[size + 2..];
    }
    whole
}

async fn publish(client: &Client, token: &str, events: &[(&str, Value)]) {
    let bodies = events.iter().enumerate().map(|(n, (type_, data))| {
        json!({"id": n.to_string(), "source": "e2e", "type": type_, "token": token, "data": data})
    });
    client.applies(bodies.collect()).await;
}

/// Items with these numbers, all good or all failed.
fn items(ok: bool, numbers: std::ops::Range<usize>) -> Value {
    let item = |n: usize| {
        let messages = [format!("+{n}"), HOSTILE.to_owned()];
        json!({"identifier": format!("={HOSTILE}{n:04}"), "ok": ok, "messages": messages})
    };
    json!({"items": numbers.map(item).collect::<Vec<_>>()})
}

/// An upload with mostly failed items and a late event.
async fn publish_a_bad_upload(client: &Client, token: &str) {
    let opening = json!({"filename": HOSTILE, "group": "g", "attributes": {"a": HOSTILE}});
    let step = json!({"name": "scan", "message": HOSTILE, "state": "error"});
    let events = [
        ("upload.received", opening),
        ("upload.step", step),
        ("upload.items", items(false, 0..1_000)),
        ("upload.items", items(false, 1_000..FAILED)),
        ("upload.items", items(true, FAILED..FAILED + 2)),
        ("upload.completed", json!({"total": FAILED + 2})),
    ];
    publish(client, token, &events).await;
    let late = json!({"id": "late", "source": "e2e", "type": "upload.step", "token": token,
        "data": {"message": "too late"}});
    let late = patient(client).post("/v1/events", &late).await;
    assert_eq!(late.record()["state"], "late");
}

/// Checks that the file has every failed item once, and nothing that a spreadsheet would execute.
fn has_every_failed_item(file: &Reply) {
    assert_eq!(file.header("content-type"), Some("text/csv; charset=utf-8"));
    let name = file.header("content-disposition").expect("a name");
    let begin = "attachment; filename=\"errors-zqx-token-items__img";
    assert!(name.starts_with(begin), "{name}");
    let text = whole(file.body());
    let mut rows = text.split_terminator("\r\n");
    let headings = "\"identifier\",\"document_id\",\"messages\"";
    assert_eq!(rows.next(), Some(headings));
    let quoted = HOSTILE.replace('"', "\"\"");
    let expected = (0..FAILED).map(|n| format!("\"'={quoted}{n:04}\",\"\",\"'+{n}; {quoted}\""));
    let rows: Vec<_> = rows.map(str::to_owned).collect();
    assert_eq!(rows, expected.collect::<Vec<_>>());
}

#[test]
fn failed_items_are_shown_and_exported_whole_and_escaped() {
    served("monitor-items", async |ground, open| {
        let (client, _) = keyed(&ground, &open, "default", &BOTH).await;
        let token = token("items");
        publish_a_bad_upload(&client, &token).await;
        let shown = page(&client.get(&path("process", &token)).await);
        for words in [
            "ended with a warning: 1203 of 1205 items failed",
            "1205 in all, 1203 failed.",
            "These are 1000 of 1205",
            "7, 1 of them late",
            "Late events",
            "too late",
            "waybill.completions",
            "href=\"/?group=g&amp;since=ever\"",
            "&lt;img src=x onerror=alert(1)&gt;",
        ] {
            assert!(shown.contains(words), "{words} is not in\n{shown}");
        }
        let only = path("process", &token) + "&errors=only";
        let only = page(&client.get(&only).await);
        assert!(only.contains("These are 1000 of 1203"), "{only}");
        has_every_failed_item(&client.get(&path("process/errors.csv", &token)).await);
    });
}

#[test]
fn the_graph_of_an_order_marks_its_current_stages() {
    served("monitor-order", async |ground, open| {
        apply(&ground, "purchase", PURCHASE).await;
        apply(&ground, "purchase", &format!("{PURCHASE}\n# again")).await;
        let (client, _) = keyed(&ground, &open, "default", &BOTH).await;
        let opening = json!({"workflow_id": "purchase", "form": {"amount": 7}});
        let receipt = patient(&client).post("/v1/orders", &opening).await.record();
        let token = receipt["token"].as_str().expect("a token").to_owned();
        let look = async || page(&client.get(&path("process", &token)).await);

        let before = look().await;
        assert_marked(
            &before,
            &[("review", "here"), ("finance", "ahead"), ("close", "ahead")],
        );
        assert!(before.contains("Waiting at review."), "{before}");
        assert!(before.contains("/monitor/workflow?name=purchase&amp;version=2"));
        let push = json!({"stage": "review", "outcome": "accepted"});
        let pushed = patient(&client)
            .post(&format!("/v1/orders/{token}/push"), &push)
            .await;
        pushed.record();
        let after = look().await;
        assert_marked(
            &after,
            &[("review", "passed"), ("finance", "here"), ("stock", "here")],
        );
        assert!(after.contains("Waiting at finance and stock."), "{after}");
        every_version_has_its_page(&client).await;
    });
}

async fn every_version_has_its_page(client: &Client) {
    let all = page(&client.get("/monitor/workflows").await);
    assert!(all.contains("/monitor/workflow?name=purchase"), "{all}");
    let one = "/monitor/workflow?name=purchase&version=1";
    let one = page(&client.get(one).await);
    for words in [
        "Version 1 of 2",
        "<svg",
        "joins all",
        "version=2",
        "amount",
        "number",
    ] {
        assert!(one.contains(words), "{words} is not in\n{one}");
    }
    assert!(!one.contains("data-state=\"here\""));
    for unknown in ["name=none", "name=purchase&version=3"] {
        let reply = client.get(&format!("/monitor/workflow?{unknown}")).await;
        refusal(&reply, 404, "no workflow has this name");
    }
}

/// Checks the states of stages in the graph.
fn assert_marked(page: &str, stages: &[(&str, &str)]) {
    for (stage, state) in stages {
        let drawn = format!("<g class=\"stage\" data-state=\"{state}\"><title>{stage}</title>");
        assert!(page.contains(&drawn), "{drawn} is not in\n{page}");
    }
}

#[test]
fn a_process_is_shown_only_to_its_tenant() {
    served("monitor-tenant", async |ground, open| {
        let (client, _) = keyed(&ground, &open, "default", &BOTH).await;
        let (other, _) = keyed(&ground, &open, "other", &BOTH).await;
        let token = token("mine");
        publish(
            &client,
            &token,
            &[("upload.received", json!({"filename": "mine"}))],
        )
        .await;
        for name in ["process", "process/errors.csv"] {
            let reply = client.get(&path(name, &token)).await;
            assert_eq!(reply.status, 200, "{}", reply.body());
            let foreign = other.get(&path(name, &token)).await;
            refusal(&foreign, 404, "no process has this token");
            let unknown = client.get(&path(name, "unknown")).await;
            refusal(&unknown, 404, "no process has this token");
            let bare = client.get(&format!("/monitor/{name}")).await;
            refusal(&bare, 400, "token must be given");
        }
        let wrong = client.get(&(path("process", &token) + "&errors=all")).await;
        refusal(&wrong, 400, "errors must be only");
    });
}
