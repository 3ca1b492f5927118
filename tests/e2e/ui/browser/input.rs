//! Mouse and keys as users use them: a covered element can't be clicked, one without the focus gets
//! no text.

use serde_json::{Value, json};

use super::page::Page;

/// Keys that are not text: name, number, and what they type.
const KEYS: [(&str, u32, &str); 8] = [
    ("Tab", 9, ""),
    ("Enter", 13, "\r"),
    ("Escape", 27, ""),
    (" ", 32, " "),
    ("ArrowLeft", 37, ""),
    ("ArrowUp", 38, ""),
    ("ArrowDown", 40, ""),
    ("Backspace", 8, ""),
];
const SHIFT: u32 = 8;

/// An element by a CSS selector.
pub(crate) fn css(selector: &str) -> String {
    format!("document.querySelector({})", json!(selector))
}

/// An element of a kind by the words that it shows.
pub(crate) fn named(selector: &str, words: &str) -> String {
    format!(
        "[...document.querySelectorAll({})].find(one => one.innerText.trim() === {})",
        json!(selector),
        json!(words)
    )
}

/// A field by the words of its label.
pub(crate) fn field(words: &str) -> String {
    // A list within the label is not among its words.
    format!(
        "[...document.querySelectorAll('label')]
            .find(one => one.firstChild?.textContent.trim() === {})?.control",
        json!(words)
    )
}

impl Page {
    /// Clicks in the middle of an element, once it is there.
    pub(crate) async fn click(&self, element: &str) {
        self.wait_until(&format!("!!({element})")).await;
        let place = format!(
            "(() => {{
                const element = {element};
                element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const box = element.getClientRects()[0];
                if (!box) return 'it is not visible';
                const [x, y] = [box.left + box.width / 2, box.top + box.height / 2];
                const hit = document.elementFromPoint(x, y);
                const own = hit && (element.contains(hit) || hit.contains(element));
                return own ? [x, y] : `it is covered by ${{hit?.outerHTML}}`;
            }})()"
        );
        let place = self.evaluate(&place).await;
        let (Some(x), Some(y)) = (place[0].as_f64(), place[1].as_f64()) else {
            panic!("{element} can't be clicked: {place}");
        };
        for (type_, buttons) in [("mouseMoved", 0), ("mousePressed", 1), ("mouseReleased", 0)] {
            let event = json!({
                "type": type_, "x": x, "y": y, "button": "left", "buttons": buttons, "clickCount": 1,
            });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Clicks on a link or a button with these words, and follows it.
    pub(crate) async fn choose(&self, selector: &str, words: &str) {
        self.follow(self.click(&named(selector, words))).await;
    }

    /// Types into the focused element.
    pub(crate) async fn type_text(&self, text: &str) {
        for character in text.chars() {
            let character = character.to_string();
            self.key(json!({ "type": "keyDown", "key": character, "text": character }))
                .await;
            self.key(json!({ "type": "keyUp", "key": character })).await;
        }
    }

    /// Presses a key that is not text, such as `Tab` or `Shift+Tab`.
    pub(crate) async fn press(&self, name: &str) {
        let (modifiers, name) = match name.strip_prefix("Shift+") {
            Some(name) => (SHIFT, name),
            None => (0, name),
        };
        let known = KEYS.iter().find(|(known, ..)| *known == name);
        let (_, number, text) = known.unwrap_or_else(|| panic!("what is the key {name}?"));
        let code = if name == " " { "Space" } else { name };
        let event = |type_: &str| {
            json!({
                "type": type_, "key": name, "code": code, "modifiers": modifiers,
                "windowsVirtualKeyCode": number,
            })
        };
        let mut down = event("keyDown");
        if !text.is_empty() {
            down["text"] = (*text).into();
        }
        self.key(down).await;
        self.key(event("keyUp")).await;
    }

    /// Presses Tab until an element has the focus; returns how often.
    pub(crate) async fn tab_to(&self, element: &str) -> usize {
        const MAX: usize = 100;
        for count in 0..MAX {
            let there = format!("document.activeElement === ({element})");
            if self.evaluate(&there).await == true {
                return count;
            }
            self.press("Tab").await;
        }
        panic!("{element} can't be reached with the keyboard");
    }

    /// Empties a field and types something else.
    pub(crate) async fn fill(&self, element: &str, text: &str) {
        self.click(element).await;
        self.evaluate(&format!("({element}).select()")).await;
        self.press("Backspace").await;
        self.type_text(text).await;
    }

    async fn key(&self, event: Value) {
        self.call("Input.dispatchKeyEvent", event).await;
    }
}
