//! The body as text: one UTF-8 document within the limits, with remedies for the usual mistakes.

use serde::de::IgnoredAny;

use super::fault::Fault;
use super::json_precheck::{JsonFault, scan};
use super::message::Limits;
use super::parse_error::{pointer_at, syntax};
use super::reason::Reason;

/// The text of a body that is safe to parse and to store.
///
/// Whether it is JSON is left to the parser that follows.
pub(super) fn text<'a>(body: &'a [u8], limits: &Limits) -> Result<&'a str, Fault> {
    if body.len() > limits.body_bytes {
        let detail = format!("the body is over {} bytes", limits.body_bytes);
        return Err(Fault::whole(Reason::TooLarge, detail));
    }
    if let Some(detail) = usual_mistake(body) {
        return Err(Fault::whole(Reason::Undecodable, detail));
    }
    let text = str::from_utf8(body).map_err(|error| {
        let detail = format!(
            "the body is not UTF-8: byte {} is not valid",
            error.valid_up_to()
        );
        Fault::whole(Reason::Undecodable, detail)
    })?;
    scan(text, limits.nesting).map_err(|(fault, offset)| explain(text, fault, offset, limits))?;
    Ok(text)
}

/// A usual mistake that the first bytes reveal.
fn usual_mistake(body: &[u8]) -> Option<&'static str> {
    match body {
        [] => Some("the body is empty"),
        [0xEF, 0xBB, 0xBF, ..] => {
            Some("the body starts with a byte order mark; send UTF-8 without one")
        }
        [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0, b'{', ..] | [b'{', 0, ..] => {
            Some("the body looks like UTF-16; send UTF-8")
        }
        [0x1F, 0x8B, ..] => Some("the body looks like gzip; send it uncompressed"),
        [b'<', ..] => Some("the body looks like XML; send JSON"),
        _ => None,
    }
}

/// The fault that the scan found; a syntax error if the document is not JSON at all.
fn explain(text: &str, fault: JsonFault, offset: usize, limits: &Limits) -> Fault {
    if fault == JsonFault::TooDeep {
        let detail = format!("the body is nested over {} levels", limits.nesting);
        return Fault::whole(Reason::TooDeep, detail);
    }
    if let Err(error) = serde_json::from_str::<IgnoredAny>(text) {
        return syntax(&error);
    }
    let detail = match fault {
        JsonFault::Nul => "contains the character \\u0000, which can't be stored",
        JsonFault::LoneSurrogate => "contains half of a surrogate pair, which is no character",
        JsonFault::Number | JsonFault::TooDeep => {
            "contains a number out of the range of a 64-bit float"
        }
    };
    Fault::at(Reason::InvalidField, pointer_at(text, offset), detail)
}
