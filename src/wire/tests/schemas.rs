//! The schemas against the decoder: whatever these tests decode, a schema says the same of it.

use std::collections::HashMap;
use std::sync::LazyLock;

use jsonschema::{Draft, Registry, Validator};

use super::*;

/// What no schema can say, by words of the fault. Everything else that is refused for its body is
/// refused by the schema too.
const BEYOND: [(&str, &str); 14] = [
    ("is further ahead", "a schema knows no clock"),
    ("is given twice", "a parser keeps one field of that name"),
    ("the body is over", "a schema sees no bytes"),
    ("is nested over", "a schema can't count levels"),
    ("bytes long", "a schema counts characters"),
    (
        "must be a whole number",
        "1.0 and 1e3 are whole for a schema",
    ),
    ("must be under 2^63", "a schema can't read digits in a text"),
    ("must be an RFC 3339 time", "30 February, the year 0"),
    ("contradicts", "a schema can't compare two fields"),
    ("give it, or the property", "properties may stand in"),
    ("the content encoding", "properties are not in the body"),
    ("the property ", "properties are not in the body"),
    ("the header ", "headers are not in the body"),
    (
        "application/json",
        "a media type has parameters and no case",
    ),
];
/// The same for what makes a text or a number impossible to store, at any place.
const UNSTORABLE: &str = "contains ";

type Validators = HashMap<&'static str, [Validator; 2]>;

/// Each schema as it is served, and as it is in the AsyncAPI document.
static VALIDATORS: LazyLock<Validators> = LazyLock::new(|| {
    let at = |name: &str| format!("http://waybill.test/schemas/{name}.json");
    let all = || schema::schemas().map(|(name, text)| (name, serde_json::from_str(text).unwrap()));
    let pairs: Vec<(String, Value)> = all().map(|(name, schema)| (at(name), schema)).collect();
    let registry = Registry::new().extend(pairs).unwrap().prepare().unwrap();
    let asyncapi: Value = serde_json::from_str(schema::asyncapi()).unwrap();
    let validators = all().map(|(name, served): (_, Value)| {
        let options = jsonschema::options().with_base_uri(at(name));
        let served = options.with_registry(&registry).build(&served).unwrap();
        let target = format!("#/components/schemas/{name}");
        let shown = json!({ "$ref": target, "components": asyncapi["components"] });
        let options = jsonschema::options().with_draft(Draft::Draft7);
        (name, [served, options.build(&shown).unwrap()])
    });
    validators.collect()
});

/// Whether a schema accepts a value, both as it is served and inside AsyncAPI.
pub(super) fn accepts(name: &str, value: &Value) -> bool {
    let [served, shown] = &VALIDATORS[name];
    let said = served.is_valid(value);
    assert_eq!(said, shown.is_valid(value), "{name} in AsyncAPI: {value}");
    said
}

/// Holds what the decoder said of a message against the schemas.
pub(super) fn agree(message: &Message<'_>, said: &Result<Accepted, Box<Rejection>>) {
    let envelope = match message.content_type {
        Some("application/json") if message.headers.is_empty() => "event",
        Some(stated) if stated.starts_with("application/cloudevents+json") => "cloudevent",
        _ => return,
    };
    let Ok(body) = serde_json::from_slice::<Value>(message.body) else {
        return;
    };
    match said {
        Ok(accepted) => {
            assert!(accepts(envelope, &body), "accepted: {body}");
            let data = serde_json::from_str(&accepted.data).unwrap();
            assert!(accepts(accepted.type_name, &data), "accepted: {data}");
        }
        Err(rejection) => {
            let beyond = |detail: &str| {
                BEYOND.iter().any(|(words, _)| detail.contains(words))
                    || detail.starts_with(UNSTORABLE)
            };
            let errors = &rejection.problem.errors;
            let is_beyond = errors.iter().all(|fault| beyond(&fault.detail));
            // Without its type in the body it is unknown which data it should have.
            if !is_beyond && body["type"].is_string() {
                assert!(
                    !accepts(envelope, &body),
                    "{}: {body}",
                    rejection.problem.detail
                );
            }
        }
    }
}

/// Decodes an event with this data; its schema must agree.
pub(super) fn decodes(type_: &str, data: &Value) -> bool {
    let body = event(type_, data.clone()).to_string();
    let accepted = decode_default(&plain(body.as_bytes())).is_ok();
    assert_eq!(accepts(type_, data), accepted, "{type_} {data}");
    accepted
}

#[test]
fn the_sample_events_are_what_their_schemas_say() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/events");
    let mut count = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        // `agree` checks every one of them.
        for line in text.lines() {
            let _ = decode_default(&plain(line.as_bytes()));
            count += 1;
        }
    }
    assert!(count > 20, "{count}");
}
