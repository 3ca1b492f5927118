//! What was erased is nowhere any more, and nothing that comes later brings it back.

use std::time::Duration;

use serde_json::{Value, json};
use waybill::domain::access::Scope;
use waybill::store::admin::erasure::{Erasure, ErasureScope};
use waybill::wire::PlainEvent;

use crate::http::processes::keyed;
use crate::http::uploads::{files_below, upload};
use crate::support::client::{Client, served_as, served_by};
use crate::support::ground::{Ground, holds, reaches};
use crate::support::multipart::{PDF, part};
use crate::support::producer::{Message, Producer};
use crate::support::story::{self, long_story, stories};

const ROLES: &str = "worker,relay,api,janitor";
const SOON: [&str; 1] = ["janitor.interval=50ms"];
/// In everything that is said of an erased process.
const MARK: &str = "vrk-personal-words";
const OPEN: &str =
    "select coalesce(sum(value), 0)::bigint from waybill.tally where name = 'processes_open'";
const DEAD: &str =
    "select coalesce(sum(value), 0)::bigint from waybill.tally where name = 'dead_letters'";

/// Checks that no column of any table has the words, as a text or as bytes.
async fn assert_nowhere(ground: &Ground, words: &str) {
    let hex: String = words.bytes().map(|byte| format!("{byte:02x}")).collect();
    let tables = "select relname::text from pg_class
                  where relnamespace = 'waybill'::regnamespace and relkind in ('r', 'p')";
    for table in ground.texts(tables).await {
        let rows = format!("{table} t where t::text like '%{words}%' or t::text like '%{hex}%'");
        assert_eq!(ground.count(&rows).await, 0, "{table}");
    }
}

fn event(token: &str, id: &str, second: i64, type_: &str, data: Value) -> PlainEvent {
    story::event(token, id, second, type_, data)
}

/// Everything that can be said of an open upload.
fn life(token: &str) -> Vec<PlainEvent> {
    let opening =
        json!({"filename": MARK, "module": MARK, "group": MARK, "attributes": {"who": MARK}});
    let items = json!({"items": [{"identifier": MARK, "ok": false, "messages": [MARK], "data": {"a": MARK}}]});
    vec![
        event(token, "1", 1, "upload.received", opening),
        event(token, "2", 2, "upload.step", json!({"message": MARK})),
        event(token, "3", 3, "upload.items", items),
    ]
}

/// What becomes a dead letter.
fn faulty(token: &str) -> Message {
    let wrong = event(token, "4", 4, "upload.progress", json!({"done": MARK}));
    Message::event(&wrong).refused("invalid_field")
}

/// Keeps a worker busy, with this token too.
async fn busy(ground: &Ground, token: &str) {
    let mut producer = Producer::new(ground);
    for number in 0..40 {
        let mut events = stories(&format!("busy{number}"), 5);
        let id = format!("busy{number}");
        let step = json!({"message": MARK});
        events.push(event(token, &id, number, "upload.step", step));
        producer.events(&events).await;
    }
}

/// Sends again what was sent before, and something new, until all of it was refused.
async fn send_late(ground: &Ground, token: &str) {
    let mut producer = Producer::new(ground);
    producer.events(&life(token)).await;
    let late = event(token, "9", 9, "upload.failed", json!({"message": MARK}));
    producer.events(&[late]).await;
    let refused = "dead_letter where reason = 'erased' and event_id = '9'";
    reaches(ground, refused, 1).await;
    reaches(ground, "file", 0).await;
    holds("all to be consumed", async || {
        ground.ready("waybill.events.0").await == Some(0)
            && ground.count("process where ended_at is null").await == 0
    })
    .await;
}

/// Uploads a file and sends everything that can be said of it; returns the receipt of the upload.
async fn sent(ground: &Ground, admin: &Client) -> Value {
    let patient = admin.with("prefer", "wait=60");
    let mut producer = Producer::new(ground);
    let file = part("f", Some(&format!("{MARK}.pdf")), &format!("{PDF}{MARK}"));
    let uploaded = upload(&patient, &[file]).await.record()["uploads"][0].clone();
    let token = uploaded["token"].as_str().expect("a token");
    producer.events(&life(token)[1..]).await;
    producer.publish(vec![faulty(token)]).await;
    reaches(ground, "item", 1).await;
    reaches(ground, "dead_letter", 1).await;
    assert_eq!(ground.number(OPEN).await, 1);
    uploaded
}

