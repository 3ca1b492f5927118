//! Good messages with bad ones between them.

use super::producer::Message;

/// A bad message after every `every` good ones.
pub(crate) fn mixed(good: &[Message], every: usize, tag: &str) -> Vec<Message> {
    let mut messages = Vec::with_capacity(good.len() * 2);
    for (n, chunk) in good.chunks(every).enumerate() {
        messages.extend_from_slice(chunk);
        messages.push(bad(tag, n));
    }
    messages
}

/// A message that can't be applied, for one of three reasons.
pub(crate) fn bad(tag: &str, n: usize) -> Message {
    let id = format!("{tag}-{n}");
    let (body, reason) = match n % 3 {
        0 => (format!("{{\"id\":\"{id}\",\"items\":["), "undecodable"),
        1 => (
            format!("{{\"id\":\"{id}\",\"source\":\"e2e\",\"token\":\"t\",\"data\":{{}}}}"),
            "invalid_field",
        ),
        _ => (
            format!(
                "{{\"id\":\"{id}\",\"source\":\"e2e\",\"type\":\"upload.melted\",\"token\":\"t\"}}"
            ),
            "unknown_type",
        ),
    };
    Message::bad(&id, body.as_bytes(), reason)
}
