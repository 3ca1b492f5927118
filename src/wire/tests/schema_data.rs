//! The data of each event type: the schema accepts what the decoder accepts, and nothing else.

use proptest::prelude::*;

use super::schemas::decodes;
use crate::wire::tests::*;

/// An item's data among others.
fn item(item: Value) -> Value {
    json!({ "items": [item] })
}

/// A valid item but for this field.
fn with_field(field: &str, value: Value) -> Value {
    item(with(json!({ "identifier": "a", "ok": true }), field, value))
}

#[test]
fn a_document_may_be_named_by_any_number_of_64_bits() {
    for number in [json!(u64::MAX), json!(i64::MIN), json!(0), json!(7.0)] {
        let item = with_field("document_id", number);
        assert!(decodes("upload.items", &item), "{item}");
    }
}

#[test]
fn what_may_be_left_out_may_be_null() {
    let id = "119fbddd-46d5-528d-b7da-d90b3cc6b286";
    let attachment = json!({ "name": "n", "size": null, "uri": null });
    let outcome = json!({ "identifier": "é", "ok": true, "messages": null, "document_id": null });
    let accepted = [
        (
            "upload.received",
            json!({ "filename": null, "total": null, "attributes": null }),
        ),
        (
            "order.opened",
            json!({ "form": null, "attachments": null, "attributes": null }),
        ),
        ("order.opened", json!({ "attachments": [attachment] })),
        (
            "order.opened",
            json!({ "form": { "any": null, "thing": [{}] }, "colour": 1 }),
        ),
        (
            "order.pushed",
            json!({ "stage": null, "data_id": format!("urn:UUID:{id}") }),
        ),
        (
            "order.pushed",
            json!({ "data_id": format!("{{{}}}", id.to_uppercase()) }),
        ),
        ("order.pushed", json!({ "data_id": id.replace('-', "") })),
        (
            "order.pushed",
            json!({ "stage": "a", "data_id": null, "form": null }),
        ),
        (
            "upload.step",
            json!({ "message": "", "name": null, "state": null }),
        ),
        ("upload.progress", json!({ "done": 0, "total": null })),
        ("upload.items", item(outcome)),
        ("upload.completed", json!({ "total": null })),
        ("upload.failed", json!({ "message": null, "code": null })),
        ("upload.cancelled", json!({ "reason": null })),
    ];
    for (type_, data) in &accepted {
        assert!(decodes(type_, data), "{type_} {data}");
    }
}

#[test]
fn no_data_is_as_good_as_null() {
    for type_ in type_names() {
        let null = event(type_, Value::Null);
        let absent = without(null.clone(), "data");
        let [null, absent] = [null, absent].map(|event| event.to_string());
        let [null, absent] = [null, absent].map(|body| verdict(&plain(body.as_bytes())));
        assert_eq!(null, absent);
    }
}

fn refused<const N: usize>(cases: [(&str, Value); N]) {
    for (type_, data) in &cases {
        assert!(!decodes(type_, data), "{type_} {data}");
    }
}

#[test]
fn what_is_wrong_with_uploads_the_schema_refuses_too() {
    let count = (1_u64 << 53) + 1;
    refused([
        ("upload.received", json!({ "filename": 7 })),
        ("upload.received", json!({ "filename": " \u{3000}" })),
        ("upload.received", json!({ "module": "a\tb" })),
        ("upload.received", json!({ "group": "x".repeat(201) })),
        ("upload.received", json!({ "total": "7" })),
        ("upload.received", json!({ "total": -1 })),
        ("upload.received", json!({ "documents": 1.5 })),
        ("upload.received", json!({ "total": count })),
        ("upload.received", json!({ "attributes": "a" })),
        ("upload.received", json!([])),
        ("upload.step", json!({ "message": null, "name": null })),
        ("upload.step", json!({ "message": "x".repeat(4_097) })),
        ("upload.step", json!({ "name": "" })),
        ("upload.step", json!({ "name": "n", "state": "Done" })),
        ("upload.completed", json!({ "total": -3 })),
        ("upload.failed", json!({ "code": "a\u{85}b" })),
        ("upload.cancelled", json!({ "reason": {} })),
    ]);
}

