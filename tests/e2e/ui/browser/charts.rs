//! The charts: their figures are updated, and an open table stays open.

use serde_json::json;
use waybill::domain::access::Scope;

use super::input::named;
use super::scene::Scene;

/// The number below a name, as the page shows it.
fn figure(name: &str) -> String {
    format!(
        "[...document.querySelectorAll('.figures dt')]
            .find(one => one.innerText === {})?.nextElementSibling.innerText.trim()",
        json!(name)
    )
}

#[test]
fn charts_update_while_their_table_is_open() {
    Scene::play("charts", async |scene| {
        scene.hour().await;
        let page = scene.viewer(&[Scope::Read]).await;
        page.choose("nav a", "Charts").await;
        page.is_live().await;
        page.remember().await;
        let charts = "document.querySelectorAll('.chart svg[role=img]').length";
        assert_eq!(page.evaluate(charts).await, 6);
        // Every chart has its numbers as a table: sixty minutes.
        page.click(&named("summary", "Numbers")).await;
        let open = "document.querySelector('.chart details[open] tbody')?.rows.length === 60";
        page.wait_until(open).await;
        assert_eq!(page.evaluate(&figure("Open uploads")).await, "0");
        scene.open("charts-1", "one.pdf", 1).await;
        page.wait_until(&format!("{} === '1'", figure("Open uploads")))
            .await;
        assert_eq!(page.evaluate(open).await, true);
        page.still_there().await;
        page.quiet().await;
    });
}
