//! Logins: a key opens the pages, until the logout.

use waybill::domain::access::Scope;

use super::appearance::LOOKS;
use super::scene::Scene;
use crate::http::processes;

/// What Chromium writes into the console for an answer that is a refusal.
const REFUSED: &str = "status of 401";

#[test]
fn a_login_leads_to_the_requested_page_until_a_logout() {
    Scene::play("login", async |scene| {
        scene.open("login-1", "requested.pdf", 1).await;
        let (key, _) = processes::key(&scene.ground, "default", &[Scope::Read]).await;
        let page = scene.stranger().await;
        page.goto("/?since=ever&filename=requested").await;
        page.is_at("/monitor/login").await;
        page.log_in(&key).await;
        page.wait_until("location.search === '?since=ever&filename=requested'")
            .await;
        page.shows("requested.pdf").await;
        page.is_live().await;
        // No script can read the session, and no key is left anywhere.
        let left = page
            .evaluate("[document.cookie, localStorage.length, sessionStorage.length].join()")
            .await;
        assert_eq!(left, ",0,0");

        page.choose("button", "Log out").await;
        page.is_at("/monitor/login").await;
        page.goto("/").await;
        page.is_at("/monitor/login").await;
        page.quiet().await;
    });
}

#[test]
fn a_wrong_key_is_reported_and_the_form_stays_usable() {
    Scene::play("wrong-key", async |scene| {
        let (key, id) = processes::key(&scene.ground, "default", &[Scope::Read]).await;
        let page = scene.stranger().await;
        for look in LOOKS {
            page.look(look).await;
            page.goto("/monitor/login").await;
            page.log_in("wb_123456789abc_nonsense").await;
            page.expect_complaint(REFUSED).await;
            page.wait_until("document.querySelector('[role=alert]')?.innerText")
                .await;
            assert!(!page.text().await.contains("nonsense"));
            page.readable(look).await;
        }
        page.log_in(&key).await;
        page.is_live().await;

        // A revoked key ends its sessions.
        let revoked = scene.ground.store().revoke_key(&id).await;
        revoked.expect("a key that is there");
        page.shows("Live updates stopped. Reload the page.").await;
        page.expect_complaint(REFUSED).await;
        page.goto("/").await;
        page.is_at("/monitor/login").await;
        page.quiet().await;
    });
}
