//! Whatever comes in: no panic, and what is accepted keeps the limits.

use proptest::prelude::*;
use serde_json::value::RawValue;

use crate::domain::{Event, Happening};
use crate::wire::tests::*;

/// Small, so that chance reaches them.
const LIMITS: Limits = Limits {
    body_bytes: 512,
    nesting: 6,
    name_bytes: 12,
    items: 2,
    text_bytes: 16,
    header_bytes: 64,
    future: jiff::SignedDuration::from_hours(24),
};

/// One of the values that go wrong somewhere.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(|truth| json!(truth)),
        any::<i64>().prop_map(|number| json!(number)),
        any::<f64>().prop_map(|number| json!(number)),
        "[a-z]{0,16}".prop_map(|text| json!(text)),
        any::<String>().prop_map(|text| json!(text)),
        Just(json!("2026-01-31T12:00:00Z")),
        Just(json!("running")),
    ];
    leaf.prop_recursive(4, 12, 3, |inner| {
        let key = prop_oneof![
            Just("items".to_owned()),
            Just("identifier".to_owned()),
            Just("ok".to_owned()),
            Just("messages".to_owned()),
            Just("message".to_owned()),
            Just("total".to_owned()),
            Just("done".to_owned()),
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(|list| json!(list)),
            prop::collection::btree_map(key, inner, 0..4).prop_map(|map| json!(map)),
        ]
    })
}

/// A valid event, or one with a few fields replaced.
fn almost_valid() -> impl Strategy<Value = String> {
    let types: Vec<_> = type_names().collect();
    let data = prop_oneof![
        Just(json!({ "message": "m", "items": [{ "identifier": "a", "ok": true }], "done": 1 })),
        value(),
    ];
    let field = prop::sample::select(vec![
        "id", "type", "token", "time", "source", "tenant", "sequence", "data", "colour",
    ]);
    let changes = prop::collection::vec((field, value()), 0..3);
    (prop::sample::select(types), data, changes).prop_map(|(type_, data, changes)| {
        let event = changes
            .into_iter()
            .fold(event(type_, data), |event, (field, value)| {
                with(event, field, value)
            });
        event.to_string()
    })
}

/// Its bytes, perhaps with some replaced, cut or doubled.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edit = (any::<prop::sample::Index>(), any::<u8>(), 0..4_u8);
    (almost_valid(), prop::collection::vec(edit, 0..3)).prop_map(|(text, edits)| {
        edits
            .into_iter()
            .fold(text.into_bytes(), |mut bytes, (place, byte, what)| {
                if bytes.is_empty() {
                    return bytes;
                }
                let at = place.index(bytes.len());
                match what {
                    0 => bytes[at] = byte,
                    1 => bytes.insert(at, byte),
                    2 => bytes.truncate(at),
                    _ => drop(bytes.remove(at)),
                }
                bytes
            })
    })
}

fn keeps_limits(accepted: &Accepted) {
    let Event {
        tenant,
        token,
        stamp,
        happening,
        ..
    } = &accepted.event;
    for name in [tenant, token, &stamp.source, &stamp.id] {
        keeps_name(name);
    }
    assert!(
        stamp
            .sequence
            .is_none_or(|count| count <= Limits::SEQUENCE_MAX)
    );
    assert!(accepted.data.starts_with('{'), "{}", accepted.data);
    assert!(serde_json::from_str::<&RawValue>(&accepted.data).is_ok());
    match happening {
        Happening::Items(items) => {
            assert!(items.len() <= LIMITS.items);
            for item in items {
                keeps_name(&item.identifier);
                let texts = item.messages.iter();
                texts.for_each(|text| assert!(text.len() <= LIMITS.text_bytes));
            }
        }
        Happening::Progress { done, total } => {
            let counts = [done, total].into_iter().flatten();
            counts.for_each(|count| assert!(*count <= Limits::COUNT_MAX));
        }
        Happening::Opened(opening) => {
            let names = [&opening.filename, &opening.module, &opening.group];
            names
                .into_iter()
                .flatten()
                .for_each(|name| keeps_name(name));
        }
        Happening::Failed { message, .. } => {
            assert!(
                message
                    .as_ref()
                    .is_none_or(|text| text.len() <= LIMITS.text_bytes)
            );
        }
        Happening::Pushed(push) => push.form.keys().for_each(|field| keeps_name(field)),
        Happening::Step | Happening::Completed { .. } | Happening::Cancelled { .. } => {}
    }
}

fn keeps_name(name: &str) {
    assert!((1..=LIMITS.name_bytes).contains(&name.len()) || uuid::Uuid::parse_str(name).is_ok());
    assert!(!name.chars().any(char::is_control));
}

fn validator(message: &Message<'_>) {
    match decode(message, &LIMITS, arrived()) {
        Ok(accepted) => keeps_limits(&accepted),
        Err(rejection) => {
            assert!(!rejection.problem.errors.is_empty());
            let parts = [&rejection.tenant, &rejection.token, &rejection.id];
            for part in parts.into_iter().flatten() {
                assert!(part.len() <= LIMITS.name_bytes && !part.contains('\0'));
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..64)) {
        validator(&plain(&body));
    }

    #[test]
    fn mutated_events_never_panic_and_accepted_ones_keep_the_limits(body in mutated()) {
        validator(&plain(&body));
        validator(&Message { content_type: Some("application/cloudevents+json"), ..plain(&body) });
    }

    #[test]
    fn random_properties_and_headers_never_panic(
        texts in prop::collection::vec(any::<String>(), 5),
        name in prop_oneof![Just("ce-id"), Just("cloudEvents:time"), Just("tenant"), Just("ce-é")],
        body in almost_valid(),
    ) {
        let headers = [(name, HeaderValue::Text(&texts[0])), ("ce-sequence", HeaderValue::Text(&texts[1]))];
        validator(&Message {
            routing_key: &texts[1],
            message_id: Some(&texts[2]),
            correlation_id: Some(&texts[3]),
            reply_to: Some(&texts[4]),
            headers: &headers,
            ..plain(body.as_bytes())
        });
    }
}
