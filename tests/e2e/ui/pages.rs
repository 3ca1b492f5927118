//! The monitor page as a browser requests it: logins, lists, and live pages.

use waybill::domain::access::Scope;

use crate::http::processes::{key, keyed};
use crate::support::client::{Client, Reply, served};
use crate::support::ground::{Ground, assert_contains, holds, reaches};
use crate::support::producer::Producer;
use crate::support::story::{stories, story};

/// Marks of the rows of ended processes.
const ENDED: [&str; 4] = [
    "data-status=\"done\"",
    "data-status=\"warning\"",
    "data-status=\"error\"",
    "data-status=\"cancelled\"",
];
const FORM: &str = "application/x-www-form-urlencoded";
const POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; \
     connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
/// A UUID has no character that a form would escape.
const NEXT: &str = "%2F%3Fkind%3Dorder";

/// Logs in with a key; returns the response, and a client with the cookie.
pub(crate) async fn logged_in(client: &Client, key: &str) -> (Reply, Client) {
    let client = client.with("content-type", FORM);
    let reply = client
        .post("/monitor/login", format!("key={key}&next={NEXT}"))
        .await;
    let cookie = reply.header("set-cookie").unwrap_or_default();
    let pair = cookie.split(';').next().unwrap_or_default();
    (
        reply.clone(),
        client.with("cookie", &format!("a=b; {pair}")),
    )
}

/// Publishes seventy uploads that end in every way; returns their tokens.
async fn publish_uploads(ground: &Ground) -> Vec<String> {
    let events = stories("monitored", 70);
    Producer::new(ground).events(&events).await;
    reaches(ground, "process where ended_at is not null", 70).await;
    ground.texts("select token from waybill.process").await
}

/// The tokens among these that a page shows.
fn shown<'a>(page: &Reply, tokens: &'a [String]) -> Vec<&'a str> {
    assert_eq!(page.status, 200, "{}", page.body());
    let shown = tokens.iter().filter(|token| {
        let link = format!("/monitor/process?token={token}\"");
        page.body().contains(&link)
    });
    shown.map(String::as_str).collect()
}

#[test]
fn a_user_with_a_key_logs_in_once_and_out_again() {
    served("monitor_login", async |ground, client| {
        // On this machine no login is needed while there is no key.
        assert_eq!(client.get("/").await.status, 200);
        let (reader, id) = key(&ground, "default", &[Scope::Read]).await;
        holds("a listener that requires keys", async || {
            client.get("/").await.status == 303
        })
        .await;
        let turned = client.get("/?kind=order").await;
        let login = format!("/monitor/login?next={NEXT}");
        assert_eq!(turned.header("location"), Some(login.as_str()));
        let form = client.get(&login).await;
        assert_contains(form.body(), "value=\"/?kind=order\"");

        let (welcome, viewer) = logged_in(&client, &reader).await;
        assert_eq!(
            (welcome.status, welcome.header("location")),
            (303, Some("/?kind=order"))
        );
        let cookie = welcome.header("set-cookie").expect("a cookie");
        for guard in ["; Path=/", "; HttpOnly", "; SameSite=Strict"] {
            assert!(cookie.contains(guard), "{cookie}");
        }
        let page = viewer.get("/").await;
        assert!(page.body().contains("read only"), "{}", page.body());
        assert_eq!(page.header("cache-control"), Some("no-store"));

        // A new login ends the old session.
        let (welcome, _) = logged_in(&viewer, &reader).await;
        assert_eq!(viewer.get("/").await.status, 303);
        let cookie = welcome.header("set-cookie").expect("a cookie");
        let viewer = client.with("cookie", cookie.split(';').next().unwrap_or_default());
        assert_eq!(viewer.get("/").await.status, 200);
        let left = viewer.post("/monitor/logout", "").await;
        assert_eq!(
            (left.status, left.header("location")),
            (303, Some("/monitor/login"))
        );
        assert_eq!(viewer.get("/").await.status, 303);
        let (_, again) = logged_in(&client, &reader).await;
        assert_eq!(again.get("/").await.status, 200);
        assert!(ground.store().revoke_key(&id).await.expect("revoked"));
        holds("a session that ends with its key", async || {
            again.get("/").await.status == 303
        })
        .await;
    });
}

#[test]
fn a_refused_login_says_why() {
    served("monitor_wrong", async |ground, client| {
        let (writer, _) = key(&ground, "default", &[Scope::Write]).await;
        let (wrong, _) = logged_in(&client, "wb_0123456789ab_00").await;
        assert_eq!(wrong.status, 401);
        assert!(wrong.body().contains("the key is unknown"));
        let (narrow, _) = logged_in(&client, &writer).await;
        assert_eq!(narrow.status, 403);
        assert!(narrow.body().contains("it needs a key with the scope read"));

        let nothing = client.with("content-type", FORM);
        assert_eq!(nothing.post("/monitor/login", "token=1").await.status, 400);
    });
}

