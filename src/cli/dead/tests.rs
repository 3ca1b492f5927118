//! Dead letters as text.

use expect_test::expect;
use uuid::Uuid;

use super::{list, replay, show};
use crate::store::admin::replay::ReplayCounts;
use crate::store::write::dead_letter::{DeadLetter, StoredDeadLetter};

fn stored(body: &[u8]) -> StoredDeadLetter {
    let dead_letter = DeadLetter {
        id: Uuid::from_u128(0x6c1f_6a3e_0a50_5c3a_9d59_0e9d_5a6f_4b11),
        reason: "invalid_field".into(),
        problem: r#"{"type":"urn:waybill:problem:invalid_field","detail":"`total` is \u001b[2J negative"}"#.into(),
        tenant: None,
        token: Some("8a4f0c\u{1b}[31m".into()),
        source: Some("shop".into()),
        event_id: None,
        type_name: Some("upload.completed".into()),
        exchange: "waybill.events".into(),
        routing_key: "upload.completed".into(),
        queue: "waybill.events.0".into(),
        properties: r#"{"message_id":"1","delivery_mode":2}"#.into(),
        headers: r#"{"evil":"\u001b]0;owned\u0007\u009b"}"#.into(),
        body: body.to_vec(),
    };
    StoredDeadLetter {
        dead_letter,
        body_bytes: i64::try_from(body.len()).unwrap(),
        received_at: "2026-11-21T20:44:16.123456Z".parse().unwrap(),
    }
}

#[test]
fn a_list_has_two_lines_per_dead_letter_and_names_the_next_page() {
    expect![[r#"
        6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11  2026-11-21T20:44:16Z  invalid_field  type upload.completed, token 8a4f0c\u{1b}[31m, source shop
            `total` is \u{1b}[2J negative
    "#]].assert_eq(&list::render(&[stored(b"")], 50));
    expect![[r#"
        6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11  2026-11-21T20:44:16Z  invalid_field  type upload.completed, token 8a4f0c\u{1b}[31m, source shop
            `total` is \u{1b}[2J negative
        there may be more: --after 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11
    "#]].assert_eq(&list::render(&[stored(b"")], 1));
    assert_eq!(list::render(&[], 50), "no dead letters\n");
}

#[test]
fn a_dead_letter_is_shown_whole_and_can_not_control_the_terminal() {
    let text = show::render(
        &stored("{\n\t\"a\": \"\u{1b}[2J\u{202e}\"\r\n}".as_bytes()),
        4096,
    );
    assert!(!text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\t')));
    expect![[r#"
        dead letter 6c1f6a3e-0a50-5c3a-9d59-0e9d5a6f4b11
          reason       invalid_field
          kept         2026-11-21T20:44:16.123Z
          token        8a4f0c\u{1b}[31m
          source       shop
          type         upload.completed
          exchange     waybill.events
          routing key  upload.completed
          queue        waybill.events.0

        problem
          {
            "detail": "`total` is \u001b[2J negative",
            "type": "urn:waybill:problem:invalid_field"
          }

        properties
          {
            "delivery_mode": 2,
            "message_id": "1"
          }

        headers
          {
            "evil": "\u001b]0;owned\u0007\u009b"
          }

        body, 20 bytes
          {
          	"a": "\u{1b}[2J\u{202e}"\r
          }
    "#]]
    .assert_eq(&text);
}

#[test]
fn a_body_is_truncated_at_a_character_boundary_and_bytes_are_dumped() {
    let body = |bytes: &[u8], max| {
        let text = show::render(&stored(bytes), max);
        text[text.find("\nbody").unwrap()..].to_owned()
    };
    expect![[r#"

        body, 6 bytes
          a
          … 5 more bytes (--full)
    "#]]
    .assert_eq(&body("aé€".as_bytes(), 2));
    expect![[r#"

        body, 4 bytes
          00000000  00 01 fe                                         ...
          … 1 more bytes (--full)
    "#]]
    .assert_eq(&body(b"\x00\x01\xfe\xff", 3));
    expect![[r#"

        body, 0 bytes
    "#]]
    .assert_eq(&body(b"", 10));
    expect![[r#"

        body, 3 bytes
          aé
    "#]]
    .assert_eq(&body("aé".as_bytes(), usize::MAX));
}

#[test]
fn a_replay_names_what_was_kept() {
    let counts = ReplayCounts {
        confirmed: 3,
        unroutable: 1,
        damaged: 1,
        nacked: 0,
    };
    expect!["replayed 3 of 5; unroutable 1; damaged 1; the others are kept"]
        .assert_eq(&replay::summary(counts));
}

#[test]
fn a_dry_run_prints_the_expected_outcomes() {
    let expected = [
        ("applied".to_owned(), 4),
        ("unknown_workflow".to_owned(), 2),
    ];
    expect!["would replay 6: applied 4, unknown_workflow 2"]
        .assert_eq(&replay::expected_summary(&expected.into_iter().collect()));
    assert_eq!(
        replay::expected_summary(&Default::default()),
        "would replay 0"
    );
}

#[test]
fn a_dead_letter_with_a_truncated_body_says_that_it_can_not_be_replayed() {
    let mut stored = stored(b"the beginning");
    stored.dead_letter.problem =
        r#"{"detail":"d","body":{"bytes":62914560,"sha256":"00ff"}}"#.into();
    let text = show::render(&stored, 4096);
    assert!(
        text.contains("truncated: the body had 62914560 bytes (SHA-256 00ff)"),
        "{text}"
    );
    assert!(text.contains("It can't be replayed"), "{text}");
}
