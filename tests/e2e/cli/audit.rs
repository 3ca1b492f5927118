//! Who did what: every act of a command or a page leaves a row.

use serde_json::json;
use waybill::domain::access::Scope;

use crate::http::processes::keyed;
use crate::support::client::served_as;
use crate::support::ground::{Ground, assert_rows, reaches};
use crate::support::order_story::PURCHASE;
use crate::support::producer::{Message, Producer};

#[test]
fn every_act_of_a_command_is_recorded_with_its_reason_and_nothing_else_is() {
    Ground::test("audit", async |ground| {
        let workflow = ground.folder.join("purchase.toml");
        std::fs::write(&workflow, PURCHASE).expect("the folder is ours");
        let workflow = workflow.display().to_string();
        let created = ground.waybill(&["key", "create", "--tenant", "acme", "--scope", "read"]);
        let id = created
            .ok()
            .out
            .split('_')
            .nth(1)
            .expect("an id")
            .to_owned();
        for command in [
            &["key", "revoke", &id, "--why", "it leaked"][..],
            &["tenant", "add", "acme"],
            &["tenant", "add", "acme"],
            &["producer", "allow", "shop", "--tenant", "acme"],
            &["producer", "revoke", "shop"],
            &["workflow", "apply", &workflow],
            &["workflow", "apply", &workflow],
        ] {
            ground.waybill(command).ok();
        }
        ground.refuses(&["key", "revoke", "0123456789ab"], 4, "no key");
        ground.refuses(&["producer", "revoke", "shop"], 4, "no such rule");

        let acts = ground.waybill(&["audit", "--json"]).ok().json();
        let acts: Vec<_> = acts.as_array().expect("a list").iter().rev().collect();
        let listed = acts
            .iter()
            .map(|act| json!([act["action"], act["object"], act["tenant"]]));
        let expected = [
            json!(["key.create", id, "acme"]),
            json!(["key.revoke", id, "acme"]),
            json!(["tenant.add", "acme", "acme"]),
            json!(["producer.allow", "shop: sources *, types *", "acme"]),
            json!(["producer.revoke", "shop", null]),
            json!(["workflow.apply", "purchase version 1", null]),
        ];
        assert_eq!(listed.collect::<Vec<_>>(), expected);
        assert_eq!(acts[1]["reason"], "it leaked");
        assert_eq!(acts[1]["actor_kind"], "command");
        let lines = ground.shows(&["audit", "--action", "key.revoke"], "because: it leaked");
        assert_eq!(lines.out.lines().count(), 1, "{}", lines.out);
        ground.shows(&["audit", "--tenant", "globex"], "no acts");
        ground.refuses(&["audit", "--action", "x"], 2, "the actions are");
    });
}

#[test]
fn an_act_on_a_page_is_recorded_with_its_key_and_address() {
    served_as("audit-pages", "worker,api", async |ground, open| {
        let (admin, id) = keyed(&ground, &open, "default", &[Scope::Admin]).await;
        let bad = Message::bad("1", b"{}", "missing_identity");
        Producer::new(&ground).publish(vec![bad]).await;
        reaches(&ground, "dead_letter", 1).await;
        // No relay works on it.
        let started = admin.form("/monitor/replays", "all=yes").await;
        let page = started.header("location").expect("the page of the replay");
        let (_, replay) = page.split_once("id=").expect("its id");
        let stop = format!("id={replay}");
        assert_eq!(admin.form("/monitor/replay/stop", &stop).await.status, 303);
        for action in ["replay.request", "replay.stop"] {
            let recorded = format!(
                "audit where action = '{action}' and object = '{replay}' and actor = '{id}'
                 and origin = '127.0.0.1' and tenant = 'default'"
            );
            reaches(&ground, &recorded, 1).await;
        }
    });
}

#[test]
fn what_an_operator_does_with_messages_and_keys_is_recorded() {
    served_as(
        "audit-messages",
        "worker,relay,api",
        async |ground, open| {
            let (admin, id) = keyed(&ground, &open, "default", &[Scope::Admin]).await;
            let upload = json!([
                {"id": "1", "source": "e2e", "type": "upload.received", "token": "t", "data": {}},
                {"id": "2", "source": "e2e", "type": "upload.failed", "token": "t", "data": {}},
            ]);
            admin.applies(upload).await;
            reaches(&ground, "process where status = 'error'", 1).await;
            reaches(&ground, "outbox", 0).await;
            let bad = Message::bad("1", b"{}", "missing_identity");
            Producer::new(&ground).publish(vec![bad]).await;
            reaches(&ground, "dead_letter", 1).await;

            let resent = admin.form("/monitor/process/resend", "token=t").await;
            assert_eq!(resent.status, 303, "{}", resent.body());
            ground.shows(&["dead", "replay", "--all"], "replayed 1 of 1");
            reaches(
                &ground,
                "dead_letter where exchange = 'waybill.internal.events'",
                1,
            )
            .await;
            ground.waybill(&["dead", "discard", "--all", "--yes"]).ok();
            ground.waybill(&["key", "rotate", &id]).ok();
            let rotated = format!("key.rotate' and object like '{id} by %");
            for action in ["completion.resend", "dead.replay", "dead.discard", &rotated] {
                assert_rows(&ground, &format!("audit where action = '{action}'"), 1).await;
            }
        },
    );
}

#[test]
fn old_acts_are_deleted_by_the_janitor() {
    Ground::test("audit-old", async |ground| {
        ground.waybill(&["tenant", "add", "acme"]).ok();
        ground
            .execute("update waybill.audit set at = at - interval '401 days'")
            .await;
        ground.waybill(&["tenant", "add", "globex"]).ok();
        let plan = ground
            .plan()
            .roles("janitor")
            .with("janitor.interval", "100ms");
        let janitor = plan.start().await;
        reaches(&ground, "audit", 1).await;
        assert_eq!(ground.count("audit where object = 'globex'").await, 1);
        janitor.stop().await;
    });
}
