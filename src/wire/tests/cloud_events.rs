//! The two encodings of CloudEvents 1.0.

use expect_test::expect;

use crate::domain::Happening;
use crate::wire::tests::*;

fn structured() -> Value {
    json!({
        "specversion": "1.0",
        "id": "e1",
        "type": "upload.received",
        "source": "scanner",
        "subject": "t1",
        "time": "2026-02-03T04:05:06Z",
        "tenant": "acme",
        "sequence": "7",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "datacontenttype": "application/json",
        "data": { "filename": "a.pdf" },
    })
}

fn cloud(body: &[u8]) -> Message<'_> {
    Message {
        body,
        content_type: Some("application/cloudevents+json; charset=utf-8"),
        ..Message::default()
    }
}

const BINARY: [(&str, HeaderValue<'_>); 8] = [
    ("specversion", HeaderValue::Text("1.0")),
    ("id", HeaderValue::Text("e1")),
    ("type", HeaderValue::Text("upload.received")),
    ("source", HeaderValue::Text("scanner")),
    ("subject", HeaderValue::Text("t1")),
    ("time", HeaderValue::Text("2026-02-03T04:05:06Z")),
    ("tenant", HeaderValue::Text("acme")),
    ("sequence", HeaderValue::Text("7")),
];

/// What is said about an event in binary mode with these attributes instead of the usual ones.
fn binary_verdict(body: &[u8], changes: &[(&'static str, HeaderValue<'_>)]) -> String {
    let mut attributes = BINARY.to_vec();
    for &(name, value) in changes {
        attributes.retain(|(known, _)| *known != name);
        attributes.push((name, value));
    }
    let named: Vec<_> = attributes
        .iter()
        .map(|(name, value)| (format!("cloudEvents_{name}"), *value))
        .collect();
    let headers: Vec<_> = named
        .iter()
        .map(|(name, value)| (name.as_str(), *value))
        .collect();
    verdict(&Message {
        body,
        headers: &headers,
        ..Message::default()
    })
}

#[test]
fn all_three_encodings_say_the_same() {
    let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let data = json!({ "filename": "a.pdf" });
    let mut own = with(
        event("upload.received", data.clone()),
        "tenant",
        json!("acme"),
    );
    own["sequence"] = json!(7);
    let own = own.to_string();
    let trace = [("traceparent", HeaderValue::Text(parent))];
    let as_plain = decode_default(&with_headers(&own, &trace)).unwrap();

    let body = structured().to_string();
    assert_eq!(decode_default(&cloud(body.as_bytes())).unwrap(), as_plain);

    let body = data.to_string();
    for prefix in ["cloudEvents_", "cloudEvents:", "ce-", "CE-", "cloudevents_"] {
        let named = BINARY.map(|(name, value)| (format!("{prefix}{name}"), value));
        let mut headers: Vec<_> = named
            .iter()
            .map(|(name, value)| (name.as_str(), *value))
            .collect();
        headers.extend(trace);
        for content_type in [None, Some("application/json")] {
            let message = Message {
                body: body.as_bytes(),
                content_type,
                headers: &headers,
                ..Message::default()
            };
            assert_eq!(decode_default(&message).unwrap(), as_plain, "{prefix}");
        }
    }
}

#[test]
fn a_structured_event_keeps_the_rules() {
    let cases = [
        ("colour", json!("an unknown attribute")),
        ("specversion", Value::Null),
        ("specversion", json!("0.3")),
        ("sequence", json!(7)),
        ("sequence", json!("-7")),
        ("sequence", json!("A")),
        ("sequence", json!("9223372036854775808")),
        ("subject", json!("")),
        ("datacontenttype", json!("text/xml")),
        ("datacontenttype", json!("application/x+json")),
        ("data_base64", json!("e30=")),
        ("data", json!({ "total": "x" })),
        ("data", Value::Null),
        ("id", Value::Null),
        ("type", json!("upload.completed.twice")),
    ];
    let lines = lines(cases.map(|(field, value)| {
        let body = with(structured(), field, value.clone()).to_string();
        (format!("{field} {value}"), verdict(&cloud(body.as_bytes())))
    }));
    expect![[r#"
        colour "an unknown attribute": accepted
        specversion null: invalid_field | #/specversion must be 1.0
        specversion "0.3": invalid_field | #/specversion must be 1.0
        sequence 7: accepted
        sequence "-7": invalid_field | #/sequence must be a whole number, 0 or more
        sequence "A": invalid_field | #/sequence must be a whole number, 0 or more
        sequence "9223372036854775808": invalid_field | #/sequence must be under 2^63
        subject "": invalid_field | #/subject must not be blank
        datacontenttype "text/xml": unsupported_content_type | #/datacontenttype must be application/json
        datacontenttype "application/x+json": accepted
        data_base64 "e30=": unsupported_content_type | #/data_base64 is not accepted; give the data as JSON in `data`
        data {"total":"x"}: invalid_field | #/data/total must be a whole number, 0 or more
        data null: accepted
        id null: missing_identity | #/id is missing; give it, or the property message_id
        type "upload.completed.twice": unknown_type | #/type is no event type; names look like upload.received or order.step
    "#]].assert_eq(&lines);
}

#[test]
fn a_cloud_event_without_a_subject_has_no_token() {
    let ending = with(structured(), "type", json!("upload.completed"));
    let body = without(ending, "subject").to_string();
    expect!["missing_token | #/subject is missing; give it, or the property correlation_id"]
        .assert_eq(&verdict(&cloud(body.as_bytes())));
}

#[test]
fn a_binary_event_keeps_the_rules() {
    use HeaderValue::{Integer, Other, Text};
    let data = br#" { "filename": "a.pdf" } "#.as_slice();
    let said = |changes: &[(&'static str, HeaderValue<'_>)]| binary_verdict(data, changes);
    let cases = [
        ("good", said(&[])),
        ("no body", binary_verdict(b"", &[])),
        ("a body that is no document", binary_verdict(b"{", &[])),
        (
            "a fault in the body",
            binary_verdict(br#"{"total":-1}"#, &[]),
        ),
        (
            "other data",
            said(&[("datacontenttype", Text("text/plain"))]),
        ),
        ("specversion 2", said(&[("specversion", Text("2.0"))])),
        ("id an integer", said(&[("id", Integer(5))])),
        ("time a timestamp", said(&[("time", Other)])),
        ("sequence an integer", said(&[("sequence", Integer(7))])),
        ("sequence below 0", said(&[("sequence", Integer(-7))])),
        ("sequence a float", said(&[("sequence", Other)])),
        ("sequence a text", said(&[("sequence", Text("x"))])),
        ("an empty id", said(&[("id", Text(""))])),
        ("an unknown type", said(&[("type", Text("x"))])),
        ("traceparent a float", said(&[("traceparent", Other)])),
    ];
    expect![[r#"
        good: accepted
        no body: accepted
        a body that is no document: undecodable | - the body ends in the middle of the document, at line 1 column 1
        a fault in the body: invalid_field | #/total must be a whole number, 0 or more
        other data: unsupported_content_type | - the content type must be application/json or application/cloudevents+json
        specversion 2: invalid_field | - the header specversion must be 1.0
        id an integer: invalid_field | - the header id must be a text | - the header id is missing; give it, or the property message_id
        time a timestamp: invalid_field | - the header time must be a text
        sequence an integer: accepted
        sequence below 0: invalid_field | - the header sequence must be a whole number, 0 or more
        sequence a float: invalid_field | - the header sequence must be a whole number, 0 or more
        sequence a text: invalid_field | - the header sequence must be a whole number, 0 or more
        an empty id: invalid_field | - the header id must not be blank
        an unknown type: unknown_type | - the header type is no event type; names look like upload.received or order.step
        traceparent a float: accepted
    "#]].assert_eq(&lines(cases));
}

#[test]
fn properties_stand_in_for_attributes_of_cloud_events_too() {
    let body = json!({ "specversion": "1.0", "data": { "message": "m" } }).to_string();
    let headers = [("ce-specversion", HeaderValue::Text("1.0"))];
    let properties = Message {
        routing_key: "upload.step",
        message_id: Some("m1"),
        correlation_id: Some("c1"),
        app_id: Some("a1"),
        timestamp: Some(1_700_000_000),
        ..cloud(body.as_bytes())
    };
    let binary = Message {
        body: br#"{"message":"m"}"#,
        content_type: None,
        headers: &headers,
        ..properties
    };
    let structured = decode_default(&properties).unwrap();
    assert_eq!(structured.event.token, "c1");
    assert_eq!(structured.event.happening, Happening::Step);
    assert_eq!(structured.event, decode_default(&binary).unwrap().event);
}

#[test]
fn the_tenant_of_a_cloud_event_must_not_contradict_the_header() {
    let body = structured().to_string();
    let headers = [("tenant", HeaderValue::Text("other"))];
    let message = Message {
        headers: &headers,
        ..cloud(body.as_bytes())
    };
    expect!["tenant_mismatch | #/tenant contradicts the header tenant"]
        .assert_eq(&verdict(&message));
    let refused = decode_default(&message).unwrap_err();
    assert_eq!(refused.tenant.as_deref(), Some("acme"));
    assert_eq!(refused.token.as_deref(), Some("t1"));
}
