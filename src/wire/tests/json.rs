//! Documents that are JSON, but not what an event may hold.

use expect_test::expect;

use super::*;

fn nested(levels: usize) -> String {
    // The envelope and its data are two of the levels.
    let inner = levels - 2;
    free(&format!("{}{}", "[".repeat(inner), "]".repeat(inner)))
}

#[test]
fn nesting_stops_at_the_limit() {
    let cases = [
        ("64 levels", nested(64)),
        ("65 levels", nested(65)),
        ("10,000 levels", nested(10_000)),
        ("10,000 brackets and no end", "[".repeat(10_000)),
        (
            "brackets in a text",
            free(&format!("\"{}\"", "[".repeat(100))),
        ),
    ];
    expect![[r#"
        64 levels: accepted
        65 levels: too_deep | - the body is nested over 64 levels
        10,000 levels: too_deep | - the body is nested over 64 levels
        10,000 brackets and no end: too_deep | - the body is nested over 64 levels
        brackets in a text: accepted
    "#]]
    .assert_eq(&table(cases));
}

#[test]
fn what_a_database_can_not_store_is_refused_at_its_place() {
    let cases = [
        ("NUL in a value", free(r#"[1, "a\u0000b"]"#)),
        ("NUL in a key", free(r#"{"a\u0000": 1}"#)),
        ("NUL behind an escaped backslash", free(r#""\\u0000""#)),
        ("NUL behind two", free(r#""\\\u0000""#)),
        (
            "NUL in a token",
            step().to_string().replace("\"t1\"", "\"t\\u00001\""),
        ),
        ("first half of a pair", free(r#"{"a/b": ["x", "\ud83d"]}"#)),
        ("second half of a pair", free(r#""\ude00""#)),
        ("halves the wrong way round", free(r#""\ude00\ud83d""#)),
        ("two first halves", free(r#""\ud83d\ud83d""#)),
        ("half and another escape", free(r#""\ud83d\n""#)),
        ("a pair", free(r#""\ud83d\uDE00""#)),
        ("an escape that is none", free(r#""\u12""#)),
        (
            "NUL in what is no document",
            "{\"a\": \"\\u0000\"".to_owned(),
        ),
    ];
    expect![[r#"
        NUL in a value: invalid_field | #/data/free/1 contains the character \u0000, which can't be stored
        NUL in a key: invalid_field | #/data/free contains the character \u0000, which can't be stored
        NUL behind an escaped backslash: accepted
        NUL behind two: invalid_field | #/data/free contains the character \u0000, which can't be stored
        NUL in a token: invalid_field | #/token contains the character \u0000, which can't be stored
        first half of a pair: invalid_field | #/data/free/a~1b/1 contains half of a surrogate pair, which is no character
        second half of a pair: invalid_field | #/data/free contains half of a surrogate pair, which is no character
        halves the wrong way round: invalid_field | #/data/free contains half of a surrogate pair, which is no character
        two first halves: invalid_field | #/data/free contains half of a surrogate pair, which is no character
        half and another escape: invalid_field | #/data/free contains half of a surrogate pair, which is no character
        a pair: accepted
        an escape that is none: undecodable | - the body is not JSON: invalid escape at line 1 column 23
        NUL in what is no document: undecodable | - the body ends in the middle of the document, at line 1 column 14
    "#]].assert_eq(&table(cases));
}

/// An event of items with this JSON text as its data.
fn of_items(data: &str) -> String {
    let frame = event("upload.items", json!({})).to_string();
    frame.replace("{}", data)
}

#[test]
fn fields_come_once() {
    let twice = |field: &str| {
        let good = step().to_string();
        good.replacen('{', &format!("{{\"{field}\":\"t1\","), 1)
    };
    let unknown = twice("colour").replacen('{', "{\"colour\":1,", 1);
    let item = r#"{"items":[{"identifier":"a","ok":true,"ok":false}]}"#;
    let cases = [
        ("token", twice("token")),
        ("type", twice("type")),
        ("ok", of_items(item)),
        ("an unknown field", unknown),
    ];
    expect![[r#"
        token: invalid_field | #/token is given twice
        type: invalid_field | #/type is given twice
        ok: invalid_field | #/data/items/0/ok is given twice
        an unknown field: accepted
    "#]]
    .assert_eq(&table(cases));
}

#[test]
fn fields_have_their_types() {
    let step = |field, value| with(step(), field, value).to_string();
    let item = |rest: &str| {
        let good = r#"{"identifier":"a","ok":true}"#;
        of_items(&format!(
            r#"{{"items":[{good},{{"identifier":"b",{rest}}}]}}"#
        ))
    };
    let cases = [
        ("token a number", step("token", json!(5))),
        ("id a list", step("id", json!(["e1"]))),
        ("time a number", step("time", json!(1_700_000_000))),
        ("data a text", step("data", json!("{}"))),
        ("data a list", step("data", json!([]))),
        (
            "items a list of lists",
            of_items(r#"{"items":[["a",true]]}"#),
        ),
        ("items an object", of_items(r#"{"items":{}}"#)),
        ("ok a text", item(r#""ok":"true""#)),
        ("messages a text", item(r#""messages":"x""#)),
        ("a message a number", item(r#""messages":["x",1]"#)),
    ];
    expect![[r#"
        token a number: invalid_field | #/token must be a text
        id a list: invalid_field | #/id must be a text
        time a number: invalid_field | #/time must be a text
        data a text: invalid_field | #/data must be an object
        data a list: invalid_field | #/data must be an object
        items a list of lists: invalid_field | #/data/items/0 must be an object
        items an object: invalid_field | #/data/items must be a list
        ok a text: invalid_field | #/data/items/1/ok must be true or false
        messages a text: invalid_field | #/data/items/1/messages must be a list
        a message a number: invalid_field | #/data/items/1/messages/1 must be a text
    "#]]
    .assert_eq(&table(cases));
}

#[test]
fn null_is_the_same_as_absent() {
    let cases = [
        ("token", with(step(), "token", Value::Null).to_string()),
        ("id", with(step(), "id", Value::Null).to_string()),
        ("type", with(step(), "type", Value::Null).to_string()),
        ("time", with(step(), "time", Value::Null).to_string()),
        ("tenant", with(step(), "tenant", Value::Null).to_string()),
        ("data", with(step(), "data", Value::Null).to_string()),
        (
            "data of an ending",
            with(event("upload.completed", json!({})), "data", Value::Null).to_string(),
        ),
        (
            "an item",
            event("upload.items", json!({ "items": [null] })).to_string(),
        ),
        (
            "ok of an item",
            event(
                "upload.items",
                json!({ "items": [{ "identifier": "a", "ok": null }] }),
            )
            .to_string(),
        ),
    ];
    expect![[r#"
        token: missing_token | #/token is missing; give it, or the property correlation_id
        id: missing_identity | #/id is missing; give it, or the property message_id
        type: unknown_type | #/type is missing; give it, or the property type, or the routing key
        time: accepted
        tenant: accepted
        data: invalid_field | #/data/message is missing; give `message` or `name`
        data of an ending: accepted
        an item: invalid_field | #/data/items/0 must be an object
        ok of an item: invalid_field | #/data/items/0/ok is missing; give true or false
    "#]]
    .assert_eq(&table(cases));
}

#[test]
fn unknown_fields_are_ignored_and_unknown_types_refused() {
    let cases = [
        (
            "unknown field",
            with(step(), "colour", json!({ "deep": [1] })).to_string(),
        ),
        (
            "unknown type",
            event("upload.exploded", json!({})).to_string(),
        ),
        (
            "a type of the other kind",
            event("upload.pushed", json!({})).to_string(),
        ),
        (
            "a type in capitals",
            event("Upload.Step", json!({})).to_string(),
        ),
        ("no kind", event("step", json!({})).to_string()),
        ("no type at all", without(step(), "type").to_string()),
    ];
    expect![[r#"
        unknown field: accepted
        unknown type: unknown_type | #/type is no event type; names look like upload.received or order.step
        a type of the other kind: unknown_type | #/type is no event type; names look like upload.received or order.step
        a type in capitals: unknown_type | #/type is no event type; names look like upload.received or order.step
        no kind: unknown_type | #/type is no event type; names look like upload.received or order.step
        no type at all: unknown_type | #/type is missing; give it, or the property type, or the routing key
    "#]].assert_eq(&table(cases));
}
