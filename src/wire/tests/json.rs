//! Documents that are JSON, but not what an event may hold.

use expect_test::expect;

use super::*;

/// A step whose data has a free field with this JSON text.
fn free(text: &str) -> String {
    let frame = event("upload.step", json!({ "message": "m", "free": "HERE" })).to_string();
    frame.replace("\"HERE\"", text)
}

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
        ("brackets in a text", free(&format!("\"{}\"", "[".repeat(100)))),
    ];
    expect![[r#""#]].assert_eq(&table(cases));
}

#[test]
fn what_a_database_can_not_store_is_refused_where_it_stands() {
    let cases = [
        ("NUL in a value", free(r#"[1, "a\u0000b"]"#)),
        ("NUL in a key", free(r#"{"a\u0000": 1}"#)),
        ("NUL behind an escaped backslash", free(r#""\\u0000""#)),
        ("NUL behind two", free(r#""\\\u0000""#)),
        ("NUL in a token", step().to_string().replace("\"t1\"", "\"t\\u00001\"")),
        ("first half of a pair", free(r#"{"a/b": ["x", "\ud83d"]}"#)),
        ("second half of a pair", free(r#""\ude00""#)),
        ("halves the wrong way round", free(r#""\ude00\ud83d""#)),
        ("two first halves", free(r#""\ud83d\ud83d""#)),
        ("half and another escape", free(r#""\ud83d\n""#)),
        ("a pair", free(r#""\ud83d\uDE00""#)),
        ("an escape that is none", free(r#""\u12""#)),
        ("NUL in what is no document", "{\"a\": \"\\u0000\"".to_owned()),
    ];
    expect![[r#""#]].assert_eq(&table(cases));
}

#[test]
fn numbers_fit_a_float_and_counts_fit_what_every_reader_holds() {
    let count = |text: &str| {
        let frame = event("upload.progress", json!({ "done": "HERE" })).to_string();
        frame.replace("\"HERE\"", text)
    };
    let sequence = |text: &str| {
        let frame = with(step(), "sequence", json!("HERE")).to_string();
        frame.replace("\"HERE\"", text)
    };
    let cases = [
        ("NaN", free("NaN")),
        ("infinite", free("-Infinity")),
        ("1e400", free("[1e400]")),
        ("1e308", free("1e308")),
        ("1e-400", free("1e-400")),
        ("0e400", free("0e400")),
        ("1,000 digits", free(&"7".repeat(1_000))),
        ("1,000 digits behind the point", free(&format!("0.{}", "7".repeat(1_000)))),
        ("leading zero", free("007")),
        ("2^64 somewhere free", free("18446744073709551616")),
        ("count 2^53 - 1", count("9007199254740991")),
        ("count 2^53", count("9007199254740992")),
        ("count 2^53 + 1", count("9007199254740993")),
        ("count 2^64", count("18446744073709551616")),
        ("count 1e400", count("1e400")),
        ("count 1e3", count("1e3")),
        ("count 1.0", count("1.0")),
        ("count -1", count("-1")),
        ("count 0", count("0")),
        ("count as text", count("\"5\"")),
        ("count true", count("true")),
        ("sequence 0", sequence("0")),
        ("sequence 2^63 - 1", sequence("9223372036854775807")),
        ("sequence 2^63", sequence("9223372036854775808")),
        ("sequence -1", sequence("-1")),
        ("sequence as text", sequence("\"5\"")),
        ("sequence null", sequence("null")),
    ];
    expect![[r#""#]].assert_eq(&table(cases));
}

#[test]
fn fields_have_their_types_and_come_once() {
    let good = step().to_string();
    let twice = |field: &str| good.replacen('{', &format!("{{\"{field}\":\"t1\","), 1);
    let items = |text: &str| event("upload.items", json!({})).to_string().replace("{}", text);
    let cases = [
        ("token twice", twice("token")),
        ("type twice", twice("type")),
        ("ok twice", items(r#"{"items":[{"identifier":"a","ok":true,"ok":false}]}"#)),
        ("an unknown field twice", twice("colour").replacen('{', "{\"colour\":1,", 1)),
        ("token a number", with(step(), "token", json!(5)).to_string()),
        ("id a list", with(step(), "id", json!(["e1"])).to_string()),
        ("time a number", with(step(), "time", json!(1_700_000_000)).to_string()),
        ("data a text", with(step(), "data", json!("{}")).to_string()),
        ("data a list", with(step(), "data", json!([])).to_string()),
        ("items a list of lists", items(r#"{"items":[["a",true]]}"#)),
        ("items an object", items(r#"{"items":{}}"#)),
        ("ok a text", items(r#"{"items":[{"identifier":"a","ok":true},{"identifier":"b","ok":"true"}]}"#)),
        ("messages a text", items(r#"{"items":[{"identifier":"a","ok":true,"messages":"x"}]}"#)),
        ("a message a number", items(r#"{"items":[{"identifier":"a","ok":true,"messages":["x",1]}]}"#)),
    ];
    expect![[r#""#]].assert_eq(&table(cases));
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
        ("data of an ending", with(event("upload.completed", json!({})), "data", Value::Null).to_string()),
        ("an item", event("upload.items", json!({ "items": [null] })).to_string()),
        ("ok of an item", event("upload.items", json!({ "items": [{ "identifier": "a", "ok": null }] })).to_string()),
    ];
    expect![[r#""#]].assert_eq(&table(cases));
}

#[test]
fn unknown_fields_are_ignored_and_unknown_types_refused() {
    let cases = [
        ("unknown field", with(step(), "colour", json!({ "deep": [1] })).to_string()),
        ("unknown type", event("upload.exploded", json!({})).to_string()),
        ("a type to come", event("order.opened", json!({})).to_string()),
        ("a type in capitals", event("Upload.Step", json!({})).to_string()),
        ("no kind", event("step", json!({})).to_string()),
        ("no type at all", without(step(), "type").to_string()),
    ];
    expect![[r#""#]].assert_eq(&table(cases));
}
