//! Invalid messages, each with the reason of its dead letter, and odd ones that are valid.

use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldArray, FieldTable, LongString},
};
use serde_json::{Value, json};
use waybill::wire::PlainEvent;

use super::producer::Message;
use super::story::{MARK, SOURCE, TOKEN_MARK, event, step};

const UNDECODABLE: &str = "undecodable";
const INVALID: &str = "invalid_field";
const LIMIT: &str = "limit_exceeded";

/// Messages that must be refused.
pub(crate) fn refused() -> Vec<Message> {
    let bodies = [bytes(), json_texts(), identifiers(), times()].concat();
    let named = bodies
        .into_iter()
        .enumerate()
        .map(|(n, (body, reason))| Message::bad(&format!("hostile-{n}"), &body, reason));
    named.chain(properties()).collect()
}

/// Odd events that must be applied.
pub(crate) fn accepted() -> Vec<Message> {
    let tokens = [
        "'; drop table waybill.process; --",
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "caf\u{e9}",
        "cafe\u{301}",
        "%s%n{}$()`",
        "𝕿𝖔𝖐𝖊𝖓",
    ];
    let mut events: Vec<PlainEvent> = tokens.iter().map(|token| step(token, token)).collect();
    events.push(step("long", &"x".repeat(200)));
    events.push(with_data(
        "nested",
        json!({ "message": MARK, "free": nested(61) }),
    ));
    events.push(with_data(
        "numbers",
        json!({ "message": MARK, "n": [u64::MAX, 1e308, -0.0] }),
    ));
    let items: Vec<Value> = (0..1_000)
        .map(|n| json!({ "identifier": n.to_string(), "ok": true }))
        .collect();
    let items = json!({ "items": items });
    events.push(event("many", "many", 0, "upload.items", items));
    let mut messages: Vec<Message> = events.iter().map(Message::event).collect();
    messages.push(Message::event(&step("bare", "bare")).having(|_| BasicProperties::default()));
    messages
        .push(Message::event(&step("headers", "headers")).having(|p| p.with_headers(every_kind())));
    messages
        .push(Message::event(&step("forged", "forged")).having(|p| p.with_headers(forged_death())));
    messages
}

fn valid() -> Value {
    json!({
        "id": "e", "type": "upload.step", "token": format!("{TOKEN_MARK}-hostile"),
        "time": "2026-01-31T12:00:00Z", "source": SOURCE, "data": { "message": MARK },
    })
}

fn with(field: &str, value: Value) -> Vec<u8> {
    let mut event = valid();
    event[field] = value;
    event.to_string().into_bytes()
}

/// A step with this JSON text somewhere in its data.
fn free(text: &str) -> Vec<u8> {
    let event = with("data", json!({ "message": MARK, "free": "HERE" }));
    let event = String::from_utf8(event).expect("JSON is UTF-8");
    event.replace("\"HERE\"", text).into_bytes()
}

fn typed(type_: &str, data: &str) -> Vec<u8> {
    let mut event = valid();
    event["type"] = json!(type_);
    event["data"] = json!("HERE");
    event.to_string().replace("\"HERE\"", data).into_bytes()
}

fn with_data(id: &str, data: Value) -> PlainEvent {
    event(id, id, 0, "upload.step", data)
}

fn nested(levels: usize) -> Value {
    (0..levels).fold(json!(1), |inner, _| json!([inner]))
}

fn bytes() -> Vec<(Vec<u8>, &'static str)> {
    let good = valid().to_string();
    let utf16 = |unit: fn(u16) -> [u8; 2]| good.encode_utf16().flat_map(unit).collect::<Vec<u8>>();
    let good = good.clone().into_bytes();
    let spliced = |at: usize, byte: u8| {
        let mut body = good.clone();
        body.insert(at, byte);
        body
    };
    let refused = vec![
        Vec::new(),
        b"{".to_vec(),
        spliced(10, 0xff),
        spliced(10, 0),
        [b"\xef\xbb\xbf", &good[..]].concat(),
        utf16(u16::to_le_bytes),
        utf16(u16::to_be_bytes),
        b"\x1f\x8b\x08\0\0\0".to_vec(),
        good[..good.len() - 3].to_vec(),
        [&good[..], &good[..]].concat(),
        [&good[..], b" ;"].concat(),
        b"\x0a\x03abc\x10\x96\x01".to_vec(),
        b"<event id='1'/>".to_vec(),
    ];
    let mut refused: Vec<_> = refused
        .into_iter()
        .map(|body| (body, UNDECODABLE))
        .collect();
    let padding = vec![b' '; 2 * 1024 * 1024 + 1 - good.len()];
    refused.push(([good, padding].concat(), "too_large"));
    refused
}

