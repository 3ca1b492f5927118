//! Messages that no well-meaning producer sends: they arrive, marked, and affect no others.

use waybill::broker::{Consumer, Delivery, HeaderValue};

use crate::broker::{
    ground::{Ground, delivery, fill, on_empty, queue},
    raw::{HEADERS, MESSAGE_ID, publish, sized, text},
};

/// What a consumer sees of a message published raw, between two ordinary ones.
async fn seen(ground: &Ground, name: &str, flags: u16, properties: &[u8]) -> Delivery {
    queue(&ground.conn, name).await;
    fill(&ground.conn, name, 1).await;
    publish(&ground.url, name.as_bytes(), flags, properties).await;
    fill(&ground.conn, name, 1).await;
    let mut consumer = Consumer::open(&ground.conn, name, 10).await.unwrap();
    assert!(!delivery(&mut consumer).await.malformed);
    let hostile = delivery(&mut consumer).await;
    assert!(!delivery(&mut consumer).await.malformed);
    assert_eq!(hostile.body, b"{}");
    hostile
}

#[test]
fn an_id_that_is_not_utf8_is_marked() {
    on_empty(async |ground| {
        let hostile = seen(&ground, "hostile-id", MESSAGE_ID, &text(b"caf\xe9")).await;
        assert!(hostile.malformed);
        assert_eq!(hostile.properties.message_id.as_deref(), Some("caf\u{1a}"));
    });
}

#[test]
fn a_header_name_that_is_not_utf8_is_marked() {
    on_empty(async |ground| {
        let table = sized(&[text(b"\xff\xfe"), b"t\x01".to_vec()].concat());
        let hostile = seen(&ground, "hostile-name", HEADERS, &table).await;
        assert!(hostile.malformed);
        assert_eq!(hostile.properties.headers.len(), 1);
    });
}

#[test]
fn headers_that_nest_without_end_are_cut_off() {
    on_empty(async |ground| {
        let mut value = b"V".to_vec();
        for _ in 0..20_000 {
            value = [b"A".to_vec(), sized(&value)].concat();
        }
        let table = sized(&[text(b"deep"), value].concat());
        let hostile = seen(&ground, "hostile-depth", HEADERS, &table).await;
        assert!(!hostile.malformed);
        let deep = hostile.properties.header("deep");
        assert!(matches!(deep, Some(HeaderValue::List(_))));
    });
}
