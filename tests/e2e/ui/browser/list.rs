//! The list of processes: live, filtered, and in pages.

use std::collections::BTreeSet;

use serde_json::json;
use waybill::domain::access::Scope;

use super::input::{css, field};
use super::page::Page;
use super::scene::Scene;
use crate::support::ground::run;

const READ: [Scope; 1] = [Scope::Read];

/// The text of a token's row, in one line; empty if there is none.
fn row(token: &str) -> String {
    format!(
        "[...document.querySelectorAll('#processes tr')]
            .find(one => [...one.querySelectorAll('bdi')].some(text => text.textContent === {}))
            ?.innerText.replace(/\\s+/g, ' ') ?? ''",
        json!(token)
    )
}

impl Page {
    /// Waits until the row of a token contains these words.
    async fn row_says(&self, token: &str, words: &str) {
        let condition = format!("({}).includes({})", row(token), json!(words));
        self.wait_until(&condition).await;
    }

    /// The tokens in the list, in its order.
    async fn tokens(&self) -> Vec<String> {
        let tokens = self
            .evaluate("[...document.querySelectorAll('#processes th small:first-of-type bdi')].map(one => one.textContent)")
            .await;
        serde_json::from_value(tokens).expect("texts")
    }
}

#[test]
fn the_open_list_shows_an_upload_from_its_opening_to_its_end() {
    Scene::play("list", async |scene| {
        let page = scene.viewer(&READ).await;
        page.shows("No processes match these filters.").await;
        page.is_live().await;
        page.remember().await;

        scene.open("list-1", "scan-0815.pdf", 2).await;
        page.row_says("list-1", "running").await;
        page.row_says("list-1", "0 of 2").await;
        let step = json!({ "message": "page 1 is being read" });
        scene.publish("list-1", "upload.step", step).await;
        page.row_says("list-1", "page 1 is being read").await;
        let items = json!({ "items": [
            { "identifier": "page-1", "ok": true }, { "identifier": "page-2", "ok": false },
        ]});
        scene.publish("list-1", "upload.items", items).await;
        page.row_says("list-1", "2 of 2").await;
        page.row_says("list-1", "1 failed").await;
        scene
            .publish("list-1", "upload.completed", json!({ "total": 2 }))
            .await;
        page.row_says("list-1", "warning").await;
        scene.open("list-2", "scan-0816.pdf", 1).await;
        page.row_says("list-2", "running").await;
        assert_eq!(page.tokens().await, ["list-2", "list-1"]);

        page.still_there().await;
        page.quiet().await;
    });
}

#[test]
fn the_list_shows_only_the_processes_searched_for() {
    Scene::play("filter", async |scene| {
        scene.open("filter-1", "Invoice-1.pdf", 1).await;
        scene.open("filter-2", "invoice-2.pdf", 1).await;
        scene.open("filter-3", "contract.pdf", 1).await;
        let failed = json!({ "message": "it can't be read", "code": "unreadable" });
        scene.publish("filter-2", "upload.failed", failed).await;
        let page = scene.viewer(&READ).await;
        page.row_says("filter-2", "it can't be read").await;

        page.fill(&field("File name"), "INVOICE").await;
        page.follow(page.press("Enter")).await;
        assert_eq!(page.tokens().await, ["filter-2", "filter-1"]);
        page.tab_to(&field("Status")).await;
        page.type_text("error").await;
        page.choose("button", "Show").await;
        assert_eq!(page.tokens().await, ["filter-2"]);
        // The filters are in the address, and stay in the form.
        page.goto("/monitor/login").await;
        page.back().await;
        assert_eq!(page.tokens().await, ["filter-2"]);
        let name = format!("{}.value", field("File name"));
        assert_eq!(page.evaluate(&name).await, "INVOICE");

        // The filtered list is live too: only matching processes appear.
        page.is_live().await;
        scene
            .publish("filter-3", "upload.failed", json!({ "message": "lost" }))
            .await;
        scene
            .publish("filter-1", "upload.failed", json!({ "message": "lost" }))
            .await;
        page.row_says("filter-1", "error").await;
        assert_eq!(page.tokens().await, ["filter-2", "filter-1"]);

        page.choose("a", "Show all of today").await;
        assert_eq!(page.tokens().await.len(), 3);
        page.fill(&field("Token"), "filter-4").await;
        page.follow(page.press("Enter")).await;
        page.shows("No process has the token filter-4").await;
        page.fill(&field("Token"), "").await;
        page.fill(&field("Group"), "unknown").await;
        page.follow(page.press("Enter")).await;
        page.shows("No processes match these filters.").await;
        page.quiet().await;
    });
}

