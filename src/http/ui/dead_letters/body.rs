//! The body of a dead letter: shown as text or bytes, and `GET /monitor/dead-letter/body?id=…` for all of
//! it as it was received.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use serde_json::Value;

use crate::http::state::Api;
use crate::http::ui::paths;
use crate::http::web::auth::Caller;
use crate::http::web::params::Parameters;
use crate::http::web::problem::HttpProblem;
use crate::store::write::dead_letter::StoredDeadLetter;
use crate::view::escape;
use crate::wire::CutBody;

/// So many bytes are shown.
pub(super) const SHOWN_MAX: i32 = 64 << 10;

/// All of it, to be kept and not to be shown.
pub(super) async fn get(
    State(api): State<Api>,
    Caller(access): Caller,
    parameters: Parameters,
) -> Result<Response, HttpProblem> {
    let id = parameters.id()?;
    let found = api.store.open_dead_letter(&access.tenant, id, 0).await?;
    let length = found.ok_or_else(super::unknown_dead_letter)?.body_bytes;
    // Nothing is read for which there is no room.
    let room = api
        .room
        .take(usize::try_from(length).unwrap_or(usize::MAX))?;
    let found = api
        .store
        .open_dead_letter(&access.tenant, id, i32::MAX)
        .await?;
    let body = found
        .ok_or_else(super::unknown_dead_letter)?
        .dead_letter
        .body;
    drop(room);
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"dead-letter-{id}.bin\""),
        ),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, api.room.answer(body)?).into_response())
}

/// What was read of it.
pub(super) fn shown(kept: &StoredDeadLetter) -> Markup {
    let read = kept.dead_letter.body.as_slice();
    let is_cut = usize::try_from(kept.body_bytes).is_ok_and(|bytes| read.len() < bytes);
    let download = [("id", kept.dead_letter.id.to_string())];
    html! {
        p {
            a href=(paths::with(paths::DEAD_LETTER_BODY, &download)) { "Download" }
            " " (kept.body_bytes) " bytes as they were received"
            @if is_cut { ". Shown are the first " (read.len()) }
            "."
        }
        @if let Some(cut) = CutBody::of_problem(&kept.dead_letter.problem) {
            p.fault {
                "Cut: the message had " (cut.bytes) " bytes (SHA-256 " code { (escape::line(&cut.sha256)) }
                "), too many to be kept. It can't be replayed: the producer has to send it again."
            }
        }
        @match text(read, is_cut) {
            _ if read.is_empty() => { p.empty { "It is empty." } }
            None => { pre.body { (escape::hex(read)) } }
            Some(text) => {
                @if let Some(pretty) = pretty(text, is_cut) {
                    details open { summary { "As JSON" } pre.body { (pretty) } }
                    details { summary { "As it was received" } pre.body { (escape::block(text)) } }
                } @else {
                    pre.body { (escape::block(text)) }
                }
            }
        }
    }
}

/// Bytes that are text; only a cut may go through a character.
fn text(bytes: &[u8], is_cut: bool) -> Option<&str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Some(text),
        Err(error) if is_cut && error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()
        }
        Err(_) => None,
    }
}

/// JSON with a line for each of its values.
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
    fn a_cut_goes_through_no_character_and_bytes_are_no_text() {
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
