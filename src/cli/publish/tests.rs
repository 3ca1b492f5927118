//! Lines to messages, without a broker.

use expect_test::expect;

use super::counts::LineCounts;
use super::lines::{LineBatch, Lines};
use crate::wire::Limits;

const GOOD: &str = r#"{"id":"1","source":"shop","type":"upload.received","token":"t","data":{}}"#;

async fn read(input: &[u8], force: bool) -> LineBatch {
    let limits = Limits {
        body_bytes: 200,
        ..Limits::default()
    };
    Lines::new(input, limits, force).next_batch().await.unwrap()
}

fn faults(batch: &LineBatch) -> String {
    let fault = |fault: &super::lines::LineFault| format!("{} {}\n", fault.line, fault.message);
    batch.faults.iter().map(fault).collect()
}

#[tokio::test]
async fn a_line_becomes_a_message_with_properties() {
    let batch = read(format!("\n{GOOD}\r\n").as_bytes(), false).await;
    let [message] = batch.messages.as_slice() else {
        panic!("{batch:?}");
    };
    assert_eq!(message.exchange, "waybill.events");
    assert_eq!(message.routing_key, "upload.received");
    assert_eq!(message.body, GOOD.as_bytes());
    let properties = &message.properties;
    assert_eq!(properties.message_id.as_deref(), Some("1"));
    assert_eq!(properties.correlation_id.as_deref(), Some("t"));
    assert_eq!(properties.app_id.as_deref(), Some("shop"));
    assert_eq!(properties.type_.as_deref(), Some("upload.received"));
    assert_eq!(properties.delivery_mode, Some(2));
    assert!(batch.faults.is_empty());
}

#[tokio::test]
async fn every_fault_names_its_line_which_is_not_sent() {
    let long = "x".repeat(300);
    let input = [
        GOOD,
        r#"{"source":"shop","type":"upload.received","token":"t"}"#,
        r#"{"id":"2","source":"shop","type":"upload.step","token":"t","data":{}}"#,
        r#"{"id":"3","source":"shop","type":"upload.closed","token":"t"}"#,
        "{",
        &long,
        "\u{feff}{}",
    ];
    let mut input = input.join("\n").into_bytes();
    input.extend_from_slice(b"\n\xff\xfe\n");
    let batch = read(&input, false).await;
    assert_eq!(batch.messages.len(), 1);
    expect![[r#"
        2 missing_identity: #/id is missing; give it, or the property message_id
        3 invalid_field: #/data/message is missing; give `message` or `name`
        4 unknown_type: #/type is no event type; names look like upload.received or order.step
        5 undecodable: the body ends in the middle of the document, at line 1 column 1
        6 too_large: the line is over 200 bytes
        7 undecodable: the body starts with a byte order mark; send UTF-8 without one
        8 undecodable: the line is not UTF-8
    "#]]
    .assert_eq(&faults(&batch));
}

#[tokio::test]
async fn a_forced_line_is_sent_unchanged_unless_it_is_over_the_limit() {
    let input = format!(
        "{{\"type\":\"nonsense\",\"id\":\"7\"}}\n???\n{}\n",
        "x".repeat(300)
    );
    let batch = read(input.as_bytes(), true).await;
    let keys: Vec<_> = batch
        .messages
        .iter()
        .map(|m| m.routing_key.as_str())
        .collect();
    assert_eq!(keys, ["nonsense", "unreadable"]);
    assert_eq!(
        batch.messages[0].properties.message_id.as_deref(),
        Some("7")
    );
    assert_eq!(batch.messages[0].properties.app_id, None);
    assert_eq!(batch.messages[1].properties.message_id, None);
    let sent: Vec<_> = batch.faults.iter().map(|fault| fault.sent).collect();
    assert_eq!(sent, [true, true, false]);
}

#[tokio::test]
async fn an_opening_without_a_token_gets_the_one_that_a_worker_derives() {
    let line = r#"{"id":"1","source":"shop","type":"upload.received","data":{}}"#;
    let batch = read(line.as_bytes(), false).await;
    let token = crate::domain::ProcessKey::derived_token("shop", "1");
    assert_eq!(batch.tokens, [(1, token.clone())]);
    assert_eq!(batch.messages[0].properties.correlation_id, Some(token));
}

#[tokio::test]
async fn a_batch_is_bounded_and_the_next_continues_after_it() {
    let input = format!("{GOOD}\n").repeat(2_500);
    let mut lines = Lines::new(input.as_bytes(), Limits::default(), false);
    let mut sizes = Vec::new();
    loop {
        let batch = lines.next_batch().await.unwrap();
        if batch.is_empty() {
            break;
        }
        sizes.push(batch.messages.len());
    }
    assert_eq!(sizes, [2_000, 500]);
}

#[test]
fn the_summary_names_what_was_not_confirmed() {
    let counts = LineCounts {
        confirmed: 7,
        ..LineCounts::default()
    };
    assert!(counts.all_confirmed());
    assert_eq!(counts.summary(), "confirmed 7");
    let counts = LineCounts {
        unroutable: 2,
        faulty: 1,
        ..counts
    };
    assert!(!counts.all_confirmed());
    expect!["confirmed 7; not sent because of a fault 1; unroutable 2 (no queue is bound: start `waybill run` once)"]
        .assert_eq(&counts.summary());
}
