//! Without a mouse: everything is reached, in reading order, and the focus is visible.

use waybill::domain::access::Scope;

use super::input::{css, field, named};
use super::page::Page;
use super::scene::Scene;

impl Page {
    async fn has_focus(&self, element: &str) {
        let there = format!("document.activeElement === {element}");
        assert_eq!(self.evaluate(&there).await, true, "{element}");
    }

    /// Goes through the page with Tab: these get the focus in this order, and show it.
    async fn tabs_through(&self, stops: &[String]) {
        let mut before: Option<&str> = None;
        for stop in stops {
            let presses = self.tab_to(stop).await;
            assert!(presses > 0, "{stop} has the focus without a key press");
            if let Some(before) = before {
                let order = format!(
                    "({before}).compareDocumentPosition({stop}) === Node.DOCUMENT_POSITION_FOLLOWING"
                );
                assert_eq!(self.evaluate(&order).await, true, "{stop} comes too early");
            }
            let ring = "getComputedStyle(document.activeElement).outlineStyle";
            assert_ne!(self.evaluate(ring).await, "none", "{stop} does not show it");
            before = Some(stop);
        }
    }
}

#[test]
fn everything_in_the_list_is_reached_with_the_keyboard() {
    Scene::play("keyboard", async |scene| {
        scene.open("keys-1", "first.pdf", 1).await;
        let page = scene.viewer(&[Scope::Read]).await;
        page.goto("/?since=week").await;
        page.is_live().await;
        page.shows("first.pdf").await;
        // The first stop leads past everything that is the same on every page.
        page.press("Tab").await;
        page.has_focus(&named("a", "Skip to the content")).await;
        let seen = "document.activeElement.getBoundingClientRect().left >= 0";
        assert_eq!(page.evaluate(seen).await, true);
        page.press("Enter").await;
        page.press("Tab").await;
        page.has_focus(&field("Token")).await;

        page.goto("/?since=week").await;
        page.is_live().await;
        let texts = [
            "Token",
            "File name",
            "Group",
            "Module",
            "Kind",
            "Status",
            "First seen",
        ];
        let mut stops = vec![
            named("a", "Skip to the content"),
            css("a.brand"),
            named("nav a", "Processes"),
            css("#pause"),
            named("button", "Log out"),
        ];
        stops.extend(texts.map(field));
        stops.extend([named("button", "Show"), named("a", "first.pdf")]);
        page.tabs_through(&stops).await;
        page.quiet().await;
    });
}
