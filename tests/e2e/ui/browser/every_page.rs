//! Every page, in every look: whole, in its theme, readable for everybody. The pictures in the README
//! are made here, too.

use waybill::domain::access::Scope;

use super::hands::{css, named as words};
use super::looks::{LOOKS, Size, Theme};
use super::page::Page;
use super::scene::Scene;
use crate::support::ground::run;

/// Where they are, what they show in the end, and what their picture is called.
const PAGES: [(&str, &str, &str); 10] = [
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
    ("/monitor/dead-letters", "undecodable", "letters"),
    (
        "/monitor/dead-letters/reason?name=unknown_type",
        "upload.teleported",
        "reason",
    ),
    (
        "/monitor/replays/confirm?all=yes",
        "Now 4 dead letters",
        "confirm",
    ),
];

#[test]
fn every_page_is_readable_in_every_look() {
    run(async {
        let scene = Scene::lively("every-page").await;
        let page = scene.viewer(&[Scope::Read, Scope::Admin]).await;
        // What was published last is there.
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

/// One dead letter, which has no address that is known before.
async fn dead_letter(page: &Page, look: (Size, Theme)) {
    page.goto("/monitor/dead-letters/reason?name=unknown_type")
        .await;
    page.follow(page.click(&css("#dead-letters a"))).await;
    page.is_live().await;
    page.readable(look).await;
    page.picture(&named("letter", look)).await;
    page.follow(page.click(&words("button", "Dry run"))).await;
    page.shows("Expected result").await;
    page.readable(look).await;
}

/// What the picture of a page in a look is called.
fn named(name: &str, (size, theme): (Size, Theme)) -> String {
    format!("{name}-{size:?}-{theme:?}").to_lowercase()
}
