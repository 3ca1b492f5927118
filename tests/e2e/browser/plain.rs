//! Without any script every page works, and stands still.

use serde_json::json;
use waybill::core::access::Scope;

use super::{
    hands::{field, named},
    scene::Scene,
};
use crate::{ground::run, http};

#[test]
fn every_page_works_without_a_script() {
    run(async {
        let mut scene = Scene::set("no-script").await;
        scene.open("plain-1", "plain.pdf", 2).await;
        scene.open("plain-2", "other.pdf", 2).await;
        let (key, _) = http::key(&scene.ground, "default", &[Scope::Read]).await;
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
        // What only the script can do is not offered.
        let offered = page
            .evaluate("document.querySelector('#pause').offsetParent === null")
            .await;
        assert_eq!(offered, true);
        let progress = json!({ "done": 1 });
        scene.tell("plain-1", "upload.progress", progress).await;
        let stale = page
            .evaluate("document.body.innerText.includes('1 of 2')")
            .await;
        assert_eq!(stale, false);
        // What looks at the page needs them.
        page.scripts(true).await;
        page.accessible().await;
        page.scripts(false).await;
        page.follow(page.click(&named("button", "Log out"))).await;
        page.quiet().await;
        scene.end().await;
    });
}
