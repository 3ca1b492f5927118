//! Dead letters on the monitor page: their content, and which clients see them.

use waybill::domain::access::Scope;

use super::replays::{DEAD_LETTERS, REASON, dead_letters_of, replay};
use crate::http::processes::{keyed, viewers};
use crate::support::client::{Client, served_as};
use crate::support::ground::{Ground, reaches};
use crate::support::producer::{Message, Producer};

/// Runs a test with viewers and three dead letters, of which it gets the id of one.
fn with_viewers(name: &str, test: impl AsyncFnOnce(Ground, [Client; 3], String)) {
    served_as(name, "worker,api", async |ground, open| {
        let viewers = viewers(&ground, &open).await;
        dead_letters_of(&ground, 3).await;
        let dead_letter = ground.texts(DEAD_LETTERS).await.swap_remove(0);
        test(ground, viewers, dead_letter).await;
    });
}

#[test]
fn a_read_only_key_sees_no_form_and_another_tenant_sees_nothing() {
    with_viewers("dead-tenants", async |_, [admin, reader, other], id| {
        let page = format!("/monitor/dead-letter?id={id}");
        let group = format!("/monitor/dead-letters/reason?name={REASON}");
        let replay_page = replay(&admin, "all=yes").await;
        for path in ["/monitor/dead-letters", &group, &page, &replay_page] {
            let seen = reader.get(path).await;
            assert_eq!(seen.status, 200, "{}", seen.body());
            let form = "action=\"/monitor/replay";
            assert!(!seen.body().contains(form), "{path}");
            assert!(admin.get(path).await.body().contains(form), "{path}");
        }
        for path in ["/monitor/dead-letters", &group] {
            let seen = other.get(path).await;
            assert!(seen.body().contains("There are none"), "{}", seen.body());
        }
        let body = format!("/monitor/dead-letter/body?id={id}");
        for path in [&page, &body, &replay_page] {
            assert_eq!(other.get(path).await.status, 404, "{path}");
        }
        let raw = reader.get(&body).await;
        assert_eq!(raw.header("content-type"), Some("application/octet-stream"));
        assert_eq!(raw.header("x-content-type-options"), Some("nosniff"));
        assert!(raw.body().contains("\"workflow_id\":\"replayed\""));
    });
}

#[test]
fn a_replay_needs_the_scope_and_the_same_origin() {
    with_viewers("dead-scopes", async |ground, [admin, reader, other], id| {
        let dead_letter = format!("letter={id}");
        let replay_page = replay(&admin, "all=yes").await;
        let id = format!("id={}", replay_page.rsplit_once('=').expect("an id").1);
        let elsewhere = admin.with("sec-fetch-site", "cross-site");
        for (client, path, form, status) in [
            (&reader, "/monitor/replays", "all=yes", 403),
            (&reader, "/monitor/replay/stop", &*id, 403),
            (&other, "/monitor/replay/stop", &id, 404),
            (&other, "/monitor/replays", &dead_letter, 404),
            (&other, "/monitor/replays", "all=yes", 404),
            (&admin, "/monitor/replays", "all=yes&rate=0", 400),
            (&elsewhere, "/monitor/replays", "all=yes", 403),
        ] {
            let reply = client.form(path, form).await;
            assert_eq!(reply.status, status, "{path} {form}\n{}", reply.body());
        }
        let confirm = reader.get("/monitor/replays/confirm?all=yes").await;
        assert_eq!(confirm.status, 403);
        assert_eq!(ground.count("replay where stop_asked_at is null").await, 1);
    });
}

#[test]
fn a_dead_letter_is_shown_with_its_problem_and_nothing_in_it_becomes_part_of_the_page() {
    served_as("dead-shown", "worker,api", async |ground, open| {
        let (admin, _) = keyed(&ground, &open, "default", &[Scope::Admin]).await;
        let mut producer = Producer::new(&ground);
        let texts: [&[u8]; 2] = [b"{\"a\": \"<script>\", \r", b"\x00<script>\xff"];
        let bad = texts.map(|text| Message::bad("<script>", text, "undecodable"));
        producer.publish(bad.to_vec()).await;
        reaches(&ground, "dead_letter", 2).await;
        for id in ground.texts(DEAD_LETTERS).await {
            let shown = admin.get(&format!("/monitor/dead-letter?id={id}")).await;
            assert_eq!(shown.status, 200, "{}", shown.body());
            let (_, main) = shown.body().split_once("<main").expect("a page");
            assert!(!main.contains("<script") && !main.contains('\r'), "{main}");
            assert!(main.contains("&lt;script&gt;"), "{main}");
            assert!(main.contains("not one JSON document"), "{main}");
            assert!(main.contains("message_id"), "{main}");
        }
    });
}
