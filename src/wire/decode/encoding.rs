//! Which of the three encodings a message uses, by its content type and headers.

use super::fault::Fault;
use super::headers::Headers;
use super::message::{HeaderValue, Message};
use super::reason::Reason;

/// How an event is written into a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Our own JSON envelope.
    Plain,
    /// A `CloudEvent` as one JSON document.
    Structured,
    /// A `CloudEvent` with its attributes in headers; the body is the data.
    Binary,
}

/// The encoding of a message, or why it is not supported.
pub(super) fn of(message: &Message<'_>, headers: &Headers<'_>) -> Result<Encoding, Fault> {
    check_content_encoding(message.content_encoding)?;
    let binary = headers.are_cloud_event();
    if let (true, Some(HeaderValue::Text(stated))) = (binary, headers.cloud.datacontenttype) {
        check_json(stated)?;
    }
    let stated = message.content_type.unwrap_or_default();
    let (media_type, parameters) = stated.split_once(';').unwrap_or((stated, ""));
    let media_type = media_type.trim();
    check_charset(parameters)?;
    if media_type.eq_ignore_ascii_case("application/cloudevents+json") {
        return Ok(Encoding::Structured);
    }
    if media_type.eq_ignore_ascii_case("application/cloudevents-batch+json") {
        let detail = "a batch of events is not accepted; publish one event per message";
        return Err(Fault::whole(Reason::UnsupportedContentType, detail));
    }
    if !media_type.is_empty() {
        check_json(media_type)?;
    }
    Ok(if binary {
        Encoding::Binary
    } else {
        Encoding::Plain
    })
}

/// Whether a media type, with or without parameters, is JSON.
pub(super) fn is_json(stated: &str) -> bool {
    let media_type = stated.split(';').next().unwrap_or_default().trim();
    let lower = media_type.to_ascii_lowercase();
    match lower.as_str() {
        "application/json" | "text/json" => true,
        other => other.ends_with("+json") && !other.contains("cloudevents"),
    }
}

fn check_json(stated: &str) -> Result<(), Fault> {
    // The usual spelling first: it needs no copy.
    if stated == "application/json" || is_json(stated) {
        return Ok(());
    }
    let detail = "the content type must be application/json or application/cloudevents+json";
    Err(Fault::whole(Reason::UnsupportedContentType, detail))
}

fn check_charset(parameters: &str) -> Result<(), Fault> {
    let charset = parameters.split(';').find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"'))
    });
    match charset {
        None => Ok(()),
        Some(name) if name.eq_ignore_ascii_case("utf-8") => Ok(()),
        Some(name) if name.eq_ignore_ascii_case("utf8") => Ok(()),
        Some(name) if name.eq_ignore_ascii_case("us-ascii") => Ok(()),
        Some(_) => {
            let detail = "the charset of the content type must be utf-8";
            Err(Fault::whole(Reason::UnsupportedContentType, detail))
        }
    }
}

/// `utf-8` is no content encoding, but several client libraries set it by default.
fn check_content_encoding(stated: Option<&str>) -> Result<(), Fault> {
    let plain = ["", "identity", "utf-8", "utf8"];
    let stated = stated.unwrap_or_default();
    if plain.iter().any(|name| stated.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let detail = "the content encoding must be absent or identity; send the body uncompressed";
    Err(Fault::whole(Reason::UnsupportedEncoding, detail))
}
