//! The media type of a file by its contents, and safe file names.

/// How many of the first bytes the media type is detected from.
pub(in crate::http) const HEAD_BYTES: usize = 8 << 10;
/// Allows every type.
const ANY: &str = "any";
const NAMELESS: &str = "file";

/// Media types that may be uploaded.
#[derive(Debug, Clone)]
pub struct Allowed {
    types: Vec<String>,
}

impl Allowed {
    /// Parses comma-separated media types, or `any`.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let types = text.split(',').map(|name| name.trim().to_ascii_lowercase());
        Self {
            types: types.filter(|name| !name.is_empty()).collect(),
        }
    }

    /// Whether this media type is allowed.
    pub(in crate::http) fn has(&self, media_type: &str) -> bool {
        self.types.iter().any(|t| t == ANY || t == media_type)
    }

    /// All of them, for messages.
    pub(in crate::http) fn named(&self) -> String {
        self.types.join(", ")
    }
}

/// The media type of a file that begins with these bytes.
pub(in crate::http) fn media_type(head: &[u8]) -> &'static str {
    if let Some(known) = infer::get(head) {
        return known.mime_type();
    }
    // The last character may be incomplete.
    let is_text = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(),
    };
    match is_text && !head.contains(&0) {
        true => "text/plain",
        false => "application/octet-stream",
    }
}

/// The name without folders, control characters and leading dots, of at most `bytes_max` bytes.
pub(in crate::http) fn safe_name(given: &str, bytes_max: usize) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut name = String::new();
    for character in last.chars().filter(|character| !character.is_control()) {
        if name.len() + character.len_utf8() > bytes_max {
            break;
        }
        name.push(character);
    }
    let name = name.trim().trim_start_matches('.');
    match name.is_empty() {
        true => NAMELESS.to_owned(),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_safe_name_has_no_folders_control_characters_or_leading_dots() {
        for (given, safe) in [
            ("invoice.pdf", "invoice.pdf"),
            ("../../etc/passwd", "passwd"),
            ("C:\\temp\\scan.tiff", "scan.tiff"),
            ("..", "file"),
            (".hidden", "hidden"),
            ("a\r\nb\u{1b}[31m.pdf", "ab[31m.pdf"),
            ("", "file"),
        ] {
            assert_eq!(safe_name(given, 200), safe);
        }
        assert_eq!(safe_name(&"ü".repeat(200), 199).len(), 198);
    }

    #[test]
    fn the_media_type_is_detected_from_the_contents() {
        assert_eq!(media_type(b"%PDF-1.7\n"), "application/pdf");
        assert_eq!(media_type(b"\x89PNG\r\n\x1a\n"), "image/png");
        assert_eq!(media_type("caf\u{e9}".as_bytes()), "text/plain");
        assert_eq!(
            media_type(b"MZ\x90\0"),
            "application/vnd.microsoft.portable-executable"
        );
        assert_eq!(media_type(b"a\0b"), "application/octet-stream");
        let allowed = Allowed::new("application/pdf, image/PNG");
        assert!(allowed.has("image/png") && !allowed.has("text/plain"));
        assert!(Allowed::new("any").has("text/plain"));
    }
}
