//! The list of keys, and the messages about invalid arguments.

use std::time::Duration;

use expect_test::expect;
use jiff::Timestamp;

use super::create::{Expires, expires, scope};
use super::list::render;
use super::revoke::unknown;
use crate::cli::failure::Failure;
use crate::domain::access::{Access, Scope};
use crate::store::admin::api_key::{KeyState, ListedKey};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(id: &str, state: KeyState) -> ListedKey {
    let later = |if_state| (state == if_state).then(|| at("2026-11-22T08:00:00Z"));
    ListedKey {
        id: id.to_owned(),
        name: "archive".to_owned(),
        access: Access {
            tenant: "acme".to_owned(),
            scopes: vec![Scope::Read, Scope::Write],
        },
        state,
        created_at: at("2026-11-21T20:44:16.5Z"),
        expires_at: later(KeyState::Expired),
        revoked_at: later(KeyState::Revoked),
        created_by: None,
        last_used_at: None,
    }
}

#[test]
fn each_key_is_one_line_that_can_not_control_the_terminal() {
    let mut odd = key("000000000004", KeyState::Valid);
    odd.expires_at = Some(at("2027-02-19T20:44:16Z"));
    odd.name = "a\nb\u{1b}[2J".to_owned();
    let mut nameless = key("000000000001", KeyState::Valid);
    nameless.name.clear();
    let keys = [
        nameless,
        key("000000000002", KeyState::Expired),
        key("000000000003", KeyState::Revoked),
        odd,
    ];
    expect![[r#"
        000000000001  valid    2026-11-21T20:44:16Z  tenant acme, scopes read,write, never expires, never used
        000000000002  expired  2026-11-21T20:44:16Z  tenant acme, scopes read,write, expired 2026-11-22T08:00:00Z, never used, name archive
        000000000003  revoked  2026-11-21T20:44:16Z  tenant acme, scopes read,write, revoked 2026-11-22T08:00:00Z, never used, name archive
        000000000004  valid    2026-11-21T20:44:16Z  tenant acme, scopes read,write, expires 2027-02-19T20:44:16Z, never used, name a\nb\u{1b}[2J
    "#]]
    .assert_eq(&render(&keys));
    assert!(render(&[]).contains("waybill key create"));
}

#[test]
fn a_key_is_valid_for_a_duration_or_for_ever() {
    assert_eq!(expires("never"), Ok(Expires(None)));
    let days = Duration::from_secs(90 * 86_400);
    assert_eq!(expires("90d"), Ok(Expires(Some(days))));
    for wrong in ["", "90", "0s", "10ms", "-1d", "3651d", "Never", "1y"] {
        let message = expires(wrong).unwrap_err();
        assert!(
            message.contains("from 1s to 3650d, or `never`"),
            "{message}"
        );
    }
}

#[test]
fn the_message_about_an_unknown_scope_lists_the_known_ones() {
    assert_eq!(scope("write"), Ok(Scope::Write));
    assert_eq!(
        scope("Write"),
        Err("the scopes are read, write, admin".to_owned())
    );
}

#[test]
fn a_text_that_is_not_an_id_is_not_repeated_because_it_may_be_most_of_a_key() {
    let message = |id: &str| match unknown(id) {
        Failure::Unknown(text) => text,
        other => panic!("{other:?}"),
    };
    assert!(message("0123456789ab").starts_with("no key 0123456789ab; "));
    assert!(!message("wb_0123456789ab_beef").contains("beef"));
}
