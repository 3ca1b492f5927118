//! What each event type must and may say.

use expect_test::expect;

use crate::domain::Happening;
use crate::wire::tests::*;

#[test]
fn each_type_becomes_its_happening() {
    let item = json!({
        "identifier": "page-1",
        "ok": false,
        "messages": ["upside down"],
        "document_id": "d1",
        "data": { "x":  1.50 },
    });
    let opening = json!({
        "filename": "a.pdf",
        "module": "scanner",
        "workflow_id": "intake",
        "group": "g",
        "documents": 3,
        "attributes": { "desk": 4 },
    });
    let events = [
        event("upload.received", opening),
        event("upload.step", json!({ "name": "scan", "state": "done" })),
        event("order.progress", json!({ "done": 1, "total": 3 })),
        event("order.items", json!({ "items": [item] })),
        event("order.items", json!({ "items": [] })),
        event("upload.completed", json!({ "total": 3 })),
        event("upload.failed", json!({ "message": "broken", "code": "c" })),
        event("order.cancelled", json!({ "reason": "doubled" })),
    ];
    let lines = happenings(&events);
    expect![[r#"
        upload.received Upload Opened(Opening { filename: Some("a.pdf"), module: Some("scanner"), workflow: Some("intake"), group: Some("g"), total: Some(3), attributes: Some("{\"desk\":4}"), order: None, reply_to: None, traceparent: None, tracestate: None })
        upload.step Upload Step
        order.progress Order Progress { done: Some(1), total: Some(3) }
        order.items Order Items([Item { identifier: "page-1", ok: false, messages: ["upside down"], document_id: Some("d1"), data: Some("{\"x\":1.5}") }])
        order.items Order Items([])
        upload.completed Upload Completed { total: Some(3) }
        upload.failed Upload Failed { message: Some("broken"), code: Some("c") }
        order.cancelled Order Cancelled { reason: Some("doubled") }
    "#]].assert_eq(&lines);
}

/// What is kept of a `document_id`, or why it is refused.
fn kept_document(document_id: &str) -> String {
    let item = format!(r#"{{"identifier":"a","ok":true,"document_id":{document_id}}}"#);
    let body = event("upload.items", json!({ "items": [] })).to_string();
    let body = body.replace("[]", &format!("[{item}]"));
    match decode_default(&plain(body.as_bytes())) {
        Ok(accepted) => match accepted.event.happening {
            Happening::Items(items) => format!("{:?}", items[0].document_id),
            other => format!("{other:?}"),
        },
        Err(rejection) => format!("{} {:?}", rejection.reason.name(), rejection.problem.errors),
    }
}

#[test]
fn a_document_may_be_named_by_a_text_or_a_whole_number_and_is_kept_as_text() {
    let cases = [
        "4711",
        "\"4711\"",
        "\"00-4711\"",
        "null",
        "0",
        "-7",
        "9223372036854775808",
        "18446744073709551615",
        "-9223372036854775808",
        "18446744073709551616",
        "1.0",
        "7.5",
        "1e3",
        "true",
        "[7]",
        "{}",
    ];
    let lines = lines(cases.map(|case| (case, kept_document(case))));
    expect![[r##"
        4711: Some("4711")
        "4711": Some("4711")
        "00-4711": Some("00-4711")
        null: None
        0: Some("0")
        -7: Some("-7")
        9223372036854775808: Some("9223372036854775808")
        18446744073709551615: Some("18446744073709551615")
        -9223372036854775808: Some("-9223372036854775808")
        18446744073709551616: invalid_field [FieldFault { detail: "must be a text or a whole number", pointer: Some("#/data/items/0/document_id") }]
        1.0: Some("1")
        7.5: invalid_field [FieldFault { detail: "must be a text or a whole number", pointer: Some("#/data/items/0/document_id") }]
        1e3: Some("1000")
        true: invalid_field [FieldFault { detail: "must be a text or a whole number", pointer: Some("#/data/items/0/document_id") }]
        [7]: invalid_field [FieldFault { detail: "must be a text or a whole number", pointer: Some("#/data/items/0/document_id") }]
        {}: invalid_field [FieldFault { detail: "must be a text or a whole number", pointer: Some("#/data/items/0/document_id") }]
    "##]].assert_eq(&lines);
}

fn happenings(events: &[serde_json::Value]) -> String {
    let mut lines = String::new();
    for event in events {
        let body = event.to_string();
        let accepted = decode_default(&plain(body.as_bytes())).unwrap();
        let (kind, name) = (accepted.event.kind, accepted.type_name);
        writeln!(lines, "{name} {kind:?} {:?}", accepted.event.happening).unwrap();
    }
    lines
}

#[test]
fn orders_open_with_a_form_and_attachments_and_are_pushed_by_stage_or_data_id() {
    let order = json!({
        "workflow_id": "purchase",
        "form": { "amount": 12.50, "tags": ["a"], "offer": "o.pdf" },
        "attachments": [{ "name": "o.pdf", "media_type": "application/pdf", "size": 3 }],
    });
    let events = [
        event("order.opened", order),
        event(
            "order.pushed",
            json!({ "stage": "review", "outcome": "no", "form": { "n": null } }),
        ),
        event(
            "order.pushed",
            json!({ "data_id": "119fbddd-46d5-528d-b7da-d90b3cc6b286" }),
        ),
    ];
    expect![[r#"
        order.opened Order Opened(Opening { filename: None, module: None, workflow: Some("purchase"), group: None, total: None, attributes: None, order: Some(OrderOpening { form: {"amount": Value { json: "12.5", shape: Number }, "offer": Value { json: "\"o.pdf\"", shape: Text("o.pdf") }, "tags": Value { json: "[\"a\"]", shape: List }}, attachments: Some("[{\"media_type\":\"application/pdf\",\"name\":\"o.pdf\",\"size\":3}]"), files: ["o.pdf"] }), reply_to: None, traceparent: None, tracestate: None })
        order.pushed Order Pushed(Push { target: Stage("review"), outcome: Some("no"), form: {"n": Value { json: "null", shape: Null }} })
        order.pushed Order Pushed(Push { target: Stop(119fbddd-46d5-528d-b7da-d90b3cc6b286), outcome: None, form: {} })
    "#]].assert_eq(&happenings(&events));
}

#[test]
fn the_data_is_kept_as_it_was_received() {
    let body = r#"{"id":"1","source":"s","token":"t","type":"upload.step",
        "data" : { "message" :"m", "n": 1.50, "u": "\u00e9" } }"#;
    let accepted = decode_default(&plain(body.as_bytes())).unwrap();
    let kept = r#"{ "message" :"m", "n": 1.50, "u": "\u00e9" }"#;
    assert_eq!(accepted.data, kept);

    let body = without(event("upload.completed", json!({})), "data").to_string();
    assert_eq!(decode_default(&plain(body.as_bytes())).unwrap().data, "{}");
}

#[test]
fn each_type_needs_what_it_is_for() {
    let cases = [
        ("upload.step", json!({})),
        ("upload.step", json!({ "name": "n", "state": "ok" })),
        ("upload.progress", json!({})),
        ("upload.items", json!({})),
        ("upload.items", json!({ "items": [{}, { "ok": true }] })),
        ("upload.received", json!({ "documents": 3, "total": 4 })),
        ("upload.received", json!({ "attributes": [] })),
        ("order.opened", json!({ "form": [] })),
        ("order.opened", json!({ "attachments": {} })),
        ("order.opened", json!({ "attachments": [{ "size": 1 }] })),
        ("order.pushed", json!({})),
        ("order.pushed", json!({ "data_id": "7", "stage": "a" })),
        (
            "order.pushed",
            json!({ "data_id": "119fbddd-46d5-528d-b7da-d90b3cc6b286", "stage": "a" }),
        ),
    ];
    let cases = cases.map(|(type_, data)| (format!("{type_} {data}"), event(type_, data)));
    let cases = cases.map(|(name, event)| (name, event.to_string()));
    expect![[r#"
        upload.step {}: invalid_field | #/data/message is missing; give `message` or `name`
        upload.step {"name":"n","state":"ok"}: invalid_field | #/data/state must be running, done or error
        upload.progress {}: invalid_field | #/data/done is missing; give `done`, `total` or both
        upload.items {}: invalid_field | #/data/items is missing
        upload.items {"items":[{},{"ok":true}]}: invalid_field | #/data/items/0/identifier is missing | #/data/items/0/ok is missing; give true or false | #/data/items/1/identifier is missing
        upload.received {"documents":3,"total":4}: invalid_field | #/data/total contradicts `documents`; give one
        upload.received {"attributes":[]}: invalid_field | #/data/attributes must be an object
        order.opened {"form":[]}: invalid_field | #/data/form must be an object
        order.opened {"attachments":{}}: invalid_field | #/data/attachments must be a list of {name, media_type, size, sha256, uri}
        order.opened {"attachments":[{"size":1}]}: invalid_field | #/data/attachments/0/name is missing
        order.pushed {}: invalid_field | #/data/stage is missing; give `stage` or `data_id`
        order.pushed {"data_id":"7","stage":"a"}: invalid_field | #/data/data_id must be the UUID that the stage event gave
        order.pushed {"data_id":"119fbddd-46d5-528d-b7da-d90b3cc6b286","stage":"a"}: invalid_field | #/data/stage must not be there beside `data_id`; give one
    "#]].assert_eq(&table(cases));
}

#[test]
fn each_type_may_leave_out_the_rest() {
    let cases = [
        ("upload.received", json!({})),
        ("upload.received", json!({ "documents": 3, "total": 3 })),
        ("upload.progress", json!({ "total": 3 })),
        ("upload.progress", json!({ "done": 9, "total": 3 })),
        ("upload.completed", json!({ "total": 0 })),
        ("upload.failed", json!({})),
        ("upload.cancelled", json!({})),
    ];
    for (type_, data) in cases {
        let body = event(type_, data).to_string();
        assert_eq!(verdict(&plain(body.as_bytes())), "accepted", "{body}");
    }
}

#[test]
fn an_event_carries_as_many_items_as_the_limit_and_no_more() {
    let items = |count: usize| {
        let items: Vec<_> = (0..count)
            .map(|n| json!({ "identifier": n.to_string(), "ok": true }))
            .collect();
        event("upload.items", json!({ "items": items })).to_string()
    };
    let messages = |count: usize| {
        let item = json!({ "identifier": "a", "ok": false, "messages": vec!["m"; count] });
        event("upload.items", json!({ "items": [item] })).to_string()
    };
    let cases = [
        ("1,000 items", items(1_000)),
        ("1,001 items", items(1_001)),
        ("20,000 items", items(20_000)),
        ("100 messages", messages(100)),
        ("101 messages", messages(101)),
    ];
    expect![[r#"
        1,000 items: accepted
        1,001 items: limit_exceeded | #/data/items must have at most 1000 entries; send several events
        20,000 items: limit_exceeded | #/data/items must have at most 1000 entries; send several events
        100 messages: accepted
        101 messages: limit_exceeded | #/data/items/0/messages must have at most 100 entries
    "#]].assert_eq(&table(cases));
}

#[test]
fn of_many_faults_some_are_listed_and_all_are_counted() {
    let items = vec![json!({}); 50];
    let body = event("upload.items", json!({ "items": items })).to_string();
    let problem = decode_default(&plain(body.as_bytes())).unwrap_err().problem;
    assert_eq!(problem.errors.len(), 20);
    expect!["100 faults, the first: #/data/items/0/identifier is missing"]
        .assert_eq(&problem.detail);
}
