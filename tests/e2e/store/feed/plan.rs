//! The cost of reading the feed, by the server's own plans.

use crate::store::server::Server;

const READ: &str = include_str!("../../../../src/store/queries/read/read_feed.sql");
const SCAN: &str = include_str!("../../../../src/store/queries/read/scan_feed.sql");

#[tokio::test]
async fn a_page_is_a_short_walk_through_the_index_however_long_the_log() {
    let ground = Server::with_processes().await;
    fill(&ground).await;
    // Written by a transaction that still runs: not to be read either.
    let writer = ground.connection().await;
    writer
        .batch_execute(
            "begin;
             insert into waybill.event (process, source, id, type, time, late, data, pos)
             select key, 'open', n::text, 'upload.step', now(), false, '{}', n
             from generate_series(1, 5000) n, waybill.process",
        )
        .await
        .unwrap();
    let page = ground.explain(
        "",
        READ,
        "1::smallint, '100', 1, 500, 50, 4000000, 'beta', null, null",
    );
    let page = page.await;
    // One process of four is selected: its fifty are found among some two hundred events.
    let (_, walk) = page
        .split_once("Index Scan using event_feed on event e (actual rows=")
        .unwrap_or_else(|| panic!("{page}"));
    let walked: String = walk.chars().take_while(char::is_ascii_digit).collect();
    assert!((100..=210).contains(&walked.parse().unwrap()), "{page}");
    let bounds = walk.lines().nth(1).unwrap();
    for bound in [
        "Index Cond: ((ROW(epoch, tx, pos) > ",
        "AND (ROW(epoch, tx) < ",
    ] {
        assert!(bounds.contains(bound), "{page}");
    }
    // The end of the walk is looked for only where the page is not full.
    let far = "Index Only Scan using event_feed on event e_1 (never executed)";
    assert!(page.contains(far), "{page}");
    // Only the page itself is sorted, where it is joined with what is known of the whole, and the
    // few horizons before it.
    let (_, walks) = page.split_once("CTE page").unwrap();
    let (whole, _) = page.split_once("CTE snapshot").unwrap();
    let sorted = |part: &str| part.matches("Sort Key").count();
    assert_eq!((sorted(whole), sorted(walks)), (1, 0), "{page}");
    let newest = "Index Only Scan Backward using event_feed on event e_2 (actual rows=1 loops=1)";
    assert!(page.contains(newest), "{page}");
    assert!(!page.contains("Seq Scan on event"), "{page}");

    let scan = ground.explain("", SCAN, "1::smallint, '100', 1, 50").await;
    let walk = "Index Scan using event_feed on event e (actual rows=50 ";
    assert!(scan.contains(walk), "{scan}");
    assert!(!scan.contains("Seq Scan on event"), "{scan}");
    writer.discard();
    ground.end().await;
}

async fn fill(ground: &Server) {
    ground
        .execute(
            "insert into waybill.event (process, source, id, type, time, late, data, tx, pos)
             select key, 'test', n::text, 'upload.step', now(), false, '{}', n::text::xid8, 1
             from generate_series(1, 400) n, waybill.process;
             insert into waybill.event (process, source, id, type, time, late, data, pos)
             select key, 'many', n::text, 'upload.step', now(), false, '{}', n
             from generate_series(1, 5000) n, waybill.process;
             analyze waybill.event",
        )
        .await;
}
