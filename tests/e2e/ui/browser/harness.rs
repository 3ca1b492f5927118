//! The test harness itself: complaints of a bad page are noticed, and simulated input arrives.

use super::appearance::{Size, Theme};
use super::input::{css, field, named};
use super::page::Page;
use crate::support::ground::run;

/// An address where nothing listens.
const NOWHERE: &str = "http://127.0.0.1:1";

/// The address of a page with this content.
fn page_of(html: &str) -> String {
    let encoded: String = html.bytes().map(|byte| format!("%{byte:02x}")).collect();
    format!("data:text/html;charset=utf-8,{encoded}")
}

#[test]
fn errors_of_a_bad_page_are_noticed() {
    run(async {
        let bad = [
            ("<script>console.error('alas')</script>", "alas"),
            ("<script>console.warn('beware')</script>", "beware"),
            ("<script>nowhere()</script>", "nowhere is not defined"),
            ("<img src=x onerror=alert('mine')>", "dialog: mine"),
            (
                "<img src=http://192.0.2.1/pixel>",
                "foreign request: http://192.0.2.1/pixel",
            ),
            (
                "<meta http-equiv=content-security-policy content=\"script-src 'none'\"><script>1</script>",
                "Content Security Policy",
            ),
        ];
        for (html, words) in bad {
            let page = Page::of(NOWHERE).await;
            page.goto(&page_of(html)).await;
            page.expect_complaint(words).await;
            page.abandon();
        }
    });
}

#[test]
fn unreadable_text_is_noticed() {
    run(async {
        let page = Page::of(NOWHERE).await;
        page.goto(&page_of("<img src=data:,><p style='color:#aaa'>pale</p>"))
            .await;
        let found = page.violations().await.join("\n");
        for rule in [
            "image-alt",
            "color-contrast",
            "document-title",
            "html-has-lang",
        ] {
            assert!(found.contains(rule), "{rule} is not in\n{found}");
        }
        page.quiet().await;
    });
}

#[test]
fn simulated_input_works_as_a_users() {
    run(async {
        let page = Page::of(NOWHERE).await;
        page.look((Size::Desk, Theme::Dark)).await;
        page.goto(&page_of(
            "<label for=name>Name</label><input id=name><button>Go</button><p id=out></p>\
             <script>document.querySelector('button').onclick = () => setTimeout(() => \
             { out.textContent = `hello ${document.querySelector('#name').value}` }, 100)</script>",
        ))
        .await;
        page.tab_to(&field("Name")).await;
        page.type_text("wörld").await;
        page.click(&named("button", "Go")).await;
        page.shows("hello wörld").await;
        page.fill(&field("Name"), "moon").await;
        page.press("Tab").await;
        page.press("Enter").await;
        page.wait_until(&format!("{}.textContent === 'hello moon'", css("#out")))
            .await;
        page.quiet().await;
    });
}
