//! Without any script every page works, and does not change by itself.

use serde_json::json;
use waybill::domain::access::Scope;

use super::input::field;
use super::scene::Scene;
use crate::http::processes;
use crate::support::ground::{holds, reaches};
use crate::support::order_story::{PURCHASE, apply};

#[test]
fn the_list_works_without_a_script() {
    Scene::play("no-script", async |scene| {
        scene.open("plain-1", "plain.pdf", 2).await;
        scene.open("plain-2", "other.pdf", 2).await;
        let (key, _) = processes::key(&scene.ground, "default", &[Scope::Read]).await;
        let page = scene.stranger().await;
        page.scripts(false).await;
        page.goto("/").await;
        page.log_in(&key).await;
        page.fill(&field("File name"), "plain").await;
        page.follow(page.press("Enter")).await;
        let text = page.text().await;
        assert!(
            text.contains("plain-1") && !text.contains("plain-2"),
            "{text}"
        );
        // Controls that need the script are hidden.
        let offered = page
            .evaluate("document.querySelector('#pause').offsetParent === null")
            .await;
        assert_eq!(offered, true);
        let progress = json!({ "done": 1 });
        scene.publish("plain-1", "upload.progress", progress).await;
        let stale = page
            .evaluate("document.body.innerText.includes('1 of 2')")
            .await;
        assert_eq!(stale, false);
        // axe needs scripts.
        page.scripts(true).await;
        page.accessible().await;
        page.scripts(false).await;
        page.choose("button", "Log out").await;
        page.quiet().await;
    });
}

#[test]
fn a_dead_letter_is_replayed_without_a_script() {
    Scene::play("no-script-act", async |scene| {
        let opening = json!({ "workflow_id": "purchase", "form": { "amount": 3 } });
        scene.publish("plain-3", "order.opened", opening).await;
        reaches(&scene.ground, "dead_letter", 1).await;
        apply(&scene.ground, "purchase", PURCHASE).await;
        let page = scene.viewer(&[Scope::Admin]).await;
        page.scripts(false).await;
        page.goto("/monitor/dead-letters").await;
        page.choose("button", "Replay …").await;
        page.choose("button", "Replay").await;
        let place = page.evaluate("location.pathname + location.search").await;
        let place = place.as_str().expect("a path").to_owned();
        // It does not update itself, so it is loaded again.
        holds("the end of the replay", async || {
            page.goto(&place).await;
            let state = "document.querySelector('.replay-status').innerText.includes('done')";
            page.evaluate(state).await == true
        })
        .await;
        page.goto("/monitor/process?token=plain-3").await;
        assert!(page.text().await.contains("Waiting at review."));
        page.goto("/monitor/workflow?name=purchase").await;
        assert!(page.text().await.contains("Version 1 of 1"));
        page.goto("/monitor/charts").await;
        assert!(page.text().await.contains("Open orders"));
        page.quiet().await;
    });
}
