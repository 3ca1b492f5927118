//! The body of a dead letter: shown as text or bytes; `GET /monitor/dead-letter/body?id=…`
//! downloads all of it as it was received.

use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

use crate::http::state::Api;
use crate::http::ui::paths;
use crate::http::web::{Caller, HttpProblem, Parameters};
use crate::store::write::dead_letter::StoredDeadLetter;
use crate::view::escape;
use crate::wire::CutBody;

/// How many bytes are shown.
pub(super) const SHOWN_MAX: i32 = 64 << 10;

/// Downloads the whole body.
pub(in super::super) async fn get(
    api: Api,
    Caller(access): Caller,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    let id = parameters.id()?;
    let tenants = super::tenants(&access);
    let (store, room) = (api.store(), api.room());
    let found = store.open_dead_letter(&tenants, id, 0).await?;
    let length = found.ok_or_else(super::unknown_dead_letter)?.body_bytes;
    // A body is read only when there is memory for it.
    let reserved = room.take(usize::try_from(length).unwrap_or(usize::MAX))?;
    let found = store.open_dead_letter(&tenants, id, i32::MAX).await?;
    let body = found
        .ok_or_else(super::unknown_dead_letter)?
        .dead_letter
        .body;
    drop(reserved);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"dead-letter-{id}.bin\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, room.answer(body)?).into_response())
}

/// The part of it that was read.
pub(super) fn shown(stored: &StoredDeadLetter) -> Markup {
    let read = stored.dead_letter.body.as_slice();
    let is_cut = usize::try_from(stored.body_bytes).is_ok_and(|bytes| read.len() < bytes);
    let download = [("id", stored.dead_letter.id.to_string())];
    html! {
        p {
            a href=(paths::with(paths::DEAD_LETTER_BODY, &download)) { "Download" }
            " " (stored.body_bytes) " bytes as received"
            @if is_cut { ". The first " (read.len()) " are shown" }
            "."
        }
        @if let Some(cut) = CutBody::of_problem(&stored.dead_letter.problem) {
            p.fault {
                "Truncated: the message had " (cut.bytes) " bytes (SHA-256 " code { (escape::line(&cut.sha256)) }
                "), too many to store. It can't be replayed: the producer must send it again."
            }
        }
        @match text(read, is_cut) {
            _ if read.is_empty() => { p.empty { "The body is empty." } }
            None => { pre.body { (escape::hex(read)) } }
            Some(text) => {
                @if let Some(pretty) = pretty(text, is_cut) {
                    details open { summary { "As JSON" } pre.body { (pretty) } }
                    details { summary { "As received" } pre.body { (escape::block(text)) } }
                } @else {
                    pre.body { (escape::block(text)) }
                }
            }
        }
    }
}

/// The bytes as text, if they are UTF-8; a cut may go through the last character.
fn text(bytes: &[u8], is_cut: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

/// JSON with one value per line.
fn pretty(text: &str, is_cut: bool) -> Option<String> {
    if is_cut {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let pretty = serde_json::to_string_pretty(&value).ok()?;
    Some(escape::json(&pretty).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_character_is_left_out_and_bytes_are_not_text() {
        assert_eq!(text("aé".as_bytes(), false), Some("aé"));
        assert_eq!(text(b"a\xc3", true), Some("a"));
        assert_eq!(text(b"a\xc3", false), None);
        assert_eq!(text(b"\xff\xfe", true), None);
        assert_eq!(
            pretty("{\"a\":[1]}", false).as_deref(),
            Some("{\n  \"a\": [\n    1\n  ]\n}")
        );
        assert_eq!(pretty("{\"a\":", false), None);
        assert_eq!(pretty("1", true), None);
    }
}
