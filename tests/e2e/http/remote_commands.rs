//! Commands of users who have an API key and no other access.

use std::time::Duration;

use serde_json::json;
use waybill::domain::access::Scope;

use super::events::token;
use crate::support::client::{served, served_with};
use crate::support::command::{Answer, User};
use crate::support::ground::{Ground, holds, reaches};
use crate::support::order_story::{PURCHASE, apply};
use crate::support::story::TOKEN_MARK;

const BOTH: [Scope; 2] = [Scope::Read, Scope::Write];

/// A line of `publish`.
fn line(id: &str, type_: &str, token: &str, data: serde_json::Value) -> String {
    json!({"id": id, "source": "e2e", "type": type_, "token": token, "data": data,
        "time": "2026-11-21T20:44:16Z"})
    .to_string()
        + "\n"
}

#[test]
fn a_user_with_a_key_follows_an_upload() {
    served("remote-follow", async |ground, client| {
        let user = User::keyed(&ground, &client.url(), &BOTH).await;
        let token = &token("remote");
        let get = ["get", token];
        let words = "no process has this token";
        user.says(&get).ended(4, &[words]);
        let watch = ["watch", token, "--timeout", "500ms"];
        let words = ["no events for", "not ended within the timeout"];
        user.says(&watch).ended(13, &words);

        let following = user.start(&["watch", token, "--timeout", "60s"]);
        let publish = ["publish", "-"];
        let sent = user.sends(&publish, &beginning(token));
        sent.ended(0, &["confirmed 3"]);
        shows(&user, token, "running: 2 of 3 done, 1 failed").await;

        user.sends(&publish, &end(token)).ended(0, &["confirmed 3"]);
        let words = [
            "virus scan",
            "nearly there",
            "ended with a warning: 1 of 3 items failed",
        ];
        let followed = Answer::of(following).ended(10, &words);
        assert_eq!(
            followed.out.matches("nearly there").count(),
            1,
            "{}",
            followed.out
        );
        shows(&user, token, "ended with a warning").await;
        user.says(&["watch", token]).ended(10, &words);
    });
}

/// The first events: an upload of three items, of which two are done.
fn beginning(token: &str) -> String {
    let items = json!([{"identifier": "a", "ok": true, "data": {"page": 1}},
        {"identifier": "b", "ok": false, "messages": ["blank\u{1b}[2J"]}]);
    let opening = json!({"filename": "a.pdf", "total": 3, "attributes": {"desk": 7}});
    let step = json!({"name": "virus scan", "state": "done"});
    line("1", "upload.received", token, opening)
        + &line("2", "upload.step", token, step)
        + &line("3", "upload.items", token, json!({ "items": items }))
}

/// The remaining events, sent at once.
fn end(token: &str) -> String {
    let items = json!([{"identifier": "c", "ok": true}]);
    line(
        "4",
        "upload.step",
        token,
        json!({"message": "nearly there"}),
    ) + &line("5", "upload.items", token, json!({ "items": items }))
        + &line("6", "upload.completed", token, json!({"total": 3}))
}

/// Waits until every form of `get` prints the words.
async fn shows(user: &User, token: &str, words: &str) {
    let forms: [&[&str]; 4] = [
        &["get", token],
        &["get", token, "--json"],
        &["get", token, "--items", "1", "--events", "2"],
        &["get", token, "--items", "1", "--events", "2", "--json"],
    ];
    for form in forms {
        holds("the words", async || {
            let answer = user.says(form);
            answer.code == Some(0) && answer.out.contains(words)
        })
        .await;
    }
}

#[test]
fn a_refused_line_is_named_and_the_others_are_accepted() {
    // Less than the client knows of.
    let limit = ["limits.items=2"];
    served_with("remote-lines", &limit, async |ground, client| {
        let user = User::keyed(&ground, &client.url(), &[Scope::Write]).await;
        let token = &token("lines");
        let three = json!([1, 2, 3].map(|n| json!({"identifier": format!("{n}"), "ok": true})));
        let mut lines: Vec<_> = (0..1_200)
            .map(|n| {
                line(
                    &n.to_string(),
                    "upload.step",
                    token,
                    json!({"message": "m"}),
                )
            })
            .collect();
        for number in [0, 7, 1_100] {
            let id = format!("three-{number}");
            lines[number] = line(&id, "upload.items", token, json!({ "items": three }));
        }
        lines[3] = "{\"id\":\"no source\"}\n".to_owned();
        lines[5] = line("opening", "upload.received", "", json!({})).replace("\"token\":\"\",", "");
        let sent = user.sends(&["publish", "-"], &lines.concat());
        let words = [
            "confirmed 1196; not sent because of a fault 4",
            "line 4: missing_identity",
            "line 1: ",
            "line 8: ",
            "line 1101: ",
            "#/data/items",
            "line 6: its token is ",
        ];
        let sent = sent.ended(1, &words);
        assert!(!sent.err.contains("#/0"), "{}", sent.err);
        reaches(&ground, "event", 1_196).await;

        let forced = user.says(&["publish", "-", "--force"]);
        forced.ended(2, &["--force"]);
    });
}

