//! Hostile text of producers stays text: in every field, on every page.

use lapin::types::{AMQPValue, FieldTable};
use serde_json::json;
use waybill::domain::access::Scope;

use super::input::named;
use super::page::Page;
use super::scene::Scene;
use crate::support::ground::reaches;
use crate::support::producer::Message;

/// Texts that an unescaped page would not just show.
const EVIL: [&str; 12] = [
    "<img src=x onerror=alert(1)>",
    "\"><script>alert(2)</script>",
    "' onmouseover='alert(3)' x='",
    "javascript:alert(4)",
    "</title></textarea></style></script><svg onload=alert(5)>",
    "<!-- ]]> --><form action=//evil.example><button>",
    "&lt;b&gt; &amp;#60;i&#x3e; &nbsp;",
    "\u{202e}fdp.live\u{2066}\u{202d} \u{200f}",
    "\u{feff}\u{200b}\u{2028}\u{ad}\u{fffd}\u{ffff}",
    "👩\u{200d}👩\u{200d}👧 Z\u{351}\u{36b}\u{343}\u{32a}a\u{348}\u{36b}l\u{320}g\u{310}o",
    "${alert(6)} {{7*7}} %3Cscript%3E ..%2F..%2F",
    "ooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo\
     ooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooooo",
];
/// Only messages may hold control characters.
const CONTROLS: &str = "a\rb\nc\r\n\r\ndata: d\u{1}\u{1b}[31m\u{7f}\u{85}\t\u{8}";
const READ: [Scope; 1] = [Scope::Read];
const DEAD_LETTERS: &str = "dead_letter";

/// Elements that can only come from injected markup.
const HARMLESS: &str = "(() => {
    const all = [...document.querySelectorAll('*')];
    const wrong = [
        ...all.filter(one => [...one.attributes].some(given => given.name.startsWith('on'))),
        ...all.filter(one => one.hasAttribute('style')),
        ...document.querySelectorAll('body script, body style, img, iframe, object, embed, base, meta[http-equiv]'),
        ...[...document.scripts].filter(one => one.src !== `${location.origin}/monitor/assets/monitor.js`),
        ...[...document.links].filter(one => one.origin !== location.origin),
        ...[...document.forms].filter(one => new URL(one.action).origin !== location.origin),
    ];
    return wrong.map(one => one.outerHTML.slice(0, 300));
})()";

/// Text with bidirectional control characters that is not isolated from the text around it.
const TURNED: &str = "(() => {
    const wrong = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text = walk.nextNode(); text; text = walk.nextNode()) {
        if (!/[\\u202a-\\u202e\\u2066-\\u2069]/.test(text.data)) continue;
        const kept = getComputedStyle(text.parentElement).unicodeBidi;
        if (!/isolate|plaintext/.test(kept)) wrong.push(text.parentElement.outerHTML.slice(0, 300));
    }
    return wrong;
})()";

impl Page {
    /// Checks that the page shows all of these as text only.
    async fn shows_as_text(&self, words: &[&str]) {
        for words in words {
            let shown = format!("document.body.textContent.includes({})", json!(words));
            self.wait_until(&shown).await;
        }
        self.stays_text().await;
    }

    async fn stays_text(&self) {
        for wrong in [HARMLESS, TURNED] {
            assert_eq!(self.evaluate(wrong).await, json!([]));
        }
        self.fits().await;
    }
}

/// The same texts in every place of messages that can't be applied.
fn dead_letters() -> Vec<Message> {
    let bad = |words: &&str| {
        let event = json!({
            "id": words, "source": words, "type": words, "token": words, "data": { *words: words },
        });
        let mut headers = FieldTable::default();
        headers.insert((*words).into(), AMQPValue::LongString((*words).into()));
        let message = Message::bad(words, event.to_string().as_bytes(), "");
        message.having(|properties| {
            let properties = properties.with_headers(headers);
            properties.with_app_id((*words).into())
        })
    };
    let torn = format!("\u{0}{}{CONTROLS}", EVIL.join("\n"));
    let bytes = b"\xff\xfe<script>alert(1)</script>";
    let others = [
        Message::bad("torn", torn.as_bytes(), ""),
        Message::bad("bytes", bytes, ""),
    ];
    EVIL.iter().map(bad).chain(others).collect()
}

