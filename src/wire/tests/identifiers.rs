//! Names that people and programs choose.

use expect_test::expect;

use super::*;

#[test]
fn names_are_bytes_with_few_rules() {
    let token = |text: &str| with(step(), "token", json!(text)).to_string();
    let cases = [
        ("empty", token("")),
        ("blank", token(" \u{a0}")),
        ("200 bytes", token(&"x".repeat(200))),
        ("201 bytes", token(&"x".repeat(201))),
        (
            "100 characters of two bytes and one more",
            token(&("é".repeat(100) + "x")),
        ),
        ("2,705 bytes", token(&"x".repeat(2_705))),
        ("SQL", token("'; drop table process; --")),
        ("path traversal", token("../../etc/passwd")),
        ("CR LF", token("a\r\nX-Evil: 1")),
        ("ANSI", token("\u{1b}[31mred")),
        ("DEL", token("a\u{7f}")),
        ("C1 control", token("a\u{85}")),
        ("script", token("<script>alert(1)</script>")),
        ("blanks around", token(" a ")),
    ];
    expect![[r#"
        empty: invalid_field | #/token must not be blank
        blank: invalid_field | #/token must not be blank
        200 bytes: accepted
        201 bytes: limit_exceeded | #/token must be at most 200 bytes long
        100 characters of two bytes and one more: limit_exceeded | #/token must be at most 200 bytes long
        2,705 bytes: limit_exceeded | #/token must be at most 200 bytes long
        SQL: accepted
        path traversal: accepted
        CR LF: invalid_field | #/token must not contain control characters
        ANSI: invalid_field | #/token must not contain control characters
        DEL: invalid_field | #/token must not contain control characters
        C1 control: invalid_field | #/token must not contain control characters
        script: accepted
        blanks around: accepted
    "#]].assert_eq(&table(cases));
}

#[test]
fn two_unicode_forms_of_one_word_are_two_names() {
    let key = |token: &str| {
        let body = with(step(), "token", json!(token)).to_string();
        decode_default(&plain(body.as_bytes())).unwrap().event.key()
    };
    let (composed, decomposed) = ("caf\u{e9}", "cafe\u{301}");
    assert_ne!(key(composed), key(decomposed));
}

#[test]
fn every_name_of_the_envelope_is_validated_and_all_faults_are_reported() {
    let long = "x".repeat(201);
    let mut all = event("upload.items", json!({ "items": [{ "identifier": " " }] }));
    for field in ["id", "source", "token", "tenant"] {
        all[field] = json!(long);
    }
    all["time"] = json!("yesterday");
    all["type"] = json!(long);
    let one_name = with(all.clone(), "type", json!("upload.items"));
    let cases = [
        ("with a type", one_name.to_string()),
        ("without", all.to_string()),
    ];
    expect![[r#"
        with a type: limit_exceeded | #/id must be at most 200 bytes long | #/source must be at most 200 bytes long | #/time must be an RFC 3339 time with its zone, like 2026-01-31T12:00:00Z, of the years 1 to 9999 | #/token must be at most 200 bytes long | #/tenant must be at most 200 bytes long | #/data/items/0/ok is missing; give true or false | #/data/items/0/identifier must not be blank
        without: limit_exceeded | #/id must be at most 200 bytes long | #/source must be at most 200 bytes long | #/time must be an RFC 3339 time with its zone, like 2026-01-31T12:00:00Z, of the years 1 to 9999 | #/type is no event type; names look like upload.received or order.step | #/token must be at most 200 bytes long | #/tenant must be at most 200 bytes long
    "#]].assert_eq(&table(cases));
}

#[test]
fn names_inside_the_data_are_validated_too() {
    let received = |field: &str| {
        let data = json!({ field: "a\u{7}b" });
        event("upload.received", data).to_string()
    };
    let item = |item: Value| event("upload.items", json!({ "items": [item] })).to_string();
    let cases = [
        ("filename", received("filename")),
        ("module", received("module")),
        ("workflow_id", received("workflow_id")),
        ("group", received("group")),
        (
            "filename with a path",
            event("upload.received", json!({ "filename": "../a" })).to_string(),
        ),
        (
            "identifier",
            item(json!({ "identifier": "a\n", "ok": true })),
        ),
        (
            "document_id",
            item(json!({ "identifier": "a", "ok": true, "document_id": "" })),
        ),
        (
            "code",
            event("upload.failed", json!({ "code": "x".repeat(201) })).to_string(),
        ),
        (
            "name of a step",
            event("upload.step", json!({ "name": "" })).to_string(),
        ),
    ];
    expect![[r#"
        filename: invalid_field | #/data/filename must not contain control characters
        module: invalid_field | #/data/module must not contain control characters
        workflow_id: invalid_field | #/data/workflow_id must not contain control characters
        group: invalid_field | #/data/group must not contain control characters
        filename with a path: accepted
        identifier: invalid_field | #/data/items/0/identifier must not contain control characters
        document_id: invalid_field | #/data/items/0/document_id must not be blank
        code: limit_exceeded | #/data/code must be at most 200 bytes long
        name of a step: invalid_field | #/data/name must not be blank
    "#]]
    .assert_eq(&table(cases));
}

#[test]
fn texts_for_people_may_hold_more_but_not_be_endless() {
    let text = |text: &str| event("upload.step", json!({ "message": text })).to_string();
    let cases = [
        ("lines and tabs", text("a\n\tb\r\n")),
        ("ANSI", text("\u{1b}[31m")),
        ("empty", text("")),
        ("4 KiB", text(&"x".repeat(4_096))),
        ("4 KiB and a byte", text(&"x".repeat(4_097))),
        (
            "a long reason",
            event("upload.cancelled", json!({ "reason": "x".repeat(4_097) })).to_string(),
        ),
        (
            "a long failure",
            event("upload.failed", json!({ "message": "x".repeat(4_097) })).to_string(),
        ),
    ];
    expect![[r#"
        lines and tabs: accepted
        ANSI: accepted
        empty: accepted
        4 KiB: accepted
        4 KiB and a byte: limit_exceeded | #/data/message must be at most 4096 bytes long
        a long reason: limit_exceeded | #/data/reason must be at most 4096 bytes long
        a long failure: limit_exceeded | #/data/message must be at most 4096 bytes long
    "#]]
    .assert_eq(&table(cases));
}

#[test]
fn a_refusal_says_what_could_be_read_without_passing_on_what_is_dangerous() {
    let body = with(step(), "token", json!("evil\u{1b}[31m\u{0}")).to_string();
    let truncated = &step().to_string()[..60];
    let properties = Message {
        message_id: Some("m1"),
        correlation_id: Some("c1"),
        app_id: Some("a1"),
        routing_key: "upload.step",
        ..plain(b"\xFF")
    };
    let mut lines = String::new();
    for message in [
        plain(body.as_bytes()),
        plain(truncated.as_bytes()),
        properties,
    ] {
        let said = decode_default(&message).unwrap_err();
        write!(lines, "{:?}: {:?} ", said.reason, said.tenant).unwrap();
        write!(lines, "{:?} {:?} ", said.token, said.source).unwrap();
        writeln!(lines, "{:?} {:?}", said.id, said.type_).unwrap();
    }
    expect![[r#"
        InvalidField: Some("default") Some("evil�[31m�") Some("scanner") Some("e1") Some("upload.step")
        Undecodable: None None Some("scanner") Some("e1") None
        Undecodable: None Some("c1") Some("a1") Some("m1") Some("upload.step")
    "#]]
    .assert_eq(&lines);
}

#[test]
fn a_refusal_never_quotes_a_value() {
    let secret = "hunter2";
    let spots = [
        with(step(), "sequence", json!(secret)),
        with(step(), "time", json!(secret)),
        with(step(), "type", json!(secret)),
        with(step(), "data", json!(secret)),
        event("upload.items", json!({ "items": secret })),
        event(
            "upload.items",
            json!({ "items": [{ "identifier": "a", "ok": secret }] }),
        ),
        event("upload.step", json!({ "name": "n", "state": secret })),
        event("upload.received", json!({ "attributes": secret })),
        event("upload.progress", json!({ "done": secret })),
    ];
    for spot in spots {
        let body = spot.to_string();
        let rejection = decode_default(&plain(body.as_bytes())).unwrap_err();
        let said = serde_json::to_string(&rejection.problem).unwrap();
        assert!(!said.contains(secret), "{said}");
        assert!(!rejection.to_string().contains(secret), "{rejection}");
    }
}