#[test]
fn what_is_wrong_with_orders_the_schema_refuses_too() {
    let attached = |attachment: Value| json!({ "attachments": [attachment] });
    let fields: serde_json::Map<_, _> = (0..1_001).map(|n| (n.to_string(), json!(n))).collect();
    refused([
        ("order.opened", json!({ "workflow_id": "" })),
        ("order.opened", json!({ "form": { "a\nb": 1 } })),
        ("order.opened", json!({ "form": { "": 1 } })),
        ("order.opened", json!({ "form": fields })),
        ("order.opened", attached(json!("a"))),
        ("order.opened", attached(json!({ "name": null }))),
        ("order.opened", attached(json!({ "name": "n", "size": -1 }))),
        (
            "order.opened",
            attached(json!({ "name": "n", "uri": "x".repeat(4_097) })),
        ),
        ("order.pushed", json!({ "stage": null, "data_id": null })),
        (
            "order.pushed",
            json!({ "data_id": "119fbddd-46d5-528d-b7da-d90b3cc6b28" }),
        ),
        ("order.pushed", json!({ "stage": "a", "form": [1] })),
    ]);
}

#[test]
fn what_is_wrong_with_items_and_counters_the_schema_refuses_too() {
    let many = vec![json!({ "identifier": "a", "ok": true }); 1_001];
    refused([
        ("order.progress", json!({ "done": null })),
        ("order.progress", json!({ "done": true, "total": 1 })),
        ("order.items", json!({ "items": null })),
        ("order.items", json!({ "items": many })),
        ("order.items", item(json!(null))),
        ("order.items", with_field("ok", json!(null))),
        ("order.items", with_field("ok", json!("true"))),
        ("order.items", with_field("messages", json!([null]))),
        ("order.items", with_field("messages", json!(vec!["m"; 101]))),
        ("order.items", with_field("document_id", json!(true))),
        ("order.items", with_field("document_id", json!(7.5))),
        ("order.items", with_field("document_id", json!(1.0e20))),
    ]);
}

/// Values that are right somewhere and wrong elsewhere.
fn leaf() -> impl Strategy<Value = Value> {
    let other = prop::sample::select(vec![
        json!(true),
        // One count only: two that contradict each other are beyond a schema.
        json!(3),
        json!(-3),
        json!(1.5),
        json!(""),
        json!(" "),
        json!("\u{a0}é"),
        json!("\u{feff}"),
        json!("a\nb"),
        json!("a\u{85}b"),
        json!("done"),
        json!("x".repeat(201)),
    ]);
    let id = json!("119fbddd-46d5-528d-b7da-d90b3cc6b286");
    let usual = prop::sample::select(vec![json!(null), json!("a"), id]);
    prop_oneof![usual, other]
}

/// The same, and lists and objects of them.
fn value() -> impl Strategy<Value = Value> {
    let nested = [
        fields("upload.items", "/properties/items/items/properties"),
        fields("order.opened", "/properties/attachments/items/properties"),
    ];
    let nested = nested.concat();
    let lists = leaf().prop_recursive(3, 12, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!(list)),
            object(nested.clone(), inner),
        ]
    });
    prop_oneof![3 => leaf(), 1 => lists]
}

/// An object with some of these fields, or with an unknown one.
fn object(names: Vec<String>, value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let unknown = ["colour".to_owned()];
    let name = prop::sample::select(names.into_iter().chain(unknown).collect::<Vec<_>>());
    prop::collection::btree_map(name, value, 0..5).prop_map(|map| json!(map))
}

/// The fields that a part of a schema names.
fn fields(type_: &str, pointer: &str) -> Vec<String> {
    let schema: Value = serde_json::from_str(schema::schema(type_).unwrap()).unwrap();
    let properties = schema.pointer(pointer).and_then(Value::as_object);
    properties
        .into_iter()
        .flatten()
        .map(|(name, _)| name.clone())
        .collect()
}

fn typed_data() -> impl Strategy<Value = (&'static str, Value)> {
    prop::sample::select(type_names().collect::<Vec<_>>())
        .prop_flat_map(|type_| (Just(type_), object(fields(type_, "/properties"), value())))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn decoder_and_schema_take_the_same_data(
        (type_, data) in typed_data(),
    ) {
        decodes(type_, &data);
    }
}
