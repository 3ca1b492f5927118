//! Bodies that are not what they should be, byte by byte.

use expect_test::expect;

use super::*;

#[test]
fn bodies_that_are_no_document_are_refused_with_a_remedy() {
    let good = step().to_string().into_bytes();
    let mut marked = vec![0xEF, 0xBB, 0xBF];
    marked.extend(&good);
    let utf16 = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
        let text = String::from_utf8(good.clone()).unwrap();
        text.encode_utf16().flat_map(unit).collect()
    };
    let mut raw_nul = good.clone();
    raw_nul.insert(8, 0);
    let mut broken = good.clone();
    broken[10] = 0xFF;
    let twice = [good.clone(), good.clone()].concat();
    let trailing = [good.clone(), b" ;".to_vec()].concat();
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", vec![]),
        ("blank", b"  \n".to_vec()),
        ("one byte", b"{".to_vec()),
        ("invalid UTF-8", broken),
        ("byte order mark", marked),
        ("UTF-16, little end first", utf16(u16::to_le_bytes)),
        ("UTF-16, big end first", utf16(u16::to_be_bytes)),
        ("UTF-16 with a mark", vec![0xFF, 0xFE, b'{', 0]),
        ("a raw NUL", raw_nul),
        ("gzip", vec![0x1F, 0x8B, 8, 0, 0, 0]),
        ("truncated", good[..good.len() - 4].to_vec()),
        ("two documents", twice),
        ("two documents on two lines", b"{}\n{}".to_vec()),
        ("trailing garbage", trailing),
        ("trailing blanks", [good.clone(), b" \r\n".to_vec()].concat()),
        ("protobuf", vec![0x0A, 0x03, b'a', b'b', b'c', 0x10, 0x96, 0x01]),
        ("XML", b"<event id='1'/>".to_vec()),
        ("a text", b"\"upload.step\"".to_vec()),
        ("a number", b"5".to_vec()),
        ("null", b"null".to_vec()),
        ("a list in the order of the fields", br#"["e1","upload.step","t1"]"#.to_vec()),
        ("good", good),
    ];
    expect![[r#""#]].assert_eq(&table(cases));
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
    expect![[r#""#]].assert_eq(&table(cases));
}

#[test]
fn content_types_and_encodings_are_told_apart() {
    let body = step().to_string();
    let bare = plain(body.as_bytes());
    let mut lines = String::new();
    let types = [
        None,
        Some(""),
        Some("application/json"),
        Some("application/json; charset=utf-8"),
        Some("Application/JSON;charset=\"UTF-8\""),
        Some("text/json"),
        Some("application/vnd.scanner+json"),
        Some("application/json; charset=iso-8859-1"),
        Some("application/cloudevents-batch+json"),
        Some("text/plain"),
        Some("application/xml"),
        Some("application/x-protobuf"),
        Some("application/octet-stream"),
        Some("json"),
    ];
    for content_type in types {
        let said = verdict(&Message { content_type, ..bare });
        writeln!(lines, "{content_type:?}: {said}").unwrap();
    }
    for encoding in ["", "identity", "utf-8", "gzip", "deflate", "base64"] {
        let content_encoding = Some(encoding);
        let said = verdict(&Message { content_encoding, ..bare });
        writeln!(lines, "encoding {encoding:?}: {said}").unwrap();
    }
    expect![[r#""#]].assert_eq(&lines);
}

#[test]
fn a_compressed_body_is_refused_by_its_encoding_or_by_its_first_bytes() {
    let gzip = Message {
        content_encoding: Some("gzip"),
        ..plain(&[0x1F, 0x8B, 8, 0])
    };
    expect![[r#""#]].assert_eq(&verdict(&gzip));
    expect![[r#""#]].assert_eq(&verdict(&plain(&[0x1F, 0x8B, 8, 0])));
}
