//! The two encodings of a message: protobuf, or JSON if the headers say so.

use axum::http::{HeaderMap, HeaderName, header};
use axum::response::{IntoResponse, Response};
use prost::Message;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::http::web::memory_budget::MemoryBudget;
use crate::http::web::{HttpProblem, ProblemKind, uncached};

const JSON: &str = "application/json";
const PROTOBUF: &str = "application/x-protobuf";
/// Media types that clients use for protobuf.
const PROTOBUFS: [&str; 3] = [PROTOBUF, "application/protobuf", "application/octet-stream"];

const NO_PROTOBUF: &str = "in protobuf; if it is JSON, say so in the header Content-Type";

/// Decodes a message; `name` is for error messages.
pub(super) fn read<M>(name: &str, headers: &HeaderMap, body: &[u8]) -> Result<M, HttpProblem>
where
    M: Message + Default + DeserializeOwned,
{
    let broken = |detail: &str| HttpProblem::new(ProblemKind::InvalidBody, detail);
    // No protobuf message begins with a brace.
    if is_json(headers) || body.starts_with(b"{") {
        // The parser's message may quote the body.
        return serde_json::from_slice(body).map_err(|error| {
            let (line, column) = (error.line(), error.column());
            broken(&format!(
                "the body is no {name} in JSON, at line {line} column {column}"
            ))
        });
    }
    M::decode(body).map_err(|_| broken(&format!("the body is no {name} {NO_PROTOBUF}")))
}

/// Returns a message in the encoding that the client accepts.
pub(super) fn answer<M>(
    room: &MemoryBudget,
    headers: &HeaderMap,
    message: &M,
) -> Result<Response, HttpProblem>
where
    M: Message + Serialize,
{
    let (media_type, body) = match accepts_json(headers) {
        true => (JSON, json(message)),
        false => (PROTOBUF, message.encode_to_vec()),
    };
    Ok((uncached(media_type), room.answer(body)?).into_response())
}

fn is_json(headers: &HeaderMap) -> bool {
    media_types(headers, &header::CONTENT_TYPE).any(|media_type| media_type == JSON)
}

/// The first encoding that the client accepts; if it names none, that of the request.
fn accepts_json(headers: &HeaderMap) -> bool {
    let mut accepted = media_types(headers, &header::ACCEPT);
    let named = accepted.find_map(|media_type| match media_type.as_str() {
        JSON => Some(true),
        other => PROTOBUFS.contains(&other).then_some(false),
    });
    named.unwrap_or_else(|| is_json(headers))
}

fn media_types(headers: &HeaderMap, name: &HeaderName) -> impl Iterator<Item = String> {
    let values = headers.get_all(name).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let ranges = values.flat_map(|value| value.split(','));
    ranges.map(|range| {
        let media_type = range.split(';').next().unwrap_or_default();
        media_type.trim().to_ascii_lowercase()
    })
}

/// JSON without absent fields, but with empty lists.
fn json(message: &impl Serialize) -> Vec<u8> {
    let mut value = serde_json::to_value(message).unwrap_or_default();
    without_nulls(&mut value);
    serde_json::to_vec(&value).unwrap_or_default()
}

fn without_nulls(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, value| !value.is_null());
            fields.values_mut().for_each(without_nulls);
        }
        Value::Array(values) => values.iter_mut().for_each(without_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_protobuf_unless_the_headers_say_json() {
        for (content_type, accept, json_in, json_out) in [
            ("", "", false, false),
            (PROTOBUF, "*/*", false, false),
            ("Application/JSON; charset=utf-8", JSON, true, true),
            (JSON, "*/*", true, true),
            (JSON, "application/octet-stream", true, false),
            ("", "text/plain, application/json;q=0.9", false, true),
        ] {
            let given = [
                (header::CONTENT_TYPE, content_type),
                (header::ACCEPT, accept),
            ];
            let given = given.into_iter().filter(|(_, text)| !text.is_empty());
            let headers: HeaderMap = given
                .map(|(name, text)| (name, text.parse().unwrap()))
                .collect();
            let found = (is_json(&headers), accepts_json(&headers));
            assert_eq!(found, (json_in, json_out), "{content_type:?} {accept:?}");
        }
    }
}
