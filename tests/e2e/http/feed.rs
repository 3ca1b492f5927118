//! Readers of the feed get every event once, in one order, wherever they resume.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::client::Client;
use crate::support::ground::{Session, holds, run};
use crate::support::scenario::Scenario;
use crate::support::story::{TOKEN_MARK, stories, story};

/// Follows the pages of a feed to its end; returns source and id of each event.
async fn followed(client: &Client, path: &str) -> Vec<(String, String)> {
    let mut events = Vec::new();
    let mut path = path.to_owned();
    loop {
        let reply = client.get(&path).await;
        let link = reply.header("link").expect("a link").to_owned();
        let page = reply.record();
        let found = page["events"].as_array().expect("events");
        events.extend(found.iter().map(identity));
        if found.is_empty() && page["more"] == false {
            return events;
        }
        path = next(&link);
        let cursor = page["next"].as_str().expect("a cursor");
        assert!(path.contains(cursor), "{path} and {cursor}");
    }
}

pub(crate) fn next(link: &str) -> String {
    let path = link.strip_prefix('<').and_then(|link| link.split_once('>'));
    path.expect("a link").0.to_owned()
}

fn identity(event: &Value) -> (String, String) {
    let text = |name: &str| event[name].as_str().expect("a text").to_owned();
    (text("source"), text("token") + " " + &text("id"))
}

#[test]
fn a_reader_gets_every_event_once_with_any_page_size_and_filter() {
    Scenario::test("feed-pages", async |mut scenario| {
        let (worker, client) = scenario.ground.answering().await;
        let second = scenario.plan().start().await;
        let published = stories("pages", 30);
        scenario.events(&published).await;
        scenario.until_idle().await;

        let all = followed(&client, "/v1/events?limit=7").await;
        let different: BTreeSet<_> = all.iter().cloned().collect();
        assert_eq!(different.len(), all.len(), "none twice");
        let expected: BTreeSet<_> = published
            .iter()
            .map(|e| {
                (
                    e.source.clone(),
                    format!("{} {}", e.token.clone().unwrap_or_default(), e.id),
                )
            })
            .collect();
        assert_eq!(different, expected);
        assert_eq!(followed(&client, "/v1/events?limit=1000").await, all);

        let of_type = |name: &str| published.iter().filter(|event| event.type_ == name).count();
        let steps = followed(&client, "/v1/events?type=upload.items&limit=3").await;
        assert_eq!(steps.len(), of_type("upload.items"));
        let one = followed(&client, &format!("/v1/events?token={TOKEN_MARK}-pages-4")).await;
        assert_eq!(one.len(), story("pages", 4).len());
        assert!(followed(&client, "/v1/events?kind=order").await.is_empty());

        // A consumer of completions reads on over HTTP from their cursors.
        for completion in scenario.recorder.received() {
            let cursor = completion.cursor.expect("a completion has a cursor");
            let path = format!("/v1/events?after={cursor}&token={}", completion.token);
            let events = followed(&client, &path).await;
            assert!(!events.is_empty(), "the end lies after its cursor");
        }
        scenario.finish(vec![worker, second]).await;
    });
}

#[test]
fn a_waiting_reader_gets_new_events_and_a_stream_resumes_where_it_broke() {
    Scenario::test("feed-new", async |mut scenario| {
        let (worker, client) = scenario.ground.answering().await;
        let published = story("new", 0);
        let patient = client.with("prefer", "wait=60");
        let mut stream = client.stream("/v1/events/stream").await;
        let waiting = patient.get("/v1/events?after=now&limit=1");
        let (reply, ()) = tokio::join!(waiting, scenario.events(&published));
        let page = reply.record();
        assert_eq!(page["events"].as_array().map(Vec::len), Some(1), "{page}");

        let half = published.len() / 2;
        let mut events = Vec::new();
        let mut last = String::new();
        for _ in 0..half {
            let (id, event) = stream.next().await;
            assert_eq!(event["cursor"], id.as_str());
            events.push(identity(&event));
            last = id;
        }
        drop(stream);
        let mut again = client
            .with("last-event-id", &last)
            .stream("/v1/events/stream")
            .await;
        for _ in half..published.len() {
            events.push(identity(&again.next().await.1));
        }
        assert_eq!(followed(&client, "/v1/events").await, events);
        scenario.finish(vec![worker]).await;
    });
}

#[test]
fn an_expired_cursor_is_gone_and_a_malformed_one_is_invalid() {
    Scenario::served("feed-gone", async |scenario, client| {
        scenario.events(&story("gone", 0)).await;
        scenario.until_idle().await;
        let first = client.get("/v1/events?limit=1").await.record();
        let old = first["next"].as_str().expect("a cursor").to_owned();
        let deleted = "update waybill.feed_horizon set (epoch, tx, pos) =
                           (select epoch, tx, pos from waybill.event order by epoch, tx desc, pos desc limit 1)";
        scenario.ground.execute(deleted).await;
        let path = format!("/v1/events?after={old}");
        client.get(&path).await.problem(410, "gone");
        let stream = format!("/v1/events/stream?after={old}");
        client.get(&stream).await.problem(410, "gone");
        assert_eq!(
            client.get("/v1/events").await.record()["events"][0],
            Value::Null
        );

        for wrong in [
            "after=1",
            "limit=0",
            "limit=1001",
            "kind=parcel",
            "type=upload.sent",
            "order=up",
        ] {
            let reply = client.get(&format!("/v1/events?{wrong}")).await;
            reply.problem(400, "invalid_parameter");
        }
        let stale = client
            .with("last-event-id", "1")
            .get("/v1/events/stream")
            .await;
        stale.problem(400, "invalid_parameter");
    });
}

#[test]
fn an_open_transaction_that_delays_the_feed_shows_in_the_metrics() {
    run(async {
        // It would delay every reader of a shared server.
        let mut scenario = Scenario::own("feed-delayed").await;
        let worker = scenario.plan().start().await;
        let lag = "waybill_feed_lag_seconds";
        let open = Session::open(&scenario.ground.database_url).await;
        open.execute("begin; select pg_current_xact_id()").await;
        scenario.events(&story("delayed", 0)).await;
        holds("the lag", async || worker.metric(lag, "").await >= 1).await;
        open.execute("rollback").await;
        worker.counts(lag, "", 0).await;
        scenario.finish(vec![worker]).await;
    });
}
