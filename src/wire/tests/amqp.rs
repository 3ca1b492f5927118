//! What comes beside the body: properties and headers.

use expect_test::expect;

use crate::domain::{Happening, Stamp};
use crate::wire::tests::*;

/// What an accepted event is called.
fn names(message: &Message<'_>) -> String {
    match decode_default(message) {
        Err(_) => verdict(message),
        Ok(accepted) => {
            let (name, event) = (accepted.type_name, accepted.event);
            let Stamp {
                source, id, time, ..
            } = event.stamp;
            format!(
                "{name} {}/{} {source}#{id} {time}",
                event.tenant, event.token
            )
        }
    }
}

#[test]
fn properties_stand_in_for_what_the_body_leaves_out() {
    let bare = json!({ "data": { "message": "m" } }).to_string();
    let bare = bare.as_bytes();
    let full = step().to_string();
    let headers = [("tenant", HeaderValue::Text("acme"))];
    let properties = Message {
        routing_key: "upload.items",
        message_id: Some("m1"),
        correlation_id: Some("c1"),
        type_: Some("order.step"),
        app_id: Some("a1"),
        timestamp: Some(1_700_000_000),
        headers: &headers,
        ..plain(bare)
    };
    let routed = Message {
        type_: None,
        routing_key: "upload.step",
        ..properties
    };
    let body_wins = Message {
        body: full.as_bytes(),
        ..properties
    };
    let empty = Message {
        message_id: Some(""),
        correlation_id: Some(""),
        app_id: Some(""),
        type_: Some(""),
        ..plain(bare)
    };
    let cases = [
        ("all from properties", properties),
        ("type from the routing key", routed),
        ("the body wins", body_wins),
        ("nothing", plain(bare)),
        ("empty ones are absent", empty),
    ];
    let lines = lines(cases.map(|(name, message)| (name, names(&message))));
    expect![[r#"
        all from properties: order.step acme/c1 a1#m1 2023-11-14T22:13:20Z
        type from the routing key: upload.step acme/c1 a1#m1 2023-11-14T22:13:20Z
        the body wins: upload.step acme/t1 scanner#e1 2026-02-03T04:05:06Z
        nothing: missing_identity | #/id is missing; give it, or the property message_id | #/source is missing; give it, or the property app_id | #/type is missing; give it, or the property type, or the routing key | #/token is missing; give it, or the property correlation_id
        empty ones are absent: missing_identity | #/id is missing; give it, or the property message_id | #/source is missing; give it, or the property app_id | #/type is missing; give it, or the property type, or the routing key | #/token is missing; give it, or the property correlation_id
    "#]].assert_eq(&lines);
}

#[test]
fn an_event_without_identity_or_token_is_refused() {
    let cases = [
        ("no id", without(step(), "id").to_string()),
        ("no source", without(step(), "source").to_string()),
        (
            "neither",
            without(without(step(), "id"), "source").to_string(),
        ),
        ("no token", without(step(), "token").to_string()),
    ];
    expect![[r#"
        no id: missing_identity | #/id is missing; give it, or the property message_id
        no source: missing_identity | #/source is missing; give it, or the property app_id
        neither: missing_identity | #/id is missing; give it, or the property message_id | #/source is missing; give it, or the property app_id
        no token: missing_token | #/token is missing; give it, or the property correlation_id
    "#]].assert_eq(&table(cases));
}

#[test]
fn an_opening_event_without_a_token_derives_the_same_at_every_delivery() {
    let opening = event("upload.received", json!({ "filename": "a.pdf" }));
    let body = without(opening.clone(), "token").to_string();
    let message = replying(&body, "answers");
    let first = decode_default(&message).unwrap();
    let again = decode(&message, &Limits::default(), Timestamp::MAX).unwrap();
    assert!(first.derived_token);
    assert_eq!(first.event.token, again.event.token);
    assert_eq!(first.reply_to.as_deref(), Some("answers"));

    let other = without(with(opening, "id", json!("e2")), "token").to_string();
    let other = decode_default(&plain(other.as_bytes())).unwrap();
    assert_ne!(other.event.token, first.event.token);
    assert_eq!(other.reply_to, None);
}

#[test]
fn only_an_opening_event_has_a_reply_to_and_a_bad_one_is_refused() {
    let body = step().to_string();
    let message = replying(&body, "answers");
    assert_eq!(decode_default(&message).unwrap().reply_to, None);

    let body = event("upload.received", json!({})).to_string();
    let long = "x".repeat(201);
    let message = replying(&body, &long);
    expect!["limit_exceeded | - the property reply_to must be at most 200 bytes long"]
        .assert_eq(&verdict(&message));
}

#[test]
fn the_tenant_of_the_header_must_not_contradict_the_body() {
    let with_tenant = with(step(), "tenant", json!("acme")).to_string();
    let without_tenant = step().to_string();
    let mut lines = String::new();
    let values = [
        HeaderValue::Text("acme"),
        HeaderValue::Text("other"),
        HeaderValue::Text(""),
        HeaderValue::Integer(7),
        HeaderValue::Other,
    ];
    for value in values {
        for body in [&with_tenant, &without_tenant] {
            let headers = [("Tenant", value)];
            let message = with_headers(body, &headers);
            writeln!(lines, "{value:?}: {}", names(&message)).unwrap();
        }
    }
    expect![[r#"
        Text("acme"): upload.step acme/t1 scanner#e1 2026-02-03T04:05:06Z
        Text("acme"): upload.step acme/t1 scanner#e1 2026-02-03T04:05:06Z
        Text("other"): tenant_mismatch | #/tenant contradicts the header tenant
        Text("other"): upload.step other/t1 scanner#e1 2026-02-03T04:05:06Z
        Text(""): tenant_mismatch | #/tenant contradicts the header tenant
        Text(""): invalid_field | - the header tenant must not be blank
        Integer(7): invalid_field | - the header tenant must be a text
        Integer(7): invalid_field | - the header tenant must be a text
        Other: invalid_field | - the header tenant must be a text
        Other: invalid_field | - the header tenant must be a text
    "#]]
    .assert_eq(&lines);
}

#[test]
fn unused_headers_may_be_of_any_type_but_not_endless() {
    let body = step().to_string();
    let long = "x".repeat(100 * 1024);
    let small = [
        ("x-death", HeaderValue::Other),
        ("count", HeaderValue::Integer(3)),
        ("text", HeaderValue::Text("x")),
        ("", HeaderValue::Other),
        ("ce-é", HeaderValue::Other),
    ];
    let large = [("big", HeaderValue::Text(&long))];
    let said = |headers| verdict(&with_headers(&body, headers));
    assert_eq!(said(&small), "accepted");
    expect!["too_large | - the headers are over 65536 bytes"].assert_eq(&said(&large));
}

/// What is kept of trace context on an opening event, and whether some was left out.
fn kept(parent: Option<&str>, state: Option<&str>) -> (Option<String>, Option<String>, bool) {
    let body = event("upload.received", json!({})).to_string();
    let parent = parent.map(|text| ("traceparent", HeaderValue::Text(text)));
    let state = state.map(|text| ("tracestate", HeaderValue::Text(text)));
    let headers: Vec<_> = parent.into_iter().chain(state).collect();
    let accepted = decode_default(&with_headers(&body, &headers)).unwrap();
    let Happening::Opened(opening) = accepted.event.happening else {
        panic!("not an opening");
    };
    (
        opening.traceparent,
        opening.tracestate,
        accepted.trace_ignored,
    )
}

const PARENT: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

#[test]
fn valid_trace_context_is_kept() {
    let later = PARENT.replacen("00", "01", 1) + "-more";
    for parent in [PARENT, &later] {
        assert_eq!(
            kept(Some(parent), None),
            (Some(parent.to_owned()), None, false)
        );
    }
    let state = "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE";
    let both = (Some(PARENT.to_owned()), Some(state.to_owned()), false);
    assert_eq!(kept(Some(PARENT), Some(state)), both);
    assert_eq!(kept(None, None), (None, None, false));
}

#[test]
fn invalid_trace_context_is_left_out_and_flagged() {
    let bad = [
        "",
        "00",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    ];
    for parent in bad {
        assert_eq!(
            kept(Some(parent), Some("a=b")),
            (None, None, true),
            "{parent}"
        );
    }
    assert_eq!(kept(None, Some("a=b")), (None, None, true));
    let many = ["a=b"; 33].join(",");
    for state in ["", "no pairs", "a=", "a=\u{e9}", &many] {
        let parent_only = (Some(PARENT.to_owned()), None, true);
        assert_eq!(kept(Some(PARENT), Some(state)), parent_only, "{state}");
    }
}