#[test]
fn an_order_is_opened_and_pushed_over_http() {
    served("remote-order", async |ground, client| {
        apply(&ground, "purchase", PURCHASE).await;
        let user = User::keyed(&ground, &client.url(), &BOTH).await;
        let token = &token("remote-order");
        let open = ["open", "purchase", "--set", "amount=1", "--token", token];
        user.says(&open).ended(0, &[token]);
        shows(&user, token, "review").await;
        let push = ["push", token, "--stage", "review", "--outcome", "accepted"];
        user.says(&push).ended(0, &["sent"]);
        holds("the next stages", async || {
            let shown = user.says(&["get", token]);
            shown.out.contains("finance")
        })
        .await;
    });
}

#[test]
fn refusals_and_unreachable_servers_are_reported_with_a_remedy() {
    Ground::test("remote-wrong", async |ground| {
        let (worker, client) = ground.answering().await;
        let url = client.url();
        let reader = User::keyed(&ground, &url, &[Scope::Read]).await;
        let good = line("1", "upload.received", &token("wrong"), json!({}));
        let sent = reader.sends(&["publish", "-"], &good);
        sent.ended(1, &["the scope write", "waybill key create", "confirmed 0"]);

        let remedy = "WAYBILL_CLIENT__KEY_FILE";
        let stranger = User::with(&url, &format!("{}0", reader.key()));
        let refused = stranger.says(&["get", TOKEN_MARK]);
        refused.ended(1, &["the key is unknown", remedy]);
        let keyless = User::of(&[]);
        let get = ["get", TOKEN_MARK, "--url", &url];
        keyless.says(&get).ended(1, &["send a key", remedy]);

        // The flags are sufficient, and take precedence.
        let file = ground.folder.join("key");
        std::fs::write(&file, format!("{}\n", reader.key())).expect("the folder is ours");
        let file = file.to_str().expect("UTF-8");
        let get = ["get", TOKEN_MARK, "--url", &url, "--key-file", file];
        keyless.says(&get).ended(4, &["no process has this token"]);
        stranger.says(&get).ended(4, &["no process has this token"]);

        let other = format!("http://{}", worker.address());
        let get = ["get", TOKEN_MARK, "--url", &other];
        reader
            .says(&get)
            .ended(1, &[&other, "is this a Waybill server"]);
        worker.stop().await;
        for arguments in [&["get", TOKEN_MARK][..], &["publish", "-"]] {
            let failed = reader.sends(arguments, &good);
            failed.ended(1, &[&url, "can't be reached: ", "check client.url"]);
        }
        let secret = ["get", TOKEN_MARK, "--url", "http://user:wb_hunter2@host"];
        reader
            .says(&secret)
            .ended(2, &["client.url (flag client.url)"]);
    });
}

#[test]
fn watch_continues_after_the_server_restarts() {
    Ground::test("remote-away", async |ground| {
        let (plan, client) = ground.api_plan().await;
        let plan = plan.roles("worker,relay,api");
        let worker = plan.start().await;
        let user = User::keyed(&ground, &client.url(), &BOTH).await;
        let token = &token("away");
        let opened = line("1", "upload.received", token, json!({}));
        user.sends(&["publish", "-"], &opened).ended(0, &[]);
        let following = user.start(&["watch", token, "--timeout", "90s"]);
        // Long enough to be waiting for an answer.
        tokio::time::sleep(Duration::from_secs(1)).await;
        worker.stop().await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        let worker = plan.start().await;
        let ended = line(
            "2",
            "upload.failed",
            token,
            json!({"message": "the disk is full"}),
        );
        user.sends(&["publish", "-"], &ended).ended(0, &[]);
        Answer::of(following).ended(11, &["the disk is full"]);
        worker.stop().await;
    });
}