#[test]
fn nothing_of_an_erased_process_is_left_and_late_events_do_not_bring_it_back() {
    served_by("erased", ROLES, &SOON, async |ground, client| {
        let (admin, _) = keyed(&ground, &client, "default", &[Scope::Admin]).await;
        let uploaded = sent(&ground, &admin).await;
        let token = uploaded["token"].as_str().expect("a token");
        let path = format!("/v1/processes/{token}");
        let erase = async {
            reaches(&ground, "process where token like '%busy3-%'", 5).await;
            admin.request("DELETE", &path).await
        };
        let ((), reply) = tokio::join!(busy(&ground, token), erase);
        let receipt = reply.record();
        let erased = &receipt["erased"];
        for (what, count) in [("process", 1), ("item", 1), ("dead_letter", 1), ("file", 1)] {
            assert_eq!(erased[what], count, "{receipt}");
        }
        assert_eq!(erased["file_bytes"], PDF.len() + MARK.len());
        assert_eq!(receipt["complete"], true);

        send_late(&ground, token).await;
        assert_nowhere(&ground, MARK).await;
        assert_eq!(files_below(&ground.folder.join("files")), 0);
        assert_eq!(ground.number(OPEN).await, 0);
        let dead = ground.count("dead_letter").await;
        assert_eq!(ground.number(DEAD).await, dead);
        gone_for_readers(&admin, &path, &uploaded).await;
        let audit = "select object from waybill.audit where action = 'process.erase'";
        let key = receipt["process"].as_str().expect("a key");
        assert_eq!(ground.texts(audit).await, [key]);
        let second = admin.request("DELETE", &path).await.record();
        assert_eq!(second["erased"]["dead_letter"].as_i64(), Some(dead));

        let new = json!({"id": "new", "source": "shop", "type": "upload.received", "token": token,
                         "data": {}});
        admin.applies(json!([new])).await;
        assert_eq!(admin.get(&path).await.record()["status"], "running");
    });
}

async fn gone_for_readers(client: &Client, path: &str, uploaded: &Value) {
    client.get(path).await.problem(410, "gone");
    let uri = uploaded["file"]["uri"].as_str().expect("a path");
    client.get(uri).await.problem(404, "not_found");
    let token = uploaded["token"].as_str().expect("a token");
    for answer in [
        "/v1/events?limit=1000",
        "/v1/processes?limit=1000",
        "/monitor/dead-letters",
    ] {
        let body = client.get(answer).await.body().to_owned();
        assert!(!body.contains(MARK), "{answer}");
    }
    let page = client.get(&format!("/monitor/process?token={token}")).await;
    assert!(!page.body().contains(MARK));
}

#[test]
fn an_opening_without_a_time_is_recognised_and_its_hash_says_nothing_without_the_token() {
    served_by("erased-untimed", ROLES, &SOON, async |ground, client| {
        let (admin, _) = keyed(&ground, &client, "default", &[Scope::Admin]).await;
        let mut producer = Producer::new(&ground);
        let untimed = |id: &str, type_: &str| {
            let body = json!({"id": id, "source": "shop", "type": type_, "token": "untimed",
                              "data": {}});
            let mut message = Message::bad(id, body.to_string().as_bytes(), "");
            message.routing_key = type_.to_owned();
            message
        };
        let both = || {
            vec![
                untimed("a", "upload.received"),
                untimed("b", "upload.completed"),
            ]
        };
        producer.publish(both()).await;
        reaches(&ground, "process where ended_at is not null", 1).await;
        admin
            .request("DELETE", "/v1/processes/untimed")
            .await
            .record();
        producer.publish(both()).await;
        reaches(&ground, "dead_letter where reason = 'erased'", 2).await;
        assert_eq!(ground.count("process").await, 0);
        assert_eq!(
            ground
                .count("tombstone where cardinality(openings) = 1")
                .await,
            1
        );
        let guessed =
            "tombstone where substring(sha256(E'shop\\na') from 1 for 16) = any (openings)";
        assert_eq!(ground.count(guessed).await, 0);
        assert_eq!(ground.count("tombstone where ended_at is null").await, 1);
    });
}