fn json_texts() -> Vec<(Vec<u8>, &'static str)> {
    let many: Vec<Value> = (0..1_001)
        .map(|n| json!({ "identifier": n.to_string(), "ok": true }))
        .collect();
    vec![
        (free(&nested(63).to_string()), "too_deep"),
        (free(&"[".repeat(10_000)), "too_deep"),
        (free(r#""a\u0000b""#), INVALID),
        (free(r#"{"a\u0000":1}"#), INVALID),
        (free(r#""\ud83d""#), INVALID),
        (free(r#""\ude00\ud83d""#), INVALID),
        (free("NaN"), UNDECODABLE),
        (free("1e400"), INVALID),
        (free(&"7".repeat(1_000)), INVALID),
        (free("007"), UNDECODABLE),
        (
            typed("upload.progress", r#"{"done":9007199254740993}"#),
            INVALID,
        ),
        (
            typed("upload.progress", r#"{"done":18446744073709551616}"#),
            INVALID,
        ),
        (typed("upload.progress", r#"{"done":-1}"#), INVALID),
        (typed("upload.progress", r#"{"done":"5"}"#), INVALID),
        (typed("upload.completed", r#"{"total":-1}"#), INVALID),
        (
            typed(
                "upload.items",
                r#"{"items":[{"identifier":"a","ok":null}]}"#,
            ),
            INVALID,
        ),
        (typed("upload.items", r#"{"items":[null]}"#), INVALID),
        (
            typed("upload.items", &json!({ "items": many }).to_string()),
            LIMIT,
        ),
        (typed("upload.exploded", "{}"), "unknown_type"),
        (b"null".to_vec(), INVALID),
        (with("data", json!([])), INVALID),
        (with("sequence", json!("7")), INVALID),
    ]
}

fn identifiers() -> Vec<(Vec<u8>, &'static str)> {
    vec![
        (with("id", json!("")), INVALID),
        (with("token", json!(" \t ")), INVALID),
        (with("token", json!("x".repeat(201))), LIMIT),
        (with("id", json!("x".repeat(2_705))), LIMIT),
        (with("token", json!("a\r\nb")), INVALID),
        (with("id", json!("\u{1b}[31mred")), INVALID),
        (with("token", Value::Null), "missing_token"),
        (with("source", Value::Null), "missing_identity"),
    ]
}

fn times() -> Vec<(Vec<u8>, &'static str)> {
    let texts = [
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2126-01-01T00:00:00Z",
        "2026-01-31T12:00:00",
        "1769860800",
        "yesterday",
    ];
    let bodies = texts.map(|text| (with("time", json!(text)), INVALID));
    bodies.into()
}

fn properties() -> Vec<Message> {
    let plain = |n: usize, reason: &str| {
        let event = step(
            &format!("{TOKEN_MARK}-property{n}"),
            &format!("property{n}"),
        );
        Message::bad(&format!("property{n}"), event.to_line().as_bytes(), reason)
    };
    let mut no_time = valid();
    no_time["time"] = Value::Null;
    let no_time = Message::bad("milliseconds", no_time.to_string().as_bytes(), INVALID);
    let no_id = with("id", Value::Null);
    vec![
        plain(0, "unsupported_content_type").having(|p| p.with_content_type("text/xml".into())),
        plain(1, "unsupported_encoding").having(|p| p.with_content_encoding("gzip".into())),
        plain(2, "too_large").having(|p| p.with_headers(text_header("big", &"h".repeat(100_000)))),
        plain(3, "tenant_mismatch")
            .having(|p| p.with_headers(text_header("tenant", "other")))
            .with_field(r#""tenant":"one","#),
        no_time.having(|p| p.with_timestamp(1_769_860_800_000)),
        Message::bad("", &no_id, "missing_identity")
            .having(|_| BasicProperties::default().with_content_type("application/json".into())),
    ]
}

impl Message {
    /// The same body with one more field in front.
    fn with_field(mut self, field: &str) -> Self {
        let text = String::from_utf8(self.body).expect("JSON is UTF-8");
        self.body = text.replacen('{', &format!("{{{field}"), 1).into_bytes();
        self
    }
}

fn text_header(name: &str, value: &str) -> FieldTable {
    let mut table = FieldTable::default();
    table.insert(name.into(), AMQPValue::LongString(LongString::from(value)));
    table
}

fn every_kind() -> FieldTable {
    let values = [
        AMQPValue::Boolean(true),
        AMQPValue::ShortShortInt(-1),
        AMQPValue::ShortShortUInt(1),
        AMQPValue::ShortInt(-2),
        AMQPValue::ShortUInt(2),
        AMQPValue::LongInt(-3),
        AMQPValue::LongUInt(3),
        AMQPValue::LongLongInt(-4),
        AMQPValue::Float(0.5),
        AMQPValue::Double(0.25),
        AMQPValue::LongString(LongString::from("text")),
        AMQPValue::Timestamp(1_700_000_000),
        AMQPValue::FieldTable(text_header("inner", "text")),
        AMQPValue::Void,
    ];
    let mut table = FieldTable::default();
    for (n, value) in values.into_iter().enumerate() {
        table.insert(format!("h{n}").into(), value);
    }
    table
}

/// As if the broker had dead-lettered it before.
fn forged_death() -> FieldTable {
    let mut deaths = FieldArray::default();
    deaths.push(AMQPValue::FieldTable(text_header("reason", "rejected")));
    let mut table = FieldTable::default();
    table.insert("x-death".into(), AMQPValue::FieldArray(deaths));
    table
}
