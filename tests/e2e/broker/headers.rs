//! Properties and headers of every type, through the broker and back.

use lapin::{
    BasicProperties,
    types::{AMQPValue, DecimalValue, FieldTable},
};
use waybill::broker::{Consumer, HeaderValue, Outgoing, Properties, Publisher, Verdict};

use crate::broker::ground::{PATIENCE, delivery, on_queue, put};

type Case = (&'static str, AMQPValue, HeaderValue);

fn every_type() -> Vec<Case> {
    [numbers(), others()].concat()
}

fn numbers() -> Vec<Case> {
    use {AMQPValue as A, HeaderValue as H};
    let decimal = DecimalValue {
        scale: 2,
        value: 314,
    };
    vec![
        ("i8", A::ShortShortInt(-8), H::Int(-8)),
        ("u8", A::ShortShortUInt(200), H::Uint(200)),
        ("i16", A::ShortInt(-16), H::Int(-16)),
        ("u16", A::ShortUInt(60_000), H::Uint(60_000)),
        ("i32", A::LongInt(-32), H::Int(-32)),
        ("u32", A::LongUInt(u32::MAX), H::Uint(u32::MAX.into())),
        ("i64", A::LongLongInt(i64::MIN), H::Int(i64::MIN)),
        ("f32", A::Float(0.5), H::Float(0.5)),
        ("f64", A::Double(0.1), H::Float(0.1)),
        (
            "decimal",
            A::DecimalValue(decimal),
            H::Decimal {
                scale: 2,
                value: 314,
            },
        ),
        (
            "time",
            A::Timestamp(1_700_000_000),
            H::Timestamp(1_700_000_000),
        ),
    ]
}

fn others() -> Vec<Case> {
    use {AMQPValue as A, HeaderValue as H};
    let list = A::FieldArray(vec![A::Void, A::Boolean(false)].into());
    let mut table = FieldTable::default();
    table.insert("inner".into(), A::LongLongInt(1));
    vec![
        ("bool", A::Boolean(true), H::Bool(true)),
        ("text", A::LongString("grüße".into()), "grüße".into()),
        (
            "latin1",
            A::LongString(vec![0xfc].into()),
            H::Bytes(vec![0xfc]),
        ),
        (
            "bytes",
            A::ByteArray(vec![0, 255].into()),
            H::Bytes(vec![0, 255]),
        ),
        ("list", list, H::List(vec![H::Void, H::Bool(false)])),
        (
            "table",
            A::FieldTable(table),
            H::Table(vec![("inner".into(), H::Int(1))]),
        ),
        ("void", A::Void, H::Void),
    ]
}

#[test]
fn headers_of_every_type_arrive_and_can_be_sent_again() {
    on_queue("headers", 0, async |ground| {
        let mut table = FieldTable::default();
        for (name, value, _) in every_type() {
            table.insert(name.into(), value);
        }
        put(
            &ground.conn,
            "headers",
            b"x",
            BasicProperties::default().with_headers(table),
        )
        .await;
        let mut consumer = Consumer::open(&ground.conn, "headers", 10).await.unwrap();
        let first = delivery(&mut consumer).await;
        for (name, _, expected) in every_type() {
            assert_eq!(first.properties.header(name), Some(&expected), "{name}");
        }
        assert_eq!(first.properties.headers.len(), every_type().len());

        let mut publisher = Publisher::open(&ground.conn, PATIENCE).await.unwrap();
        let again = Outgoing::replay("", "headers", first.properties.clone(), first.body);
        assert_eq!(
            publisher.publish_all(&[again]).await.unwrap(),
            [Verdict::Confirmed]
        );
        let second = delivery(&mut consumer).await;
        assert_eq!(second.properties.headers, first.properties.headers);
    });
}

#[test]
fn every_property_arrives_as_it_was_sent() {
    on_queue("properties", 0, async |ground| {
        let text = |text: &str| Some(text.to_owned());
        let properties = Properties {
            content_type: text("application/json"),
            content_encoding: text("identity"),
            message_id: text("m-1"),
            correlation_id: text("token"),
            reply_to: text("answers"),
            type_: text("upload.step"),
            app_id: text("shop"),
            timestamp: Some(1_700_000_000),
            expiration: text("600000"),
            user_id: None,
            delivery_mode: Some(2),
            priority: Some(3),
            headers: vec![("tenant".to_owned(), "default".into())],
        };
        let mut message = Outgoing::new("", "properties", "m-1", vec![0; 300_000]);
        message.properties = properties.clone();
        let mut publisher = Publisher::open(&ground.conn, PATIENCE).await.unwrap();
        publisher.publish_all(&[message]).await.unwrap();
        let mut consumer = Consumer::open(&ground.conn, "properties", 1).await.unwrap();
        let delivery = delivery(&mut consumer).await;
        assert_eq!(delivery.properties, properties);
        assert_eq!(
            (delivery.exchange.as_str(), delivery.routing_key.as_str()),
            ("", "properties")
        );
        assert_eq!(
            (delivery.body.len(), delivery.redelivered),
            (300_000, false)
        );
    });
}
