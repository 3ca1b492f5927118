//! The page of the audit: for administrators, with filters, and each with the acts of the own tenant.

use waybill::domain::access::Scope;

use crate::http::processes::{keyed, viewers};
use crate::support::client::served_as;
use crate::support::ground::assert_contains;

const PAGE: &str = "/monitor/audit";
const LINK: &str = "href=\"/monitor/audit\"";

#[test]
fn administrators_see_who_did_what_in_their_tenant() {
    served_as("audit-page", "api", async |ground, open| {
        let [operator, reader, other] = viewers(&ground, &open).await;
        assert_eq!(reader.get(PAGE).await.status, 403);
        assert!(!reader.get("/").await.body().contains(LINK));
        assert_contains(operator.get("/").await.body(), LINK);

        let why = ["--why", "<b>a trial"];
        for tenant in ["other", "third"] {
            ground
                .waybill(&[&["tenant", "add", tenant][..], &why].concat())
                .ok();
        }
        let all = operator.get(PAGE).await;
        for words in [
            "tenant.add",
            "third",
            "&lt;b&gt;a trial",
            "data-label=\"Tenant\"",
            "key.create",
        ] {
            assert_contains(all.body(), words);
        }
        let own = other.get(PAGE).await;
        assert_contains(own.body(), "tenant.add");
        for words in ["third", "data-label=\"Tenant\""] {
            assert!(!own.body().contains(words), "{words}");
        }
        let filtered =
            "/monitor/audit?action=tenant.add&actor=&object=third&since=2026-01-01&until=";
        let filtered = operator.get(filtered).await;
        assert_contains(filtered.body(), "value=\"2026-01-01\"");
        assert_contains(filtered.body(), "<option value=\"tenant.add\" selected>");
        assert!(!filtered.body().contains("<bdi>other</bdi>"));
        let none = operator.get("/monitor/audit?until=2026-01-01").await;
        assert_contains(none.body(), "No acts match these filters.");
        let wrong = operator.get("/monitor/audit?since=yesterday").await;
        assert_eq!(wrong.status, 400);
    });
}

#[test]
fn more_acts_than_a_page_are_on_the_next_one() {
    served_as("audit-pages-more", "api", async |ground, open| {
        let (operator, _) = keyed(&ground, &open, "default", &[Scope::Admin]).await;
        let more = "insert into waybill.audit (actor_kind, actor, origin, action, object)
                    select 'program', '', 'e2e', 'key.create', 'made-' || n from generate_series(1, 60) n";
        ground.execute(more).await;
        let first = operator.get("/monitor/audit?action=key.create").await;
        assert_contains(first.body(), "made-60<");
        assert!(!first.body().contains("made-5<"));
        let links = first.body().split("href=\"");
        let next = links
            .filter_map(|rest| rest.split('"').next())
            .find(|link| link.contains("after="));
        let next = next.expect("a link to the next page").replace("&amp;", "&");
        let second = operator.get(&next).await;
        assert_contains(second.body(), "made-5<");
        assert_contains(second.body(), "To the newest");
    });
}
