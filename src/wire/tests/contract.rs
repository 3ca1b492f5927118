//! The documents of the contract as documents: sound, complete, and true of what goes out.

use std::collections::BTreeSet;

use super::outbound::{ended, unopened};
use super::schemas::accepts;
use super::*;
use crate::domain::completion::{DOCUMENTS_MAX, ERRORS_MAX, MESSAGES_MAX};
use crate::domain::{Completion, Kind, Status};

fn schemas() -> impl Iterator<Item = (&'static str, Value)> {
    schema::schemas().map(|(name, text)| (name, serde_json::from_str(text).unwrap()))
}

pub(super) fn names(object: &Value) -> BTreeSet<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn every_type_has_a_schema_and_every_schema_is_sound() {
    let known: Vec<_> = schema::schemas().map(|(name, _)| name).collect();
    assert!(type_names().all(|name| known.contains(&name)), "{known:?}");
    assert_eq!(known.len(), BTreeSet::from_iter(&known).len());
    for (name, schema) in schemas() {
        assert!(jsonschema::meta::is_valid(&schema), "{name}");
        assert_eq!(
            schema["$schema"],
            "https://json-schema.org/draft/2020-12/schema"
        );
        assert!(schema["title"].is_string() && described(&schema), "{name}");
    }
    assert!(schema::schema("upload.exploded").is_none());
}

/// Whether it describes itself and each of its fields.
fn described(schema: &Value) -> bool {
    let says = schema["description"].as_str();
    let parts = [&schema["properties"], &schema["items"]["properties"]];
    let fields = parts.into_iter().filter_map(Value::as_object);
    says.is_some_and(|text| text.ends_with('.'))
        && fields.flatten().all(|(_, field)| described(field))
}

#[test]
fn what_schemas_repeat_is_the_same_in_all_of_them() {
    let mut known = serde_json::Map::new();
    for (name, mut schema) in schemas() {
        let Value::Object(definitions) = schema["$defs"].take() else {
            continue;
        };
        for (word, definition) in definitions {
            let first = known.entry(word).or_insert(definition.clone());
            assert_eq!(*first, definition, "{name}");
        }
    }
    let limits = Limits::default();
    assert_eq!(known["name"]["maxLength"], limits.name_bytes);
    assert_eq!(known["text"]["maxLength"], limits.text_bytes);
    assert_eq!(known["count"]["maximum"], Limits::COUNT_MAX);
    assert_eq!(known["form"]["maxProperties"], limits.items);
}

#[test]
fn limits_in_schemas_are_those_of_the_code() {
    let limits = Limits::default();
    let limit = |name: &str, pointer: &str| {
        let schema: Value = serde_json::from_str(schema::schema(name).unwrap()).unwrap();
        schema.pointer(pointer).unwrap().as_u64().unwrap()
    };
    let items = limits.items as u64;
    assert_eq!(limit("upload.items", "/properties/items/maxItems"), items);
    assert_eq!(
        limit("order.opened", "/properties/attachments/maxItems"),
        items
    );
    let messages = "/properties/items/items/properties/messages/maxItems";
    assert_eq!(
        limit("upload.items", messages),
        Limits::MESSAGES_PER_ITEM as u64
    );
    assert_eq!(
        limit("event", "/properties/sequence/maximum"),
        Limits::SEQUENCE_MAX
    );
    let body = |pointer| limit(crate::wire::encode::completion::COMPLETED, pointer);
    assert_eq!(body("/properties/errors/maxItems"), ERRORS_MAX as u64);
    assert_eq!(
        body("/properties/document_ids/maxItems"),
        DOCUMENTS_MAX as u64
    );
    let messages = "/properties/errors/items/properties/messages/maxItems";
    assert_eq!(body(messages), MESSAGES_MAX as u64);
}

#[test]
fn the_envelopes_name_all_types_and_no_others() {
    for envelope in ["event", "cloudevent"] {
        let schema: Value = serde_json::from_str(schema::schema(envelope).unwrap()).unwrap();
        let known = type_names().map(Value::from).chain([Value::Null]);
        let listed = &schema["properties"]["type"]["enum"];
        assert_eq!(*listed, Value::from_iter(known));
        let rules = schema["allOf"].as_array().unwrap().iter();
        let chosen = rules.flat_map(|rule| {
            let types = rule.pointer("/if/properties/type/enum").unwrap();
            types.as_array().unwrap().clone()
        });
        let chosen: BTreeSet<_> = chosen.map(|name| name.to_string()).collect();
        assert_eq!(chosen.len(), type_names().count());
    }
}

/// Everything that is published, as it is really written.
pub(super) fn published() -> Vec<Outbound> {
    let body = without(event("order.opened", json!({})), "token").to_string();
    let message = Message {
        reply_to: Some("answers"),
        ..plain(body.as_bytes())
    };
    let opening = decode_default(&message).unwrap().event;
    let mut problem = Problem::new(Reason::InvalidForm, "#/data/form is empty".to_owned());
    let refused = refusal(&opening, &problem).unwrap();
    problem.errors = vec![
        FieldFault {
            detail: "is missing".to_owned(),
            pointer: Some("#/data/form/a".to_owned()),
        },
        FieldFault {
            detail: "is odd".to_owned(),
            pointer: None,
        },
    ];
    let entered = StageEntered {
        number: 2,
        data_id: opening.key().0,
        token: opening.token.clone(),
        tenant: opening.tenant.clone(),
        workflow: "purchase".to_owned(),
        stage: "review".to_owned(),
        entered_at: opening.stamp.time,
        form: [("amount".to_owned(), "12.5".to_owned())].into(),
    };
    let mut traced = ended();
    traced.opening.as_mut().unwrap().tracestate = Some("vendor=1".to_owned());
    let mut all = vec![
        completion(&traced, Some("c")),
        refused,
        refusal(&opening, &problem).unwrap(),
        token_reply(&opening),
        stage_entered(&entered),
        completion(&unopened(), None),
    ];
    for kind in Kind::ALL {
        let statuses = Status::ALL.into_iter().filter(|status| status.is_final());
        all.extend(statuses.map(|status| completion(&ended_as(kind, status), None)));
    }
    all
}

fn ended_as(kind: Kind, status: Status) -> Completion {
    Completion {
        kind,
        status,
        ..ended()
    }
}

#[test]
fn what_goes_out_is_what_its_schema_says() {
    for message in published() {
        let body: Value = serde_json::from_str(&message.body).unwrap();
        assert!(accepts(message.type_, &body), "{body}");
        let schema: Value = serde_json::from_str(schema::schema(message.type_).unwrap()).unwrap();
        let documented = names(&schema["properties"]);
        assert!(names(&body).is_subset(&documented), "{body}");
        for needed in schema["required"].as_array().unwrap() {
            let mut less = body.clone();
            less.as_object_mut()
                .unwrap()
                .remove(needed.as_str().unwrap());
            assert!(!accepts(message.type_, &less), "{less}");
        }
    }
}
