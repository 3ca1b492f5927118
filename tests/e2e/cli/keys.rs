//! Commands for API keys, and finding a key by its printed text.

use waybill::domain::access::{Access, Scope};
use waybill::store::admin::api_key::{KeyState, NewKey};

use crate::support::command::User;
use crate::support::ground::Ground;

const ACME: [&str; 6] = ["key", "create", "--tenant", "acme", "--scope", "write,read"];

/// Creates a key; returns its text and its id.
fn create(ground: &Ground, more: &[&str]) -> (String, String) {
    let created = ground.waybill(&[&ACME[..], more].concat()).ok();
    let created = created.complains("shown once");
    let text = created.out.strip_suffix('\n').unwrap().to_owned();
    let id = text.split('_').nth(1).unwrap().to_owned();
    assert!(!created.err.contains(secret(&text)), "{}", created.err);
    assert!(created.err.contains(&id), "{}", created.err);
    (text, id)
}

fn secret(text: &str) -> &str {
    text.rsplit('_').next().unwrap()
}

#[test]
fn a_created_key_is_found_until_it_is_revoked() {
    Ground::test_empty("keys", async |ground| {
        ground.refuses(&ACME, 1, "run `waybill migrate`");
        ground.waybill(&["migrate"]).ok();
        ground.shows(&["key", "list"], "no keys");
        let store = ground.store();
        assert!(!store.any_key().await.unwrap());

        let (text, id) = create(&ground, &["--name", "archive"]);
        let found = store.find_key(&text).await.unwrap().unwrap();
        assert_eq!((found.id, found.state), (id.clone(), KeyState::Valid));
        assert!(found.expires_at.is_some(), "a year");
        let expected = Access {
            tenant: "acme".to_owned(),
            scopes: vec![Scope::Read, Scope::Write],
        };
        assert_eq!(found.access, expected);
        assert!(store.any_key().await.unwrap());

        let revoked = format!("revoked {id}\n");
        let answer = ground.waybill(&["key", "revoke", &id]).ok();
        assert_eq!(answer.out, revoked);
        let first = store.list_keys().await.unwrap();
        let found = store.find_key(&text).await.unwrap().unwrap();
        assert_eq!(found.state, KeyState::Revoked);
        assert!(store.any_key().await.unwrap(), "a key is still required");

        let answer = ground.waybill(&["key", "revoke", &text]).ok();
        assert_eq!(answer.out, revoked);
        assert_eq!(store.list_keys().await.unwrap(), first);
        ground
            .shows(&["key", "list"], &format!("{id}  revoked  20"))
            .says("tenant acme, scopes read,write, revoked 20")
            .says(", name archive");
    });
}

#[test]
fn a_wrong_secret_of_a_known_id_is_not_found() {
    Ground::test_migrated("wrong_keys", async |ground| {
        let (text, id) = create(&ground, &[]);
        let (other, _) = create(&ground, &[]);
        let last = if text.ends_with('0') { "1" } else { "0" };
        let store = ground.store();
        for wrong in [
            format!("{}{last}", &text[..text.len() - 1]),
            format!("wb_{id}_{}", secret(&other)),
            format!("wb_{}_{}", "0".repeat(12), secret(&text)),
            format!("{text} "),
            text.to_uppercase(),
            id,
            secret(&text).to_owned(),
            String::new(),
        ] {
            assert_eq!(store.find_key(&wrong).await.unwrap(), None, "{wrong}");
        }
        assert!(store.find_key(&text).await.unwrap().is_some());
        let unknown = ["key", "revoke", "0123456789ab"];
        ground.refuses(&unknown, 4, "no key 0123456789ab; see `waybill key list`");
    });
}

#[test]
fn an_expired_key_is_reported_as_expired() {
    Ground::test_migrated("expired_keys", async |ground| {
        let (text, id) = create(&ground, &["--expires", "90d"]);
        let store = ground.store();
        let found = store.find_key(&text).await.unwrap().unwrap();
        assert_eq!(found.state, KeyState::Valid);
        let listed = store.list_keys().await.unwrap().remove(0);
        let days = found.expires_at.unwrap().duration_since(listed.created_at);
        assert_eq!(days.as_hours(), 90 * 24);

        let passed = "update waybill.api_key set created_at = created_at - interval '91 days',
                          expires_at = expires_at - interval '91 days'";
        ground.execute(passed).await;
        let found = store.find_key(&text).await.unwrap().unwrap();
        assert_eq!(found.state, KeyState::Expired);
        ground
            .shows(&["key", "list"], &format!("{id}  expired  20"))
            .says(", expired 20");
        ground.waybill(&["key", "revoke", &id]).ok();
        let found = store.find_key(&text).await.unwrap().unwrap();
        assert_eq!(found.state, KeyState::Revoked);
    });
}

