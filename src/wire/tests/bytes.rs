//! Bodies that are not what they should be, byte by byte.

use expect_test::expect;

use super::*;

fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let good = step().to_string().into_bytes();
    let follows = |tail: &[u8]| [good.as_slice(), tail].concat();
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let text = String::from_utf8(good.clone()).unwrap();
        text.encode_utf16().flat_map(unit).collect()
    };
    let mut raw_nul = good.clone();
    raw_nul.insert(8, 0);
    let mut broken = good.clone();
    broken[10] = 0xFF;
    vec![
        ("empty", vec![]),
        ("blank", b"  \n".to_vec()),
        ("one byte", b"{".to_vec()),
        ("invalid UTF-8", broken),
        ("byte order mark", [&[0xEF, 0xBB, 0xBF], &*good].concat()),
        ("UTF-16, little end first", utf16(u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(u16::to_be_bytes)),
        ("UTF-16 with a mark", vec![0xFF, 0xFE, b'{', 0]),
        ("a raw NUL", raw_nul),
        ("gzip", vec![0x1F, 0x8B, 8, 0, 0, 0]),
        ("truncated", good[..good.len() - 4].to_vec()),
        ("two documents", follows(&good)),
        ("two documents on two lines", b"{}\n{}".to_vec()),
        ("trailing garbage", follows(b" ;")),
        ("trailing blanks", follows(b" \r\n")),
        ("protobuf", vec![0x0A, 3, b'a', b'b', b'c', 0x10, 0x96, 1]),
        ("XML", b"<event id='1'/>".to_vec()),
        ("a text", b"\"upload.step\"".to_vec()),
        ("a number", b"5".to_vec()),
        ("null", b"null".to_vec()),
        (
            "a list of the fields",
            br#"["e1","upload.step","t1"]"#.to_vec(),
        ),
        ("good", good),
    ]
}

#[test]
fn bodies_that_are_no_document_are_refused_with_a_remedy() {
    expect![[r#"
        empty: undecodable | - the body is empty
        blank: undecodable | - the body ends in the middle of the document, at line 2 column 0
        one byte: undecodable | - the body ends in the middle of the document, at line 1 column 1
        invalid UTF-8: undecodable | - the body is not UTF-8: byte 10 is not valid
        byte order mark: undecodable | - the body starts with a byte order mark; send UTF-8 without one
        UTF-16, little end first: undecodable | - the body looks like UTF-16; send UTF-8
        UTF-16, big end first: undecodable | - the body looks like UTF-16; send UTF-8
        UTF-16 with a mark: undecodable | - the body looks like UTF-16; send UTF-8
        a raw NUL: undecodable | - the body is not JSON: expected value at line 1 column 9
        gzip: undecodable | - the body looks like gzip; send it uncompressed
        truncated: undecodable | - the body ends in the middle of the document, at line 1 column 118
        two documents: undecodable | - something follows the document, at line 1 column 123; send one document per message
        two documents on two lines: undecodable | - something follows the document, at line 2 column 1; send one document per message
        trailing garbage: undecodable | - something follows the document, at line 1 column 124; send one document per message
        trailing blanks: accepted
        protobuf: undecodable | - the body is not UTF-8: byte 6 is not valid
        XML: undecodable | - the body looks like XML; send JSON
        a text: invalid_field | # must be an object
        a number: invalid_field | # must be an object
        null: invalid_field | # must be an object
        a list of the fields: invalid_field | # must be an object
        good: accepted
    "#]].assert_eq(&table(bodies()));
}

#[test]
fn a_body_may_be_as_large_as_the_limit_and_no_larger() {
    let sized = |size: usize| {
        let bare = step().to_string();
        let padding = " ".repeat(size - bare.len());
        bare + &padding
    };
    let max = Limits::default().body_bytes;
    let cases = [("2 MiB", sized(max)), ("2 MiB and a byte", sized(max + 1))];
    expect![[r#"
        2 MiB: accepted
        2 MiB and a byte: too_large | - the body is over 2097152 bytes
    "#]]
    .assert_eq(&table(cases));
}

#[test]
fn content_types_are_json_or_cloud_events() {
    let body = step().to_string();
    let types = [
        "",
        "application/json",
        "application/json; charset=utf-8",
        "Application/JSON;charset=\"UTF-8\"",
        "text/json",
        "application/vnd.scanner+json",
        "application/json; charset=iso-8859-1",
        "application/cloudevents-batch+json",
        "text/plain",
        "application/xml",
        "application/x-protobuf",
        "application/octet-stream",
        "json",
    ];
    let said = |stated: &str| {
        verdict(&Message {
            content_type: Some(stated),
            ..plain(body.as_bytes())
        })
    };
    let lines = lines(types.map(|stated| (format!("{stated:?}"), said(stated))));
    expect![[r#"
        "": accepted
        "application/json": accepted
        "application/json; charset=utf-8": accepted
        "Application/JSON;charset=\"UTF-8\"": accepted
        "text/json": accepted
        "application/vnd.scanner+json": accepted
        "application/json; charset=iso-8859-1": unsupported_content_type | - the charset of the content type must be utf-8
        "application/cloudevents-batch+json": unsupported_content_type | - a batch of events is not accepted; publish one event per message
        "text/plain": unsupported_content_type | - the content type must be application/json or application/cloudevents+json
        "application/xml": unsupported_content_type | - the content type must be application/json or application/cloudevents+json
        "application/x-protobuf": unsupported_content_type | - the content type must be application/json or application/cloudevents+json
        "application/octet-stream": unsupported_content_type | - the content type must be application/json or application/cloudevents+json
        "json": unsupported_content_type | - the content type must be application/json or application/cloudevents+json
    "#]].assert_eq(&lines);
    let absent = Message {
        content_type: None,
        ..plain(body.as_bytes())
    };
    assert_eq!(verdict(&absent), "accepted");
}

#[test]
fn content_encodings_are_refused_unless_they_mean_none() {
    let body = step().to_string();
    let encodings = [
        "", "identity", "utf-8", "UTF-8", "gzip", "deflate", "base64",
    ];
    let said = |stated: &str| {
        verdict(&Message {
            content_encoding: Some(stated),
            ..plain(body.as_bytes())
        })
    };
    let lines = lines(encodings.map(|stated| (format!("{stated:?}"), said(stated))));
    expect![[r#"
        "": accepted
        "identity": accepted
        "utf-8": accepted
        "UTF-8": accepted
        "gzip": unsupported_encoding | - the content encoding must be absent or identity; send the body uncompressed
        "deflate": unsupported_encoding | - the content encoding must be absent or identity; send the body uncompressed
        "base64": unsupported_encoding | - the content encoding must be absent or identity; send the body uncompressed
    "#]].assert_eq(&lines);
}

#[test]
fn a_compressed_body_is_refused_by_its_encoding_or_by_its_first_bytes() {
    let gzip = Message {
        content_encoding: Some("gzip"),
        ..plain(&[0x1F, 0x8B, 8, 0])
    };
    expect!["unsupported_encoding | - the content encoding must be absent or identity; send the body uncompressed"].assert_eq(&verdict(&gzip));
    expect!["undecodable | - the body looks like gzip; send it uncompressed"]
        .assert_eq(&verdict(&plain(&[0x1F, 0x8B, 8, 0])));
}
