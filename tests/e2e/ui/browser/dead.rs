//! Dead letters: their problems, and replays by an admin until the record exists.

use serde_json::json;
use waybill::domain::access::Scope;

use super::page::Page;
use super::scene::Scene;
use crate::support::ground::reaches;
use crate::support::order_story::{PURCHASE, apply};

const READ: [Scope; 1] = [Scope::Read];
const ALL: [Scope; 1] = [Scope::Admin];
const DEAD_LETTERS: &str = "dead_letter";

impl Page {
    /// Waits until the replay on the page has this status.
    async fn replay_is(&self, state: &str) {
        let state = json!(state);
        self.wait_until(&format!(
            "document.querySelector('.replay-status .status')?.innerText.trim() === {state}"
        ))
        .await;
    }

    /// The count of an outcome in the report.
    async fn reported(&self, name: &str) -> String {
        let cell = format!(
            "[...document.querySelectorAll('.counts th')]
                .find(one => one.innerText === {})?.nextElementSibling.innerText.trim() ?? ''",
            json!(name)
        );
        let cell = self.evaluate(&cell).await;
        cell.as_str().unwrap_or_default().to_owned()
    }
}

/// Publishes orders of a workflow that is not applied yet.
async fn refused(scene: &mut Scene, tokens: &[&str]) {
    for token in tokens {
        let opening = json!({ "workflow_id": "purchase", "form": { "amount": 3 } });
        scene.publish(token, "order.opened", opening).await;
    }
    let count = i64::try_from(tokens.len()).expect("few");
    reaches(&scene.ground, DEAD_LETTERS, count).await;
}

#[test]
fn a_dead_letter_is_replayed_to_its_record() {
    Scene::play("dead", async |scene| {
        refused(scene, &["dead-1"]).await;
        let page = scene.viewer(&ALL).await;
        page.choose("nav a", "Dead letters").await;
        page.choose("#reasons-own a", "unknown_workflow").await;
        page.follow(page.click("document.querySelector('#dead-letters a')"))
            .await;
        page.shows("order.opened").await;
        page.shows("To the process of this token").await;

        // A dry run before and after the repair.
        page.choose("button", "Dry run").await;
        page.replay_is("done").await;
        assert_eq!(page.reported("unknown_workflow").await, "1");
        apply(&scene.ground, "purchase", PURCHASE).await;
        page.choose("button", "Dry run").await;
        page.replay_is("done").await;
        assert_eq!(page.reported("Applied").await, "1");

        page.choose("button", "Replay").await;
        page.replay_is("done").await;
        assert_eq!(page.reported("Published").await, "1");
        page.shows("None were refused again so far.").await;
        reaches(&scene.ground, DEAD_LETTERS, 0).await;
        page.goto("/monitor/process?token=dead-1").await;
        page.shows("Waiting at review.").await;
        page.goto("/monitor/dead-letters").await;
        page.shows("There are none.").await;
        page.quiet().await;
    });
}

#[test]
fn replaying_many_dead_letters_requires_a_confirmation() {
    Scene::play("dead-many", async |scene| {
        let page = scene.viewer(&ALL).await;
        page.goto("/monitor/dead-letters").await;
        page.is_live().await;
        page.remember().await;
        refused(scene, &["many-1", "many-2", "many-3"]).await;
        // They arrive while the page is open.
        page.wait_until("document.querySelector('#reasons-own .count')?.innerText === '3'")
            .await;
        page.still_there().await;
        page.choose("button", "Replay …").await;
        page.shows("Now 3 dead letters").await;
        page.choose("a", "Back").await;
        assert_eq!(scene.ground.count(DEAD_LETTERS).await, 3);

        // Nothing was repaired, so they return; at a rate slow enough to watch.
        page.fill("document.querySelector('[name=rate]')", "2")
            .await;
        page.choose("button", "Replay …").await;
        page.shows("2 a second").await;
        page.choose("button", "Replay").await;
        page.replay_is("done").await;
        assert_eq!(page.reported("Published").await, "3");
        page.shows("3 of them could not be applied again").await;
        page.choose("main a", "unknown_workflow").await;
        page.wait_until("document.querySelectorAll('#dead-letters tr').length === 3")
            .await;
        page.quiet().await;
    });
}

#[test]
fn a_read_only_key_sees_no_buttons() {
    Scene::play("dead-read", async |scene| {
        refused(scene, &["read-1"]).await;
        let page = scene.viewer(&READ).await;
        page.shows("read only").await;
        let acts = "[...document.forms].filter(one => one.method === 'post').map(one => one.action.replace(/.*\\//, '')).join()";
        for words in ["unknown_workflow", ""] {
            page.goto("/monitor/dead-letters").await;
            if !words.is_empty() {
                page.choose("#reasons-own a", words).await;
                page.follow(page.click("document.querySelector('#dead-letters a')"))
                    .await;
            }
            page.shows("Replaying requires an admin key.").await;
            assert_eq!(page.evaluate(acts).await, "logout");
        }
        // A request without the form is refused too.
        let sent = "fetch('/monitor/replays', { method: 'post', body: new URLSearchParams({ all: 'yes' }) }).then(one => one.status)";
        assert_eq!(page.evaluate(sent).await, 403);
        page.expect_complaint("status of 403").await;
        assert_eq!(scene.ground.count("replay").await, 0);
        page.quiet().await;
    });
}