#[test]
fn the_text_of_a_key_is_printed_once_and_stored_nowhere() {
    Ground::test_migrated("secret_keys", async |ground| {
        let verbose = [&ACME[..], &["--verbose"]].concat();
        let created = ground.waybill(&verbose).ok();
        let text = created.out.trim_end();
        let secret = secret(text);
        assert!(!created.err.contains(secret), "{}", created.err);
        assert_eq!(created.out.lines().count(), 1);

        let store = ground.store();
        let connection = store.connection().await.unwrap();
        let row = connection
            .query_one(
                "select k::text, k.hash = sha256(convert_to($1, 'utf8')),
                        strpos(encode(k.hash, 'escape'), $1) from waybill.api_key k",
                &[&text],
            )
            .await
            .unwrap();
        let (dump, is_hash, at): (String, bool, i32) = (row.get(0), row.get(1), row.get(2));
        assert!(is_hash && at == 0 && !dump.contains(secret), "{dump}");

        for arguments in [&["key", "list"][..], &["key", "list", "--json"]] {
            let list = ground.waybill(arguments).ok();
            assert!(!list.out.contains(secret), "{}", list.out);
            assert!(!list.err.contains(secret), "{}", list.err);
        }
        let shown = ground.waybill(&["key", "list", "--json"]).ok().json();
        assert_eq!(shown[0]["scopes"], serde_json::json!(["read", "write"]));
        assert_eq!(shown[0]["state"], "valid");
        assert!(shown[0].get("hash").is_none());
    });
}

#[test]
fn no_error_message_contains_a_secret() {
    Ground::test_migrated("printed_keys", async |ground| {
        let store = ground.store();
        let mut new = NewKey {
            name: String::new(),
            access: Access {
                tenant: "acme".to_owned(),
                scopes: vec![Scope::Admin],
            },
            expires_after: None,
        };
        let created = store.create_key(&new).await.unwrap();
        let debug = format!("{created:?}");
        assert!(debug.contains("REDACTED"), "{debug}");

        new.access.scopes.clear();
        let refused = store.create_key(&new).await.unwrap_err();
        assert!(refused.is_data());
        let error = refused.to_string();
        assert!(error.contains("scopes_are_not_empty"), "{error}");
        assert!(!error.contains("\\x") && !error.contains("wb_"), "{error}");
    });
}

#[test]
fn invalid_key_arguments_are_reported_with_a_remedy() {
    let user = User::of(&[("DATABASE_URL", "postgres://w@127.0.0.1:1/w")]);
    let assert_refused = |arguments: &[&str], remedy: &str| {
        user.refuses(arguments, 2, remedy);
    };
    let create = ["key", "create", "--tenant"];
    let with = |more: &[&'static str]| [&create[..], more].concat();
    assert_refused(&with(&["acme"]), "--scope <SCOPE,…>");
    assert_refused(&["key", "create", "--scope", "read"], "--tenant <TENANT>");
    for scope in ["all", "read,", "read, write", ""] {
        let arguments = [&create[..], &["acme", "--scope", scope]].concat();
        assert_refused(&arguments, "the scopes are read, write, admin");
    }
    assert_refused(
        &[&ACME[..], &["--expires", "soon"]].concat(),
        "such as 12h or 90d, from 1s to 3650d, or `never`",
    );
    assert_refused(&with(&[" ", "--scope", "read"]), "--tenant: must not be");
    assert_refused(
        &with(&["a\u{1b}[2J", "--scope", "read"]),
        "--tenant: must not contain control characters",
    );
    let long = "ü".repeat(101);
    assert_refused(
        &[&create[..], &[&long, "--scope", "read"]].concat(),
        "--tenant: must be at most 200 bytes long",
    );
    assert_refused(
        &[&ACME[..], &["--name", &long]].concat(),
        "--name: must be at most 200 bytes long",
    );
    User::of(&[]).shows(&["key", "create", "--help"], "--expires 90d");
}

#[test]
fn a_rotated_key_works_beside_its_successor_for_the_overlap() {
    Ground::test_migrated("rotated_keys", async |ground| {
        let (old, id) = create(&ground, &["--name", "archive"]);
        let rotated = ground
            .waybill(&["key", "rotate", &id, "--overlap", "1h"])
            .ok();
        let rotated = rotated.complains(&format!("key {id} works for 1h more"));
        let new = rotated.out.trim_end();
        let store = ground.store();
        let of = async |text: &str| store.find_key(text).await.unwrap().unwrap();
        let (before, after) = (of(&old).await, of(new).await);
        assert_eq!(before.access, after.access);
        assert_eq!([before.state, after.state], [KeyState::Valid; 2]);
        assert!(before.expires_at < after.expires_at);
        ground.shows(&["key", "list"], ", name archive");
        ground.waybill(&["key", "revoke", &id]).ok();
        ground.refuses(&["key", "rotate", &id], 4, "no key");
        ground.refuses(&["key", "rotate", new, "--overlap", "1y"], 2, "such as 1h");
    });
}