#[test]
fn typed_text_stays_while_the_page_is_updated() {
    Scene::play("typing", async |scene| {
        let page = scene.viewer(&READ).await;
        page.is_live().await;
        page.click(&field("File name")).await;
        page.type_text("scn").await;
        page.press("ArrowLeft").await;
        for (token, character) in [("typing-1", "a"), ("typing-2", "/")] {
            scene.open(token, "other.pdf", 1).await;
            page.row_says(token, "running").await;
            page.type_text(character).await;
        }
        let typed = format!(
            "[document.activeElement === {0}, {0}.value, {0}.selectionStart].join()",
            field("File name")
        );
        assert_eq!(page.evaluate(&typed).await, "true,sca/n,4");

        // A focused row keeps the focus while others appear above.
        let link = "[...document.querySelectorAll('#processes a')].find(one => one.href.endsWith('typing-1'))";
        page.tab_to(link).await;
        scene.open("typing-3", "another.pdf", 1).await;
        page.row_says("typing-3", "running").await;
        let there = format!("document.activeElement === {link}");
        assert_eq!(page.evaluate(&there).await, true);
        page.quiet().await;
    });
}

#[test]
fn a_paused_page_does_not_change() {
    Scene::play("pause", async |scene| {
        let page = scene.viewer(&READ).await;
        let other = scene.viewer(&READ).await;
        page.is_live().await;
        page.click(&css("#pause")).await;
        scene.open("pause-1", "meanwhile.pdf", 1).await;
        other.row_says("pause-1", "running").await;
        // The other page was updated; this one would have been too.
        page.shows("paused").await;
        assert!(page.tokens().await.is_empty());
        page.click(&css("#pause")).await;
        page.row_says("pause-1", "running").await;
        page.is_live().await;
        page.quiet().await;
        other.quiet().await;
    });
}

#[test]
fn the_page_reconnects_when_waybill_restarts() {
    run(async {
        let mut scene = Scene::set("restart").await;
        scene.open("restart-1", "before.pdf", 1).await;
        let page = scene.viewer(&READ).await;
        page.row_says("restart-1", "running").await;
        page.remember().await;
        let stopped = scene.stop().await;
        page.shows("not connected; trying again").await;
        let mut scene = stopped.start().await;
        scene.open("restart-2", "after.pdf", 1).await;
        page.row_says("restart-2", "running").await;
        page.is_live().await;
        page.still_there().await;
        page.ignore_complaints("ERR_");
        page.quiet().await;
        scene.end().await;
    });
}

#[test]
fn long_lists_are_read_page_by_page() {
    Scene::play("long", async |scene| {
        let page = scene.viewer(&READ).await;
        let names: Vec<String> = (0..60).map(|n| format!("long-{n}")).collect();
        for name in &names {
            scene.open(name, "one-of-many.pdf", 1).await;
        }
        page.row_says("long-59", "running").await;
        page.shows("Older ones").await;
        let first = page.tokens().await;
        page.choose("a", "Older ones").await;
        let second = page.tokens().await;
        assert_eq!((first.len(), second.len()), (50, 10));
        let both: BTreeSet<_> = first.iter().chain(&second).collect();
        assert_eq!(both, names.iter().collect());
        page.choose("a", "To the newest").await;
        assert_eq!(page.tokens().await, first);
        page.quiet().await;
    });
}

#[test]
fn nothing_moves_when_the_page_becomes_live() {
    Scene::play("moves", async |scene| {
        let page = scene.viewer(&[Scope::Admin]).await;
        page.is_live().await;
        // Otherwise a click could hit another element.
        let moved = "(() => {
            const live = document.querySelector('#live');
            const top = () => document.querySelector('main').getBoundingClientRect().top;
            const [after, text] = [top(), live.textContent];
            live.textContent = '';
            delete live.dataset.state;
            const before = top();
            live.textContent = text;
            live.dataset.state = 'live';
            return after - before;
        })()";
        for width in (320..=1280).step_by(20) {
            page.screen(width, 900).await;
            assert_eq!(page.evaluate(moved).await, 0, "{width} wide");
        }
        page.quiet().await;
    });
}
