//! The contract as documents: a JSON Schema of every message, and AsyncAPI for the channels.
//!
//! The schemas describe what [`mod@super::decode`] accepts, as far as a schema can, with the
//! default limits. Each is self-contained, except those of the envelopes, which refer to the
//! others.

use std::sync::LazyLock;

use serde_json::{Map, Value};

use super::decode::event_types::{self, Shape};
use super::encode::completion::{COMPLETED, REFUSED, TOKEN};
use super::encode::stage::STAGE_ENTERED;

/// Schemas that are not of an event type: the envelopes, and published messages.
const OTHERS: [(&str, &str); 6] = [
    ("event", include_str!("schemas/event.json")),
    ("cloudevent", include_str!("schemas/cloudevent.json")),
    (COMPLETED, include_str!("schemas/completion.json")),
    (TOKEN, include_str!("schemas/token.json")),
    (REFUSED, include_str!("schemas/refusal.json")),
    (STAGE_ENTERED, include_str!("schemas/stage-entered.json")),
];

const ENVELOPES: [&str; 2] = ["event", "cloudevent"];
/// The channels, without the schemas of their messages.
const CHANNELS: &str = include_str!("schemas/asyncapi.json");
/// Where a schema keeps what it repeats.
const DEFINITIONS: &str = "$defs";
const REFERENCE: &str = "$ref";
/// What follows the name of another schema in a reference to it.
const ENDING: &str = ".json";

/// The schemas by name: that of an event type describes its `data`, that of a published type the
/// body; `event` and `cloudevent` are the envelopes.
pub fn schemas() -> impl Iterator<Item = (&'static str, &'static str)> {
    let data = event_types::all().map(|event_type| (event_type.name, data(event_type.shape)));
    data.chain(OTHERS)
}

/// The schema of that name.
#[must_use]
pub fn schema(name: &str) -> Option<&'static str> {
    let mut schemas = schemas();
    schemas.find_map(|(known, text)| (known == name).then_some(text))
}

/// The schemas of what Waybill accepts, event types and envelopes, as components of a document that
/// has them in `#/components/schemas`.
///
/// # Errors
///
/// When a schema is no JSON, which none is.
pub fn accepted() -> serde_json::Result<Map<String, Value>> {
    let mut accepted = components()?;
    accepted.retain(|name, _| {
        event_types::all().any(|t| t.name == name) || ENVELOPES.contains(&name.as_str())
    });
    Ok(accepted)
}

/// The AsyncAPI document, in which all schemas are.
#[must_use]
pub fn asyncapi() -> &'static str {
    static DOCUMENT: LazyLock<String> = LazyLock::new(|| {
        assembled().unwrap_or_else(|error| {
            debug_assert!(false, "our own documents are JSON: {error}");
            String::new()
        })
    });
    &DOCUMENT
}

const fn data(shape: Shape) -> &'static str {
    match shape {
        Shape::Received => include_str!("schemas/received.json"),
        Shape::Opened => include_str!("schemas/opened.json"),
        Shape::Pushed => include_str!("schemas/pushed.json"),
        Shape::Step => include_str!("schemas/step.json"),
        Shape::Progress => include_str!("schemas/progress.json"),
        Shape::Items => include_str!("schemas/items.json"),
        Shape::Completed => include_str!("schemas/completed.json"),
        Shape::Failed => include_str!("schemas/failed.json"),
        Shape::Cancelled => include_str!("schemas/cancelled.json"),
    }
}

fn assembled() -> serde_json::Result<String> {
    let mut document: Value = serde_json::from_str(CHANNELS)?;
    let place = |part: Option<&mut Value>, name: &str, value| {
        if let Some(Value::Object(part)) = part {
            part.insert(name.to_owned(), value);
        }
    };
    let version = env!("CARGO_PKG_VERSION").into();
    place(document.get_mut("info"), "version", version);
    let components = Value::Object(components()?);
    place(document.get_mut("components"), "schemas", components);
    serde_json::to_string_pretty(&document)
}

/// The schemas by name, each with references to the others as components.
fn components() -> serde_json::Result<Map<String, Value>> {
    let mut components = Map::new();
    for (name, text) in schemas() {
        let schema: Map<String, Value> = serde_json::from_str(text)?;
        let definitions = schema.get(DEFINITIONS).cloned().unwrap_or_default();
        components.insert(name.to_owned(), component(schema, &definitions));
    }
    Ok(components)
}

/// A schema in the older dialect of AsyncAPI: without definitions of its own, and with nothing
/// beside a reference.
fn component(schema: Map<String, Value>, definitions: &Value) -> Value {
    let mut part = Map::new();
    for (key, value) in schema {
        match (key.as_str(), &value) {
            ("$schema" | DEFINITIONS, _) => {}
            (REFERENCE, Value::String(target)) => match target.strip_suffix(ENDING) {
                Some(name) => {
                    let target = ["#/components/schemas/", name].concat();
                    part.insert(key, target.into());
                }
                None => spread(&mut part, target, definitions),
            },
            _ => drop(part.insert(key, inside(value, definitions))),
        }
    }
    Value::Object(part)
}

/// Inserts a definition. The members beside the reference are narrower and override it.
fn spread(part: &mut Map<String, Value>, target: &str, definitions: &Value) {
    let name = target.trim_start_matches("#/$defs/");
    let Some(Value::Object(definition)) = definitions.get(name) else {
        debug_assert!(false, "{target} is defined");
        return;
    };
    if let Value::Object(definition) = component(definition.clone(), definitions) {
        for (key, value) in definition {
            part.entry(key).or_insert(value);
        }
    }
}

fn inside(value: Value, definitions: &Value) -> Value {
    match value {
        Value::Object(schema) => component(schema, definitions),
        Value::Array(list) => {
            let list = list.into_iter().map(|value| inside(value, definitions));
            list.collect()
        }
        other => other,
    }
}
