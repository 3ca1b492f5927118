//! Sessions: they end at their time, however they are used; they are listed, and ended by an operator, an
//! administrator of their tenant, or their user.

use waybill::domain::access::Scope;

use super::pages::logged_in;
use crate::http::processes::{key, keyed};
use crate::support::client::{Client, served_as, served_by};
use crate::support::ground::{assert_contains, assert_rows, holds, reaches};

const PAGE: &str = "/monitor/sessions";
const END: &str = "/monitor/sessions/end";

/// Waits until a client has to log in.
async fn is_out(client: &Client) {
    holds("a session that has ended", async || {
        client.get("/").await.status == 303
    })
    .await;
}

#[test]
fn a_session_ends_at_its_time_however_it_is_used() {
    let settings = ["http.session=1h"];
    served_by("session-end", "api", &settings, async |ground, client| {
        let (text, _) = key(&ground, "default", &[Scope::Read]).await;
        let (_, viewer) = logged_in(&client, &text).await;
        let ends = "session where purpose = 'pages' and origin = '127.0.0.1'
                    and ends_at = created_at + interval '1 hour' and expires_at = ends_at";
        assert_rows(&ground, ends, 1).await;

        // It would not expire for an hour, and ends in a minute: a use changes neither.
        let near = "update waybill.session set ends_at = now() + interval '1 minute',
                                               expires_at = now() + interval '30 seconds'";
        ground.execute(near).await;
        holds("a use that is written", async || {
            assert_eq!(viewer.get("/").await.status, 200);
            ground.count("session where expires_at = ends_at").await == 1
        })
        .await;
        let over =
            "update waybill.session set ends_at = now(), expires_at = now() + interval '1 hour'";
        ground.execute(over).await;
        is_out(&viewer).await;
        ground.shows(&["session", "list"], "no sessions");
    });
}

#[test]
fn an_operator_lists_and_ends_sessions() {
    served_as("session-cli", "api", async |ground, client| {
        let (text, id) = key(&ground, "acme", &[Scope::Read]).await;
        let (other, _) = key(&ground, "globex", &[Scope::Read]).await;
        let (welcome, first) = logged_in(&client, &text).await;
        let (_, second) = logged_in(&client, &text).await;
        let (_, third) = logged_in(&client, &other).await;
        let listed = ground.waybill(&["session", "list", "--json"]).ok().json();
        let listed = listed.as_array().expect("a list");
        assert_eq!(listed.len(), 3);
        let oldest = listed.last().expect("one").clone();
        assert_eq!(
            (&oldest["key"], &oldest["tenant"]),
            (&id.into(), &"acme".into())
        );
        assert_eq!(
            (&oldest["purpose"], &oldest["origin"]),
            (&"pages".into(), &"127.0.0.1".into())
        );
        let shown = oldest["id"].as_str().expect("an id");
        let cookie = welcome.header("set-cookie").expect("a cookie");
        assert!(
            !cookie.replace('-', "").contains(shown),
            "the id is no secret"
        );
        let of_acme = ground.shows(&["session", "list", "--tenant", "acme"], shown);
        assert_eq!(of_acme.out.lines().count(), 2, "{}", of_acme.out);

        ground.shows(
            &["session", "end", shown, "--why", "lost"],
            "ended sessions: 1",
        );
        is_out(&first).await;
        assert_eq!(second.get("/").await.status, 200);
        ground.refuses(&["session", "end", shown], 4, "no such session");
        ground.refuses(&["session", "end"], 2, "required");
        let key = oldest["key"].as_str().expect("an id");
        ground.shows(&["session", "end", "--key", key], "ended sessions: 1");
        is_out(&second).await;
        ground.shows(&["session", "end", "--all"], "ended sessions: 1");
        is_out(&third).await;
        for (object, tenant) in [
            (format!("session {shown}"), "acme"),
            (format!("1 sessions of key {key}"), "acme"),
            ("all 1 sessions".to_owned(), "globex"),
        ] {
            let row = format!(
                "audit where action = 'session.end' and object = '{object}' and tenant = '{tenant}'"
            );
            assert_rows(&ground, &row, 1).await;
        }
    });
}

#[test]
fn an_administrator_ends_sessions_of_the_own_tenant_alone() {
    served_as("session-page", "api", async |ground, client| {
        let (text, id) = key(&ground, "acme", &[Scope::Admin]).await;
        let (stranger, _) = key(&ground, "globex", &[Scope::Read]).await;
        let (_, own) = logged_in(&client, &text).await;
        let (_, elsewhere) = logged_in(&client, &text).await;
        let (_, third) = logged_in(&client, &stranger).await;
        assert_eq!(third.get(PAGE).await.status, 403);
        let of = async |tenant: &str| {
            let select = format!(
                "select encode(substring(s.hash for 8), 'hex') from waybill.session s
                 join waybill.api_key k on k.id = s.key where k.tenant = '{tenant}'"
            );
            ground.texts(&select).await
        };
        let page = own.get(PAGE).await;
        let foreign = of("globex").await.remove(0);
        assert!(!page.body().contains(&foreign), "{}", page.body());
        for words in ["this one", "End my other sessions", "127.0.0.1"] {
            assert_contains(page.body(), words);
        }
        assert_eq!(own.form(END, &format!("id={foreign}")).await.status, 404);
        assert_eq!(own.form(END, "").await.status, 400);
        assert_eq!(third.get("/").await.status, 200);

        assert_eq!(own.form(END, "others=yes").await.status, 303);
        is_out(&elsewhere).await;
        assert_eq!(own.get("/").await.status, 200);
        let ended = format!(
            "audit where action = 'session.end' and object = '1 other sessions of key {id}'
             and actor = '{id}' and tenant = 'acme'"
        );
        reaches(&ground, &ended, 1).await;
        let left = of("acme").await.remove(0);
        assert_eq!(own.form(END, &format!("id={left}")).await.status, 303);
        is_out(&own).await;

        // An operator sees those of every tenant.
        let (operator, _) = keyed(&ground, &client, "default", &[Scope::Admin]).await;
        assert_contains(operator.get(PAGE).await.body(), &foreign);
        assert_eq!(
            operator.form(END, &format!("id={foreign}")).await.status,
            303
        );
        is_out(&third).await;
    });
}

#[test]
fn the_sessions_of_a_revoked_key_are_over() {
    served_as("session-key", "api", async |ground, client| {
        let (text, id) = key(&ground, "default", &[Scope::Read]).await;
        let (_, viewer) = logged_in(&client, &text).await;
        ground.shows(&["session", "list"], &format!("key {id}"));
        ground.waybill(&["key", "revoke", &id]).ok();
        ground.shows(&["session", "list"], "no sessions");
        is_out(&viewer).await;
    });
}
