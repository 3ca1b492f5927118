//! Escapes text from messages: it can neither control a terminal nor change the text direction.

use std::borrow::Cow;
use std::fmt::Write;

/// For one line: line feeds and tabs are escaped as well.
pub fn line(text: &str) -> Cow<'_, str> {
    replace(text, is_hostile, |c| c.escape_default().to_string())
}

/// For several lines: line feeds and tabs stay.
pub fn block(text: &str) -> Cow<'_, str> {
    let hostile = |c| is_hostile(c) && !matches!(c, '\n' | '\t');
    replace(text, hostile, |c| c.escape_default().to_string())
}

/// For JSON text, which stays JSON with the same meaning: such characters occur only in its
/// strings.
pub fn json(text: &str) -> Cow<'_, str> {
    let hostile = |c| is_hostile(c) && c != '\n';
    replace(text, hostile, |c| format!("\\u{:04x}", u32::from(c)))
}

/// A hex dump: sixteen bytes per line, with the printable characters beside them.
pub fn hex(bytes: &[u8]) -> String {
    let mut dump = String::new();
    for (row, chunk) in bytes.chunks(16).enumerate() {
        let hex: Vec<String> = chunk.iter().map(|byte| format!("{byte:02x}")).collect();
        let shown = |byte: &u8| {
            let printable = matches!(*byte, b' '..=b'~');
            if printable { char::from(*byte) } else { '.' }
        };
        let text: String = chunk.iter().map(shown).collect();
        let _ = writeln!(dump, "{:08x}  {:<47}  {text}", row * 16, hex.join(" "));
    }
    dump
}

/// Whether a character is a control character, or changes the direction or lines of the text
/// around.
fn is_hostile(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            | '\u{feff}')
}

fn replace(
    text: &str,
    hostile: impl Fn(char) -> bool,
    written: impl Fn(char) -> String,
) -> Cow<'_, str> {
    if !text.contains(&hostile) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if hostile(c) {
            safe.push_str(&written(c));
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_control_characters_are_escaped() {
        assert_eq!(
            line("a\u{1b}[2J\nb\u{9b}c\u{202e}d"),
            "a\\u{1b}[2J\\nb\\u{9b}c\\u{202e}d"
        );
        assert_eq!(block("a\r\n\tb\u{7f}"), "a\\r\n\tb\\u{7f}");
        assert!(matches!(line("Größe: 3 €"), Cow::Borrowed(_)));
    }

    #[test]
    fn escaped_json_keeps_its_meaning() {
        let value = serde_json::json!({ "k": "a\u{7f}\u{9b}31m\u{202e}\u{1b}" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let safe = json(&text);
        assert!(!safe.contains(|c: char| c.is_control() && c != '\n'));
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&safe).unwrap(),
            value
        );
    }

    #[test]
    fn bytes_are_dumped_with_their_printable_form() {
        expect_test::expect![[r#"
            00000000  00 1b 5b 32 4a 61 62 63 64 65 66 67 68 69 6a 6b  ..[2Jabcdefghijk
            00000010  ff                                               .
        "#]]
        .assert_eq(&hex(b"\x00\x1b[2Jabcdefghijk\xff"));
    }
}