/// Opens the page of each dead letter and of each reason.
async fn read_dead_letters(scene: &Scene, page: &Page) {
    let ground = &scene.ground;
    for (query, path) in [
        (
            "select distinct reason from waybill.dead_letter",
            "dead-letters/reason?name",
        ),
        (
            "select distinct reason from waybill.dead_letter where tenant is null",
            "dead-letters/reason?of=unknown&name",
        ),
        ("select id::text from waybill.dead_letter", "dead-letter?id"),
    ] {
        for name in ground.texts(query).await {
            page.goto(&format!("/monitor/{path}={name}")).await;
            page.is_live().await;
            page.stays_text().await;
        }
    }
    page.click(&named("a", "Download")).await;
    page.expect_complaint("download: ").await;
}

/// Percent-encoded for an address.
fn encoded(words: &str) -> String {
    words.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// An upload with this text in all its fields.
async fn publish_upload(scene: &mut Scene, words: &str) {
    let opening = json!({
        "filename": words, "module": words, "group": words, "workflow_id": words, "total": 2,
        "attributes": { words: words },
    });
    scene.publish(words, "upload.received", opening).await;
    let message = format!("{words}{CONTROLS}");
    let step = json!({ "name": words, "message": message, "state": "done" });
    scene.publish(words, "upload.step", step).await;
    let items = json!({ "items": [
        { "identifier": words, "ok": false, "messages": [message], "document_id": words,
          "data": { words: words } },
        { "identifier": "good", "ok": true },
    ]});
    scene.publish(words, "upload.items", items).await;
    let failed = json!({ "message": message, "code": words });
    scene.publish(words, "upload.failed", failed).await;
}

#[test]
fn hostile_text_of_producers_stays_text() {
    Scene::play("hostile", async |scene| {
        let page = scene.viewer(&READ).await;
        page.is_live().await;
        for words in EVIL {
            publish_upload(scene, words).await;
        }
        // As live updates, and as a newly loaded page on a phone.
        page.shows_as_text(&EVIL).await;
        page.look((
            super::appearance::Size::Phone,
            super::appearance::Theme::Light,
        ))
        .await;
        page.goto("/").await;
        page.shows_as_text(&EVIL).await;
        for words in EVIL {
            page.goto(&format!("/monitor/process?token={}", encoded(words)))
                .await;
            page.shows_as_text(&[words]).await;
            let title = format!("document.title === {}", json!(format!("{words} · Waybill")));
            page.wait_until(&title).await;
        }
        assert_eq!(scene.ground.count(DEAD_LETTERS).await, 0);
        let dead_letters = dead_letters();
        let count = i64::try_from(dead_letters.len()).expect("few");
        scene.producer.publish(dead_letters).await;
        reaches(&scene.ground, DEAD_LETTERS, count).await;
        page.quiet().await;
        let operator = scene.viewer(&[Scope::Admin]).await;
        read_dead_letters(scene, &operator).await;
        operator.quiet().await;
    });
}

#[test]
fn hostile_search_text_stays_text() {
    Scene::play("hostile-search", async |scene| {
        let page = scene.viewer(&READ).await;
        for words in EVIL {
            for field in ["token", "filename", "group", "module"] {
                page.goto(&format!("/?{field}={}", encoded(words))).await;
                let given = format!("document.querySelector('[name={field}]').value");
                assert_eq!(page.evaluate(&given).await, words, "{field}");
                page.stays_text().await;
            }
        }
        for place in [
            "/?status=%3Cscript%3E",
            "/monitor/%3Cscript%3E",
            "/?after=%22%3E%3Cimg%20src=x%3E",
        ] {
            page.goto(place).await;
            page.expect_complaint("status of 40").await;
            page.stays_text().await;
            page.accessible().await;
        }
        page.quiet().await;
    });
}