#[test]
fn every_answer_has_security_headers_and_cross_site_forms_are_refused() {
    served("monitor_strict", async |_, client| {
        for (path, status) in [
            ("/", 200),
            ("/?status=odd", 400),
            ("/monitor/nothing", 404),
            ("/monitor", 303),
            ("/monitor/", 303),
            ("/monitor/login", 200),
            ("/monitor/assets/monitor.css", 200),
            ("/monitor/assets/monitor.js", 200),
            ("/monitor/assets/none", 404),
        ] {
            let reply = client.get(path).await;
            assert_eq!(reply.status, status, "{path}");
            assert_eq!(
                reply.header("content-security-policy"),
                Some(POLICY),
                "{path}"
            );
            assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
            let opener = reply.header("cross-origin-opener-policy");
            assert_eq!(opener, Some("same-origin"), "{path}");
            let features = reply.header("permissions-policy").unwrap_or_default();
            for feature in ["camera=()", "geolocation=()", "microphone=()", "usb=()"] {
                assert!(features.contains(feature), "{path}: {features}");
            }
            // Only over TLS.
            assert_eq!(reply.header("strict-transport-security"), None, "{path}");
        }
        let odd = client.get("/?status=odd&x=1").await;
        assert_contains(odd.body(), "status must be one of waiting, running");
        assert!(odd.body().contains("an unknown parameter is given"));
        for (name, value, status) in [
            ("sec-fetch-site", "cross-site", 403),
            ("sec-fetch-site", "same-site", 403),
            ("sec-fetch-site", "same-origin", 303),
            ("origin", "http://evil.example", 403),
            ("origin", "null", 403),
            ("origin", "http://localhost", 303),
        ] {
            let sender = client.with(name, value);
            let reply = sender.post("/monitor/logout", "").await;
            assert_eq!(reply.status, status, "{name}: {value}");
        }
    });
}

#[test]
fn totals_of_all_tenants_are_shown_to_operators_and_the_default_tenant() {
    served("monitor_overseen", async |ground, client| {
        for (tenant, scope, status) in [
            ("default", Scope::Read, 200),
            ("acme", Scope::Admin, 200),
            ("acme", Scope::Read, 403),
        ] {
            let (viewer, _) = keyed(&ground, &client, tenant, &[scope]).await;
            let page = viewer.get("/monitor/charts").await;
            assert_eq!(page.status, status, "{tenant} {scope:?}");
            let list = viewer.get("/").await;
            let is_linked = list.body().contains("href=\"/monitor/charts\"");
            assert_eq!(is_linked, status == 200, "{tenant} {scope:?}");
        }
    });
}

#[test]
fn a_list_has_pages_and_contains_nothing_of_another_tenant() {
    served("monitor_list", async |ground, client| {
        let (other, _) = keyed(&ground, &client, "other", &[Scope::Admin]).await;
        let (client, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let tokens = publish_uploads(&ground).await;
        let first = client.get("/").await;
        assert_eq!(shown(&first, &tokens).len(), 50);
        let next = first
            .body()
            .split("href=\"")
            .find(|rest| rest.starts_with("/?after="));
        let next = next
            .and_then(|rest| rest.split('"').next())
            .expect("a next page");
        let second = client.get(next).await;
        assert_eq!(shown(&second, &tokens).len(), 20);
        assert!(second.body().contains("To the newest"));
        assert!(!second.body().contains("Older ones"));
        let mut all = [shown(&first, &tokens), shown(&second, &tokens)].concat();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 70);

        assert_eq!(shown(&other.get("/").await, &tokens).len(), 0);
    });
}

#[test]
fn a_list_is_filtered_by_a_search() {
    served("monitor_filter", async |ground, client| {
        let tokens = publish_uploads(&ground).await;
        let failed = client
            .get("/?token=&kind=upload&status=error&since=hour")
            .await;
        assert_eq!(shown(&failed, &tokens).len(), 10);
        assert!(failed.body().contains("<option value=\"error\" selected>"));
        let none = client.get("/?filename=nothing+like+that").await;
        assert!(none.body().contains("No processes match these filters."));
        let found = client.get(&format!("/?token={}", tokens[0])).await;
        let place = format!("/monitor/process?token={}", tokens[0]);
        assert_eq!(found.header("location"), Some(place.as_str()));
        let unknown = client.get("/?token=%3Cb%3Enone").await;
        assert_contains(unknown.body(), "&lt;b&gt;none");
        let yesterday = "update waybill.process set created_at = created_at - interval '25 hours'";
        ground.execute(yesterday).await;
        assert!(
            client
                .get("/")
                .await
                .body()
                .contains("No processes match these filters.")
        );
        assert_eq!(shown(&client.get("/?since=week").await, &tokens).len(), 50);
    });
}

#[test]
fn a_live_page_is_updated_and_ends_with_its_key() {
    served("monitor_live", async |ground, client| {
        let (viewer, id) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let follower = viewer.with("accept", "text/event-stream");
        let mut page = follower.stream("/?since=hour").await;
        assert_contains(&page.text().await, "No processes match these filters.");
        let events = story("followed", 1);
        let token = events[0].token.clone().expect("a token");
        Producer::new(&ground).events(&events).await;
        holds("the end on the page", async || {
            let text = page.text().await;

            text.contains(token.as_str()) && ENDED.iter().any(|status| text.contains(status))
        })
        .await;
        assert!(ground.store().revoke_key(&id).await.expect("revoked"));
        page.ends().await;
        assert_eq!(follower.get("/").await.status, 401);
    });
}
