//! Every page in every size and theme: it fits, has its theme, and is accessible. The screenshots
//! of the documentation are made here, too.

use waybill::domain::access::Scope;

use super::appearance::{LOOKS, Size, Theme};
use super::input::css;
use super::page::Page;
use super::scene::Scene;
use crate::support::ground::run;

/// The path, a text that it shows in the end, and the name of its screenshot.
const PAGES: [(&str, &str, &str); 12] = [
    ("/", "order-513", "list"),
    ("/?status=error", "the file ends", "filtered"),
    (
        "/monitor/process?token=scan-0812",
        "page 3 is blank",
        "upload",
    ),
    ("/monitor/process?token=order-512", "12 of 24", "order"),
    ("/monitor/workflows", "purchase", "workflows"),
    (
        "/monitor/workflow?name=purchase",
        "Version 1 of 1",
        "workflow",
    ),
    ("/monitor/charts", "Throughput", "charts"),
    ("/monitor/dead-letters", "undecodable", "dead-letters"),
    (
        "/monitor/dead-letters/reason?name=unknown_type",
        "upload.teleported",
        "reason",
    ),
    (
        "/monitor/replays/confirm?all=yes",
        "Now 3 dead letters",
        "confirm",
    ),
    ("/monitor/audit", "key.create", "audit"),
    ("/monitor/sessions", "this one", "sessions"),
];

#[test]
fn every_page_is_readable_in_every_size_and_theme() {
    run(async {
        let scene = Scene::with_sample_data("every-page").await;
        let page = scene.viewer(&[Scope::Read, Scope::Admin]).await;
        // Until what was published last is shown.
        page.wait_until("document.querySelectorAll('#processes tr').length === 9")
            .await;
        for look in LOOKS {
            page.look(look).await;
            for (path, words, name) in PAGES {
                page.goto(path).await;
                page.shows(words).await;
                page.is_live().await;
                page.readable(look).await;
                page.picture(&named(name, look)).await;
            }
            dead_letter(&page, look).await;
        }
        page.quiet().await;
        scene.end().await;
    });
}

/// One dead letter; its address is not known before.
async fn dead_letter(page: &Page, look: (Size, Theme)) {
    page.goto("/monitor/dead-letters/reason?name=unknown_type")
        .await;
    page.follow(page.click(&css("#dead-letters a"))).await;
    page.is_live().await;
    page.readable(look).await;
    page.picture(&named("dead-letter", look)).await;
    page.choose("button", "Dry run").await;
    page.shows("Expected result").await;
    page.readable(look).await;
}

/// The name of a page's screenshot.
fn named(name: &str, (size, theme): (Size, Theme)) -> String {
    format!("{name}-{size:?}-{theme:?}").to_lowercase()
}
