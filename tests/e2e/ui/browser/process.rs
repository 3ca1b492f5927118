//! The page of one process: followed from its opening to its end.

use serde_json::json;
use waybill::domain::access::Scope;

use super::appearance::LOOKS;
use super::input::{css, named};
use super::page::Page;
use super::scene::Scene;
use crate::support::order_story::{PURCHASE, apply};
use crate::support::recorder::Recorder;

const READ: [Scope; 1] = [Scope::Read];

impl Page {
    /// Waits until the process on the page has this status.
    async fn status_is(&self, status: &str) {
        let status = json!(status);
        let shown =
            format!("document.querySelector('.state .status')?.dataset.status === {status}");
        self.wait_until(&shown).await;
    }

    /// Waits until a stage in the graph has this mark.
    async fn stage_is(&self, stage: &str, state: &str) {
        let found = format!(
            "[...document.querySelectorAll('.picture .stage')]
                .find(one => one.querySelector('title').textContent === {})?.dataset.state === {}",
            json!(stage),
            json!(state)
        );
        self.wait_until(&found).await;
    }
}

#[test]
fn an_upload_is_followed_to_its_end() {
    Scene::play("follow", async |scene| {
        scene.recorder = Some(Recorder::of_completions(&scene.ground).await);
        scene.open("follow-1", "scan-4711.pdf", 3).await;
        let page = scene.viewer(&READ).await;
        page.is_live().await;
        // From the list with the keyboard only.
        let link = named("#processes a", "scan-4711.pdf");
        page.wait_until(&format!("!!{link}")).await;
        page.tab_to(&link).await;
        page.follow(page.press("Enter")).await;
        page.status_is("running").await;
        page.is_live().await;
        page.remember().await;

        let step = json!({ "name": "scan", "message": "page 2 is crooked", "state": "running" });
        scene.publish("follow-1", "upload.step", step).await;
        page.shows("page 2 is crooked").await;
        let items = json!({ "items": [
            { "identifier": "page-1", "ok": true, "document_id": "doc-77" },
            { "identifier": "page-2", "ok": false, "messages": ["blank", "crooked"] },
        ]});
        scene.publish("follow-1", "upload.items", items).await;
        page.shows("2 of 3").await;
        for words in ["doc-77", "blank", "crooked", "None yet"] {
            page.shows(words).await;
        }
        let items = json!({ "items": [{ "identifier": "page-3", "ok": true }] });
        scene.publish("follow-1", "upload.items", items).await;
        scene
            .publish("follow-1", "upload.completed", json!({ "total": 3 }))
            .await;
        page.status_is("warning").await;
        page.shows("the broker has confirmed it").await;
        scene
            .publish(
                "follow-1",
                "upload.step",
                json!({ "message": "afterwards" }),
            )
            .await;
        page.shows("Late events").await;
        page.still_there().await;

        read_failed(&page).await;
        page.quiet().await;
    });
}

/// The failed items, on the page and as a file.
async fn read_failed(page: &Page) {
    page.choose("a", "Show only failed items").await;
    page.is_live().await;
    let rows = page
        .evaluate("document.querySelectorAll('.items tbody tr').length")
        .await;
    assert_eq!(rows, 1);
    page.click(&named("a", "Failed items as CSV")).await;
    page.expect_complaint("download: ").await;
}

#[test]
fn an_order_is_followed_through_its_stages() {
    Scene::play("stages", async |scene| {
        apply(&scene.ground, "purchase", PURCHASE).await;
        let opening = json!({ "workflow_id": "purchase", "form": { "amount": 12.5 } });
        scene.publish("stages-1", "order.opened", opening).await;
        let page = scene.viewer(&READ).await;
        page.goto("/monitor/process?token=stages-1").await;
        page.is_live().await;
        page.stage_is("review", "here").await;
        page.stage_is("finance", "ahead").await;
        page.remember().await;

        let pushes = [
            json!({ "stage": "review", "outcome": "accepted" }),
            json!({ "stage": "finance" }),
            json!({ "stage": "stock" }),
        ];
        for push in pushes {
            scene.publish("stages-1", "order.pushed", push).await;
        }
        for (stage, state) in [("review", "passed"), ("stock", "passed"), ("close", "here")] {
            page.stage_is(stage, state).await;
        }
        // A push without a required field changes nothing.
        scene
            .publish("stages-1", "order.pushed", json!({ "stage": "close" }))
            .await;
        let push = json!({ "stage": "close", "form": { "note": "bought" } });
        scene.publish("stages-1", "order.pushed", push).await;
        page.stage_is("close", "passed").await;
        page.status_is("done").await;
        page.shows("bought").await;
        page.still_there().await;

        page.choose("a", "purchase, version 1").await;
        page.shows("Form of the opening").await;
        page.choose("nav a", "Workflows").await;
        page.choose("a", "purchase").await;
        page.shows("Version 1 of 1").await;
        page.quiet().await;
    });
}

#[test]
fn an_unknown_process_is_reported_as_unknown() {
    Scene::play("absent", async |scene| {
        let page = scene.viewer(&READ).await;
        for (path, status) in [
            ("/monitor/process?token=absent", 404),
            ("/monitor/process", 400),
            ("/monitor/workflow?name=absent", 404),
            ("/monitor/nothing", 404),
        ] {
            page.goto(path).await;
            page.expect_complaint(&format!("status of {status}")).await;
            page.readable(LOOKS[0]).await;
        }
        page.follow(page.click(&css("main a"))).await;
        page.is_at("/").await;
        page.quiet().await;
    });
}

/// A message of the process that the broker denies without permission.
const DENIED: &str = "
    insert into waybill.outbox (id, aggregatetype, aggregateid, type, process, what, exchange, routing_key,
                                headers, time, next_attempt_at, slow, attempts, detail, payload)
    select gen_random_uuid(), 'process', token, 'process.completed', key, 'reply', '', 'shop.replies', '{}',
           now(), now() + '1 hour', 'denied', 11,
           '403 ACCESS_REFUSED - write access to exchange ''amq.default'' refused for user ''relay''', '{}'
    from waybill.process where token = 'again-1'";

#[test]
fn pending_completions_are_readable_in_every_theme_and_sent_again() {
    Scene::play("again", async |scene| {
        scene.open("again-1", "scan-4712.pdf", 1).await;
        scene
            .publish("again-1", "upload.completed", json!({ "total": 0 }))
            .await;
        let page = scene.viewer(&[Scope::Read, Scope::Admin]).await;
        page.goto("/monitor/process?token=again-1").await;
        page.shows("it was dropped").await;
        scene.ground.execute(DENIED).await;
        page.shows("ACCESS_REFUSED").await;
        for look in LOOKS {
            page.look(look).await;
            page.readable(look).await;
            page.picture(&format!("waiting-{look:?}")).await;
        }
        scene.recorder = Some(Recorder::of_completions(&scene.ground).await);
        let all = "delete from waybill.outbox";
        scene.ground.execute(all).await;
        page.choose("button", "Send again").await;
        page.shows("the broker has confirmed it").await;
        page.quiet().await;
    });
}
