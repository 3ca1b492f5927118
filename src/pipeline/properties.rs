//! Converts the properties and headers of a message to JSON, and back without loss.

use serde_json::{Map, Value, json};

use crate::broker::{HeaderValue, Properties};

/// The properties, without the headers, as JSON.
pub(super) fn to_json(properties: &Properties) -> String {
    let all = json!({
        "content_type": properties.content_type,
        "content_encoding": properties.content_encoding,
        "message_id": properties.message_id,
        "correlation_id": properties.correlation_id,
        "reply_to": properties.reply_to,
        "type": properties.type_,
        "app_id": properties.app_id,
        "timestamp": properties.timestamp,
        "expiration": properties.expiration,
        "user_id": properties.user_id,
        "delivery_mode": properties.delivery_mode,
        "priority": properties.priority,
    });
    let Value::Object(all) = all else {
        return String::new();
    };
    let given: Map<_, _> = all
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    Value::Object(given).to_string()
}

/// The headers as JSON.
pub(super) fn headers_to_json(headers: &[(String, HeaderValue)]) -> String {
    table_json(headers).to_string()
}

/// Both from JSON; `None` if it is damaged.
pub(super) fn from_json(properties: &str, headers: &str) -> Option<Properties> {
    let properties: Map<String, Value> = serde_json::from_str(properties).ok()?;
    let headers: Map<String, Value> = serde_json::from_str(headers).ok()?;
    let text = |name: &str| properties.get(name)?.as_str().map(str::to_owned);
    let number = |name: &str| properties.get(name)?.as_u64();
    Some(Properties {
        content_type: text("content_type"),
        content_encoding: text("content_encoding"),
        message_id: text("message_id"),
        correlation_id: text("correlation_id"),
        reply_to: text("reply_to"),
        type_: text("type"),
        app_id: text("app_id"),
        timestamp: number("timestamp"),
        expiration: text("expiration"),
        user_id: text("user_id"),
        delivery_mode: number("delivery_mode").and_then(|n| u8::try_from(n).ok()),
        priority: number("priority").and_then(|n| u8::try_from(n).ok()),
        headers: table_from(&headers),
    })
}

/// Types that JSON has map to themselves; the others are objects with one key that starts with
/// a dollar sign.
fn value_json(value: &HeaderValue) -> Value {
    match value {
        HeaderValue::Bool(value) => json!(value),
        HeaderValue::Int(value) => json!(value),
        HeaderValue::Text(value) => json!(value),
        HeaderValue::Void => Value::Null,
        HeaderValue::List(values) => values.iter().map(value_json).collect(),
        HeaderValue::Table(entries) => table_json(entries),
        HeaderValue::Uint(value) => json!({ "$uint": value }),
        HeaderValue::Float(value) => json!({ "$float": value.to_string() }),
        HeaderValue::Timestamp(value) => json!({ "$timestamp": value }),
        HeaderValue::Decimal { scale, value } => json!({ "$decimal": [scale, value] }),
        HeaderValue::Bytes(bytes) => json!({ "$bytes": bytes }),
    }
}

fn table_json(entries: &[(String, HeaderValue)]) -> Value {
    let entries = entries
        .iter()
        .map(|(name, value)| (name.clone(), value_json(value)));
    Value::Object(entries.collect())
}

fn table_from(entries: &Map<String, Value>) -> Vec<(String, HeaderValue)> {
    let entries = entries.iter();
    entries
        .map(|(name, value)| (name.clone(), value_from(value)))
        .collect()
}

fn value_from(value: &Value) -> HeaderValue {
    match value {
        Value::Null => HeaderValue::Void,
        Value::Bool(value) => HeaderValue::Bool(*value),
        Value::Number(number) => number.as_i64().map_or(HeaderValue::Void, HeaderValue::Int),
        Value::String(text) => HeaderValue::Text(text.clone()),
        Value::Array(values) => HeaderValue::List(values.iter().map(value_from).collect()),
        Value::Object(entries) => {
            marked(entries).unwrap_or_else(|| HeaderValue::Table(table_from(entries)))
        }
    }
}

fn marked(entries: &Map<String, Value>) -> Option<HeaderValue> {
    let (mark, value) = entries.iter().next().filter(|_| entries.len() == 1)?;
    match mark.as_str() {
        "$uint" => value.as_u64().map(HeaderValue::Uint),
        "$timestamp" => value.as_u64().map(HeaderValue::Timestamp),
        "$float" => value.as_str()?.parse().ok().map(HeaderValue::Float),
        "$bytes" => {
            let bytes = value.as_array()?.iter();
            let bytes = bytes.map(|byte| u8::try_from(byte.as_u64()?).ok());
            bytes.collect::<Option<_>>().map(HeaderValue::Bytes)
        }
        "$decimal" => {
            let [scale, value] = value.as_array()?.as_slice() else {
                return None;
            };
            Some(HeaderValue::Decimal {
                scale: u8::try_from(scale.as_u64()?).ok()?,
                value: u32::try_from(value.as_u64()?).ok()?,
            })
        }
        _ => None,
    }
}
