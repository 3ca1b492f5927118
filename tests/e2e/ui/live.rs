//! Live pages: they survive a database outage, leave room for other requests, and are sent again
//! only when something has changed.

use std::time::Duration;

use tokio::time::timeout;
use waybill::domain::access::Scope;

use crate::http::processes::keyed;
use crate::support::client::served;
use crate::support::ground::assert_contains;

const STREAM: (&str, &str) = ("accept", "text/event-stream");

#[test]
fn a_live_page_reports_a_database_outage_and_continues() {
    served("monitor_outlasts", async |ground, client| {
        let (viewer, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let follower = viewer.with(STREAM.0, STREAM.1);
        let mut page = follower.stream("/monitor/workflows").await;
        assert!(page.text().await.contains("<h1>Workflows</h1>"));
        let away = "alter table waybill.api_key rename to api_key_away";
        ground.execute(away).await;
        assert_eq!(page.text().await, "try again in a moment");
        let back = "alter table waybill.api_key_away rename to api_key";
        ground.execute(back).await;
        assert!(page.text().await.contains("<h1>Workflows</h1>"));
    });
}

#[test]
fn many_live_pages_leave_room_for_other_requests() {
    served("monitor_many", async |ground, client| {
        let (viewer, _) = keyed(&ground, &client, "default", &[Scope::Read]).await;
        let follower = viewer.with(STREAM.0, STREAM.1);
        let mut pages = Vec::new();
        // Three quarters of all are a tenant's, if it is alone.
        for _ in 0..192 {
            pages.push(follower.stream("/monitor/workflows").await);
        }
        assert_eq!(follower.get("/monitor/workflows").await.status, 503);
        assert_eq!(viewer.get("/monitor/workflows").await.status, 200);
        drop(pages);
    });
}

#[test]
fn an_unchanged_list_is_not_sent_every_second() {
    served("monitor_calm", async |ground, client| {
        let open = "insert into waybill.process
            (key, tenant, token, kind, status, opening_stamp, opened_at)
            values (gen_random_uuid(), 'default', 'calm', 'upload', 'running', 'x',
                    now() - interval '3 hours')";
        ground.execute(open).await;
        let mut page = client.with(STREAM.0, STREAM.1).stream("/?since=ever").await;
        assert!(page.text().await.contains("calm"));
        let again = timeout(Duration::from_secs(4), page.text()).await;
        assert!(again.is_err(), "{again:?}");
    });
}

#[test]
fn an_empty_list_says_so_and_no_list_continues_past_its_end() {
    served("monitor_search", async |ground, client| {
        let many = "insert into waybill.process (key, tenant, token, kind, created_at)
            select gen_random_uuid(), 'default', 'many-' || n, 'upload', now() - interval '2 days'
            from generate_series(1, 10001) n";
        ground.execute(many).await;
        let search = client.get("/?since=week&module=none").await;
        assert_contains(search.body(), "Nothing among the 10000");
        assert!(search.body().contains("Older ones"));
        let today = client.get("/?module=none").await;
        assert!(today.body().contains("No processes match these filters."));
        assert!(!today.body().contains("Older ones"), "{}", today.body());
    });
}
