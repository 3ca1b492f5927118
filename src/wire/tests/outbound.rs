//! What goes out, byte by byte.

use expect_test::expect;

use super::*;
use crate::domain::completion::ItemError;
use crate::domain::{Completion, Kind, Opening, ProcessKey, Status};

pub(super) fn ended() -> Completion {
    Completion {
        id: ProcessKey::of("acme", "t1").0,
        token: "t1".to_owned(),
        tenant: "acme".to_owned(),
        kind: Kind::Upload,
        status: Status::Warning,
        code: None,
        message: None,
        opening: Some(Opening {
            filename: Some("a \"b\".pdf".to_owned()),
            workflow: Some("intake".to_owned()),
            traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
            ..Opening::default()
        }),
        done: 3,
        total: Some(3),
        failed: 1,
        errors: vec![ItemError {
            identifier: "page-2".to_owned(),
            messages: vec!["upside down".to_owned()],
        }],
        document_ids: vec!["d1".to_owned(), "d3".to_owned()],
        document_count: 2,
        opened_at: Some("2026-02-03T04:05:06Z".parse().unwrap()),
        ended_at: "2026-02-03T04:05:07.25Z".parse().unwrap(),
        number: 1,
        attempt: 1,
    }
}

pub(super) fn unopened() -> Completion {
    Completion {
        status: Status::Error,
        code: Some("deadline_exceeded".to_owned()),
        opening: None,
        opened_at: None,
        total: None,
        errors: vec![],
        ..ended()
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "it shows a whole message")]
fn a_completion_is_a_cloud_event_in_binary_mode() {
    expect![[r#"
        Outbound {
            message_id: b052ed4a-1ff4-52c7-913d-8e1c81a91d49,
            correlation_id: "t1",
            type_: "process.completed",
            content_type: "application/json",
            headers: [
                (
                    "cloudEvents_specversion",
                    "1.0",
                ),
                (
                    "cloudEvents_id",
                    "b052ed4a-1ff4-52c7-913d-8e1c81a91d49",
                ),
                (
                    "cloudEvents_source",
                    "waybill",
                ),
                (
                    "cloudEvents_type",
                    "process.completed",
                ),
                (
                    "cloudEvents_subject",
                    "t1",
                ),
                (
                    "cloudEvents_time",
                    "2026-02-03T04:05:07.25Z",
                ),
                (
                    "token",
                    "t1",
                ),
                (
                    "tenant",
                    "acme",
                ),
                (
                    "traceparent",
                    "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                ),
                (
                    "cloudEvents_sequence",
                    "1",
                ),
            ],
            body: "{\"token\":\"t1\",\"tenant\":\"acme\",\"kind\":\"upload\",\"status\":\"warning\",\"workflow\":\"intake\",\"group\":null,\"filename\":\"a \\\"b\\\".pdf\",\"progress\":{\"done\":3,\"total\":3,\"failed\":1},\"errors\":[{\"identifier\":\"page-2\",\"messages\":[\"upside down\"]}],\"error_count\":1,\"error\":null,\"document_ids\":[\"d1\",\"d3\"],\"document_count\":2,\"opened_at\":\"2026-02-03T04:05:06Z\",\"ended_at\":\"2026-02-03T04:05:07.25Z\",\"elapsed_seconds\":1.25}",
            routing_key: "upload.warning",
            timestamp: 2026-02-03T04:05:07.25Z,
        }
    "#]].assert_debug_eq(&completion(&ended(), None));
}

#[test]
fn a_completion_says_where_the_feed_goes_on() {
    let headers = completion(&ended(), Some("001-7-0")).headers;
    let cursor = ("cursor".to_owned(), "001-7-0".to_owned());
    assert_eq!(headers.last(), Some(&cursor));
}

#[test]
fn a_completion_of_a_process_without_an_opening_says_null() {
    expect![[r#"{"token":"t1","tenant":"acme","kind":"upload","status":"error","workflow":null,"group":null,"filename":null,"progress":{"done":3,"total":null,"failed":1},"errors":[],"error_count":1,"error":{"code":"deadline_exceeded","message":null},"document_ids":["d1","d3"],"document_count":2,"opened_at":null,"ended_at":"2026-02-03T04:05:07.25Z","elapsed_seconds":0.0}"#]].assert_eq(&completion(&unopened(), None).body);
}

#[test]
fn the_reply_to_an_opening_event_has_its_token() {
    let body = without(event("upload.received", json!({})), "token").to_string();
    let accepted = decode_default(&replying(&body, "answers")).unwrap();
    let reply = token_reply(&accepted.event);
    assert_ne!(reply.message_id, accepted.event.key().0);
    assert_eq!(reply.type_, "process.token");
    assert_eq!(reply.routing_key, "answers");
    assert_eq!(reply.correlation_id, accepted.event.token);
    expect![[r#"{"token":"611ae0c8-0d7c-55ac-899f-5de6e97e4a1c","tenant":"default","kind":"upload","id":"e1","source":"scanner"}"#]].assert_eq(&reply.body);
}

#[test]
fn a_plain_event_we_write_is_one_we_take() {
    let written = PlainEvent {
        id: "e1".to_owned(),
        sequence: Some(3),
        ..PlainEvent::new(
            "demo",
            "upload.progress",
            "t1",
            arrived(),
            json!({ "done": 2 }),
        )
    };
    expect![[r#"{"id":"e1","type":"upload.progress","token":"t1","time":"2026-03-01T00:00:00.123456789Z","source":"demo","sequence":3,"data":{"done":2}}"#]].assert_eq(&written.to_line());
    let accepted = written.check(&Limits::default()).unwrap();
    assert_eq!(accepted.event.stamp.sequence, Some(3));

    let bad = PlainEvent {
        type_: "upload.progres".to_owned(),
        ..written
    };
    let refused = bad.check(&Limits::default()).unwrap_err();
    assert_eq!(refused.reason, Reason::UnknownType);
}

#[test]
fn a_completion_and_a_stage_carry_so_much_and_say_where_they_are_cut() {
    let error = |n: usize, bytes| ItemError {
        identifier: format!("item-{n:03}"),
        messages: vec!["ä".repeat(bytes / 2); 10],
    };
    let body = |bytes| {
        let long = Completion {
            message: Some("m".repeat(bytes)),
            errors: (0..100).map(|n| error(n, bytes)).collect(),
            ..ended()
        };
        let body = completion(&long, None).body;
        assert!(body.len() < 1024 * 1024, "{}", body.len());
        serde_json::from_str::<serde_json::Value>(&body).unwrap()
    };
    let whole = body(100);
    assert_eq!(whole["errors"].as_array().unwrap().len(), 100);
    assert!(whole.get("errors_cut").is_none());
    let cut = body(100_000);
    assert_eq!(cut["errors_cut"], true);
    assert_eq!(cut["errors"].as_array().unwrap().len(), 12);
    let message = cut["errors"][0]["messages"][0].as_str().unwrap();
    assert_eq!(message.len(), 4 * 1024);
    assert_eq!(cut["error"]["message"].as_str().unwrap().len(), 4 * 1024);

    let field = |n: usize| (format!("f{n}"), format!("\"{}\"", "x".repeat(100_000)));
    let form = |count| {
        let entered = StageEntered {
            data_id: uuid::Uuid::nil(),
            token: "t1".to_owned(),
            tenant: "acme".to_owned(),
            workflow: "purchase".to_owned(),
            stage: "stock".to_owned(),
            entered_at: ended().ended_at,
            number: 3,
            form: (0..count).map(field).collect(),
        };
        let outbound = stage_entered(&entered);
        let sequence = ("cloudEvents_sequence".to_owned(), "3".to_owned());
        assert!(outbound.headers.contains(&sequence));
        serde_json::from_str::<serde_json::Value>(&outbound.body).unwrap()
    };
    assert!(form(5).get("form_cut").is_none());
    let cut = form(9);
    assert_eq!(cut["form_cut"], true);
    assert_eq!(cut["form"].as_object().unwrap().len(), 5);
}
