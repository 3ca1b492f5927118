//! Lists of processes: the selected ones, each once, and only those of the client's own tenant.

use serde_json::{Value, json};
use waybill::domain::access::Scope;

use super::feed::next;
use super::processes::keyed;
use crate::support::client::{Client, served, served_as};
use crate::support::ground::{Ground, holds};
use crate::support::producer::Producer;
use crate::support::story::{TOKEN_MARK, event, stories};

const GROUP: &str = "Q1 & more/ü";
const UPLOADS: usize = 35;

/// Uploads that end in every way, and an order without a workflow at its only stage.
async fn publish_processes(ground: &Ground) {
    let mut events = stories("list", UPLOADS);
    let data = json!({ "group": GROUP, "attributes": { "note": 1 } });
    let day = 24 * 60 * 60;
    events.push(event("an-order", "an-order-0", day, "order.opened", data));
    Producer::new(ground).events(&events).await;
    holds("every end but that of the order", async || {
        let counts = (
            ground.count("process where ended_at is not null").await,
            ground.count("process where status = 'running'").await,
        );
        counts == (UPLOADS as i64, 1)
    })
    .await;
}

/// Follows a list to its end; returns the tokens.
async fn followed(client: &Client, query: &str) -> Vec<String> {
    let mut seen = Vec::new();
    let mut path = format!("/v1/processes?{query}");
    loop {
        let reply = client.get(&path).await;
        let page = reply.record();
        let processes = page["processes"].as_array().expect("processes");
        let token = |process: &Value| process["token"].as_str().expect("a token").to_owned();
        seen.extend(processes.iter().map(token));
        assert_eq!(page["more"], page["next"].is_string());
        let Some(link) = reply.header("link") else {
            assert_eq!(page["next"], Value::Null);
            return seen;
        };
        path = next(link);
        assert!(path.contains(page["next"].as_str().expect("a cursor")));
    }
}

/// Lists, and the number of processes in each.
const LISTS: [(&str, usize); 7] = [
    ("kind=upload&limit=2", UPLOADS),
    ("status=error,cancelled&limit=3", 2 * UPLOADS / 7),
    ("filename=PRIVATE-words&source=e2e&module=scanner", UPLOADS),
    ("filename=%25", 0),
    ("workflow=intake&opened_before=2026-01-31T12:00:10Z", 10),
    ("ended_after=2026-01-31T12:00:00Z&limit=4", UPLOADS),
    ("status=waiting", 0),
];
/// Lists that contain only the order.
const OF_THE_ORDER: [&str; 3] = [
    "stage=open",
    "group=Q1+%26+more%2F%C3%BC&limit=1",
    "status=running",
];

#[test]
fn a_list_contains_the_selected_processes_and_none_of_another_tenant() {
    served("list", async |ground, client| {
        publish_processes(&ground).await;
        let all = followed(&client, "limit=7").await;
        assert_eq!(all.len(), UPLOADS + 1);
        assert_eq!(followed(&client, "").await, all);
        for (query, count) in LISTS {
            assert_eq!(followed(&client, query).await.len(), count, "{query}");
        }
        for query in OF_THE_ORDER {
            assert_eq!(followed(&client, query).await, ["an-order"], "{query}");
        }
        shows_the_same_as_the_record(&client, &format!("{TOKEN_MARK}-list-2")).await;

        let (own, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let (foreign, _) = keyed(&ground, &client, "other", &[Scope::Read]).await;
        let (writing, _) = keyed(&ground, &client, "default", &[Scope::Write]).await;
        assert_eq!(followed(&own, "").await, all);
        let queries = LISTS.map(|(query, _)| query);
        for query in queries.iter().chain(&OF_THE_ORDER).chain(&[""]) {
            assert!(followed(&foreign, query).await.is_empty(), "{query}");
        }
        writing.get("/v1/processes").await.problem(403, "forbidden");
    });
}

/// For the process that was opened in the third second.
async fn shows_the_same_as_the_record(client: &Client, token: &str) {
    let opened = "opened_after=2026-01-31T13:00:02%2B01:00&opened_before=2026-01-31T12:00:03Z";
    let page = client.get(&format!("/v1/processes?{opened}")).await;
    let page = page.record();
    let found = &page["processes"][0];
    assert_eq!(found["token"], token, "{page}");
    let record = client.get(&format!("/v1/processes/{token}")).await.record();
    for same in [
        "tenant",
        "kind",
        "status",
        "progress",
        "opened_at",
        "ended_at",
        "code",
        "message",
    ] {
        assert_eq!(found[same], record[same], "{same}");
    }
    for same in ["workflow", "group", "module", "source", "filename"] {
        assert_eq!(found[same], record["opening"][same], "{same}");
    }
    assert!(found["created_at"].is_string(), "{found}");
}

/// Queries whose last parameter is wrong.
const WRONG: [&str; 22] = [
    "limit=0",
    "limit=1001",
    "limit=ten",
    "kind=parcel",
    "kind=",
    "status=open",
    "status=done,",
    "workflow=",
    "stage=%00",
    "module=",
    "source=a%0Ab",
    "filename=",
    "opened_after=yesterday",
    "opened_before=2026-01-01",
    "ended_after=2026-01-01T00:00:00",
    "ended_before=2026-01-01T00:00:00+01:00",
    "after=",
    "after=1",
    "after=now",
    "after=p1c",
    "after=c10000000000000000000000000000",
    // of a list in another order
    "opened_after=2026-01-01T00:00:00Z&after=p1c000000000000000000000000000000000000000000000000",
];

#[test]
fn a_wrong_parameter_is_named_and_so_is_a_cursor_of_another_list() {
    served_as("list-wrong", "api", async |_, client| {
        let long = format!("group={}", "x".repeat(256));
        for query in WRONG.into_iter().chain([long.as_str()]) {
            let reply = client.get(&format!("/v1/processes?{query}")).await;
            let problem = reply.problem(400, "invalid_parameter");
            let errors = problem["errors"].as_array().expect("faults");
            assert_eq!(errors.len(), 1, "{query}: {problem}");
            let last = query
                .rsplit('&')
                .next()
                .and_then(|pair| pair.split_once('='));
            let detail = errors[0]["detail"].as_str().expect("a detail");
            assert!(
                detail.starts_with(last.expect("a pair").0),
                "{query}: {problem}"
            );
        }
        let many = "/v1/processes?kind=order&kind=upload&colour=red&limit=x";
        let problem = client.get(many).await.problem(400, "invalid_parameter");
        let errors = problem["errors"].as_array().map(Vec::len);
        assert_eq!(errors, Some(3), "{problem}");
        assert!(followed(&client, "").await.is_empty());
    });
}
