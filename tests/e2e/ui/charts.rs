//! The charts of the monitor page: the sum of the samples of every running program.

use waybill::domain::access::Scope;

use crate::http::processes::key;
use crate::support::client::Client;
use crate::support::ground::{Ground, holds};
use crate::support::scenario::Scenario;
use crate::support::story::stories;
use crate::support::worker::stop_all;

const CHARTS: &str = "/monitor/charts";
/// The charts show whole minutes; this moves current samples into one.
const EARLIER: &str = "update waybill.sample set at = at - interval '2 minutes'";

async fn viewer(ground: &Ground, client: &Client) -> Client {
    let (text, _) = key(ground, "default", &[Scope::Read]).await;
    client.with("authorization", &format!("Bearer {text}"))
}

/// The page, and its visible text.
async fn page(client: &Client) -> (String, String) {
    let reply = client.get(CHARTS).await;
    assert_eq!(reply.status, 200);
    let html = reply.body().to_owned();
    let words: Vec<_> = html
        .split('<')
        .filter_map(|part| part.split_once('>'))
        .map(|(_, text)| text.trim())
        .filter(|text| !text.is_empty())
        .collect();
    let words = words.join(" ");
    (html, words)
}

/// Waits until the page shows that; the server reads the samples every few seconds.
async fn shows(client: &Client, what: &str, is_shown: impl Fn(&str, &str) -> bool) {
    holds(what, async || {
        let (html, words) = page(client).await;
        is_shown(&html, &words)
    })
    .await;
}

async fn sampled(ground: &Ground, column: &str) -> i64 {
    let sum = format!("select coalesce(sum({column}), 0)::bigint from waybill.sample");
    ground.number(&sum).await
}

/// The sum of all numbers of a chart.
fn in_table(html: &str, caption: &str) -> f64 {
    let caption = format!("<caption>{caption}</caption>");
    let Some((_, table)) = html.split_once(&caption) else {
        return 0.0;
    };
    let (table, _) = table.split_once("</table>").expect("its end");
    let cells = table.split("<td class=\"count\">").skip(1);
    let cells = cells.filter_map(|cell| cell.split('<').next()?.parse::<f64>().ok());
    cells.sum()
}

fn a_minute(events: i64) -> f64 {
    f64::from(i32::try_from(events).expect("few")) / 60.0
}

/// Waits until three programs have sampled all events and every end, and one of them the levels at
/// rest.
async fn all_sampled(ground: &Ground, events: i64) {
    let ended = "done + warning + error + cancelled";
    let at_rest = "case when queue_ready = 0 and outbox = 0 and dead_letters = 0 and parked = 0
                        and uploads_open = 0 and orders_open = 0 then 1 end";
    let programs = "select count(distinct instance) from waybill.sample";
    holds("a sample of every event", async || {
        sampled(ground, "applied + late + duplicate").await == events
            && sampled(ground, ended).await == 70
            && sampled(ground, at_rest).await >= 1
            && ground.number(programs).await == 3
    })
    .await;
}

#[test]
fn two_workers_add_up_and_any_process_shows_it() {
    Scenario::test("monitor-charts", async |mut scenario| {
        let one = scenario.plan().roles("worker").start().await;
        let other = scenario.plan().start().await;
        let (api, client) = scenario.ground.answering_as("api").await;
        let client = viewer(&scenario.ground, &client).await;
        scenario.ground.execute("delete from waybill.sample").await;
        let (_, words) = page(&client).await;
        assert!(words.contains("No samples yet"), "{words}");

        let events = stories("charts", 70);
        let count = i64::try_from(events.len()).expect("few");
        scenario.events(&events).await;
        scenario.until_idle().await;
        all_sampled(&scenario.ground, count).await;
        let ground = &scenario.ground;
        let applied = sampled(ground, "applied").await;
        let latency = "(select sum(events) from unnest(latency) events)";
        assert_eq!(sampled(ground, latency).await, applied);

        ground.execute(EARLIER).await;
        // They may be in one minute or two.
        shows(&client, "every outcome", |html, _| {
            (in_table(html, "Outcomes") - 70.0).abs() < 0.1
        })
        .await;
        shows(&client, "every event", |html, _| {
            let others = a_minute(count - applied);
            let a_second = in_table(html, "Throughput per second") - others;
            // Each number has three decimals.
            (a_second - a_minute(applied)).abs() < 0.01
        })
        .await;
        shows(&client, "the current levels", |_, words| {
            ["In the queue 0 ", "In the outbox 0 ", "p99 10 s or more"]
                .into_iter()
                .all(|text| words.contains(text))
        })
        .await;
        stop_all([one, other, api]).await;
        scenario.check().await;
    });
}

#[test]
fn samples_are_summed_by_minute_and_deleted_after_the_hour() {
    Ground::test("monitor-charts-minutes", async |ground| {
        ground.execute(SAMPLES).await;
        let store = ground.store();
        let minutes = store.sampled_minutes(&[0.1, 1.0]).await.expect("minutes");
        let found: Vec<_> = minutes
            .iter()
            .map(|minute| {
                let levels = (minute.levels.queue_ready, minute.levels.outbox);
                (minute.counts.applied, minute.latency.clone(), levels)
            })
            .collect();
        let expected = [
            (100, vec![], (None, None)),
            (5, vec![2, 1, 1], (Some(7), Some(2))),
        ];
        assert_eq!(found, expected);
        let apart = minutes[1].start.duration_since(minutes[0].start);
        assert_eq!(apart.as_mins(), 20);

        let kept_for = std::time::Duration::from_mins(65);
        for (limit, deleted) in [(1, 1), (10, 1), (10, 0)] {
            let gone = store.delete_samples(kept_for, limit).await;
            assert_eq!(gone.expect("an answer"), deleted);
        }
        assert_eq!(ground.count("sample").await, 5);
    });
}

/// Samples of two programs: one minute with both, one with other latency bounds, and some outside
/// of the hour. The first rows belong to the minute of the middle of their time.
const SAMPLES: &str = "
    insert into waybill.sample (instance, number, at, seconds, received, applied, duplicate, late, dead,
                                done, warning, error, cancelled, bounds, latency, queue_ready, outbox)
    select i::uuid, n, date_trunc('minute', now()) - make_interval(mins => m) + make_interval(secs => s),
           10, a, a, 0, 0, 0, 0, 0, 0, 0, b, l, q, o
    from (values
        ('00000000-0000-0000-0000-000000000001', 0, 10, 20, 2, '{0.1,1}'::float8[], '{1,0,1}'::bigint[], 3, 2),
        ('00000000-0000-0000-0000-000000000001', 1, 9, 4, 2, '{0.1,1}', '{1,1,0}', null, null),
        ('00000000-0000-0000-0000-000000000002', 0, 10, 30, 1, '{0.1,1}', '{0,0,0}', 7, 1),
        ('00000000-0000-0000-0000-000000000002', 1, 30, 30, 100, '{0.5}', '{60,40}', null, null),
        ('00000000-0000-0000-0000-000000000002', 2, 0, 10, 9, '{0.1,1}', '{9,0,0}', 9, 9),
        ('00000000-0000-0000-0000-000000000002', 3, 90, 0, 9, '{0.1,1}', '{9,0,0}', 9, 9),
        ('00000000-0000-0000-0000-000000000002', 4, 91, 0, 9, '{0.1,1}', '{9,0,0}', 9, 9)
    ) as sampled (i, n, m, s, a, b, l, q, o)";