#[test]
fn a_large_process_is_erased_in_slices_beside_workers_and_janitors() {
    served_by("erased-large", ROLES, &SOON, async |ground, client| {
        let (admin, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let mut events = long_story("large", 6_000);
        events.pop();
        let token = events[0].token.clone().expect("a token");
        let count = i64::try_from(events.len()).expect("few");
        Producer::new(&ground).events(&events).await;
        reaches(&ground, "event", count).await;
        let erase = ["erase", "--token", &token, "--yes", "--why", "requested"];
        let receipt = ground.waybill(&erase).ok().json();
        assert_eq!(receipt["erased"]["event"], count, "{receipt}");
        assert_eq!(receipt["erased"]["item"], 6_000);
        assert_eq!(receipt["complete"], true);
        for table in ["process", "event", "item", "outbox"] {
            assert_eq!(ground.count(table).await, 0, "{table}");
        }
        assert_eq!(ground.number(OPEN).await, 0);
        admin
            .get(&format!("/v1/processes/{token}"))
            .await
            .problem(410, "gone");
        let because = "audit where action = 'process.erase' and reason = 'requested'";
        assert_eq!(ground.count(because).await, 1);
    });
}

#[test]
fn what_a_program_leaves_of_an_erasure_the_janitor_deletes() {
    served_as("erased-later", "worker,relay", async |ground, _| {
        let events = long_story("later", 300);
        let token = events[0].token.clone().expect("a token");
        let mut producer = Producer::new(&ground);
        producer.events(&events).await;
        reaches(&ground, "process where ended_at is not null", 1).await;
        let erasure = Erasure {
            tenant: "default".to_owned(),
            scope: ErasureScope::Token(token),
            unowned: false,
            time_max: Some(Duration::ZERO),
        };
        let erased = erasure.run(&ground.store(), |_| {}).await.expect("erased");
        assert_eq!((erased.processes, erased.unfinished), (1, 1));
        let plan = ground.plan().roles("janitor");
        let janitor = plan.with("janitor.interval", "50ms").start().await;
        for table in ["process", "event", "item", "outbox"] {
            reaches(&ground, table, 0).await;
        }
        producer.events(&events[..1]).await;
        reaches(&ground, "dead_letter where reason = 'erased'", 1).await;
        assert_eq!(
            ground.count("tombstone where erased_at is not null").await,
            1
        );
        janitor.stop().await;
    });
}

/// Openings of two uploads, the first in a group.
fn two(client: &str) -> Value {
    let opening = |token: &str, data: Value| {
        json!({"id": token, "source": "shop", "type": "upload.received",
                                                    "token": format!("{client}-{token}"), "data": data})
    };
    json!([
        opening("a", json!({"group": "g", "filename": MARK})),
        opening("b", json!({"filename": MARK}))
    ])
}

#[test]
fn a_group_or_all_of_a_tenant_is_erased_and_nothing_of_another_one() {
    served_by("erased-tenant", ROLES, &SOON, async |ground, client| {
        let (north, _) = keyed(&ground, &client, "north", &[Scope::Admin]).await;
        let (south, _) = keyed(&ground, &client, "south", &[Scope::Admin]).await;
        north.applies(two("t")).await;
        south.applies(two("t")).await;
        let other = north.request("DELETE", "/v1/processes/unknown").await;
        other.problem(404, "not_found");

        ground.refuses(&["erase", "--token", "t-a"], 2, "--yes");
        ground.refuses(&["erase", "--token", "t-a", "--yes"], 4, "nothing is kept");
        ground.refuses(&["erase", "--everything", "--yes"], 2, "--tenant");
        let group = ["erase", "--group", "g", "--tenant", "north", "--yes"];
        let receipt = ground.waybill(&group).ok().json();
        assert_eq!(receipt["erased"]["process"], 1, "{receipt}");
        north.get("/v1/processes/t-a").await.problem(410, "gone");
        assert_eq!(north.get("/v1/processes/t-b").await.status, 200);

        let all = ["erase", "--tenant", "north", "--everything", "--yes"];
        let receipt = ground.waybill(&all).ok().json();
        assert_eq!(receipt["erased"]["access"]["keys_revoked"], 1, "{receipt}");
        assert_eq!(ground.count("process where tenant = 'north'").await, 0);
        holds("the key to be refused", async || {
            north.get("/v1/processes/t-b").await.status == 401
        })
        .await;
        for token in ["t-a", "t-b"] {
            let path = format!("/v1/processes/{token}");
            assert_eq!(south.get(&path).await.record()["opening"]["filename"], MARK);
        }
        south.request("DELETE", "/v1/processes/t-a").await.record();
        south.request("DELETE", "/v1/processes/t-b").await.record();
        assert_nowhere(&ground, MARK).await;
    });
}

#[test]
fn a_tenants_own_retention_is_the_longest_that_anything_of_it_is_kept() {
    served_by("tenant-keep", ROLES, &SOON, async |ground, client| {
        let (north, _) = keyed(&ground, &client, "north", &[Scope::Admin]).await;
        let (south, _) = keyed(&ground, &client, "south", &[Scope::Admin]).await;
        for client in [&north, &south] {
            let patient = client.with("prefer", "wait=60");
            let stored = upload(&patient, &[part("f", Some("a.pdf"), PDF)])
                .await
                .record();
            let token = stored["uploads"][0]["token"].as_str().expect("a token");
            patient
                .post(&format!("/v1/processes/{token}/cancel"), "{}")
                .await
                .record();
            client.applies(two("t")).await;
        }
        ground.execute("insert into waybill.dead_letter
                            (id, reason, problem, tenant, exchange, routing_key, queue, properties, headers, body)
                        select gen_random_uuid(), 'gone', '{}', tenant, '', '', '', '{}', '[]', ''
                        from unnest(array['north', 'south', null]) as tenant").await;
        ground.refuses(
            &["tenant", "add", "north", "--keep", "soon"],
            2,
            "such as 30d",
        );
        ground
            .waybill(&["tenant", "add", "north", "--keep", "30d"])
            .ok();
        ground.shows(&["tenant", "list"], "keeps 30d");
        ground.waybill(&["tenant", "add", "north"]).ok();
        ground.shows(&["tenant", "list"], "keeps 30d");
        ground
            .waybill(&["tenant", "add", "north", "--keep", "1s"])
            .ok();
        reaches(&ground, "process where tenant = 'north'", 2).await;
        reaches(&ground, "dead_letter where tenant = 'north'", 0).await;
        reaches(&ground, "file", 1).await;
        assert_eq!(ground.count("process where tenant = 'south'").await, 3);
        assert_eq!(ground.count("dead_letter").await, 2);
        assert_eq!(files_below(&ground.folder.join("files")), 1);
    });
}
