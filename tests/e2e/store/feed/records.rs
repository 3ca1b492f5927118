//! Many records, their lists and their logs, each read in one round trip as if it were the only
//! one.

use std::time::Duration;

use uuid::Uuid;
use waybill::domain::ProcessKey;
use waybill::store::read::feed::FeedQuery;
use waybill::store::read::feed_cursor::FeedCursor;
use waybill::store::read::history::{Log, LogPlace};
use waybill::store::read::record::{Record, RecordQuery};

use crate::store::feed::ground::{PROCESSES, log};
use crate::store::server::Server;

fn key(process: usize) -> ProcessKey {
    let (tenant, token, _) = PROCESSES[process];
    ProcessKey::of(tenant, token)
}

/// A query for a process with its newest events and items, their data and counts.
fn query_of(key: ProcessKey, events: i64, items: i64) -> RecordQuery {
    RecordQuery {
        key,
        events,
        items,
        data: true,
        counts: true,
    }
}

/// The positions in the log of one process, as readers of the feed get them.
async fn places(ground: &Server, process: usize) -> Vec<LogPlace> {
    let key = key(process);
    let query = FeedQuery {
        limit: 1_000,
        process: Some(key),
        ..FeedQuery::default()
    };
    let feed = ground.store.feed(&query).await.unwrap();
    let cursors = feed.events.iter().map(|event| event.cursor);
    cursors.map(|cursor| LogPlace { key, cursor }).collect()
}

/// The cursor of an event, read as `epoch, tx::text, pos`.
fn cursor(row: &tokio_postgres::Row) -> FeedCursor {
    FeedCursor {
        epoch: row.get(0),
        tx: row.get::<_, &str>(1).parse().unwrap(),
        pos: row.get(2),
    }
}

/// Logs `count` events of a process, each with `bytes` of data.
async fn fill(ground: &Server, process: usize, count: usize, bytes: usize) {
    let key = key(process).0;
    ground
        .execute(&format!(
            "insert into waybill.event (process, source, id, type, time, late, data, pos)
             select '{key}', 'many', n::text, 'upload.step', now(), false, repeat('x', {bytes}), n
             from generate_series(1, {count}) n"
        ))
        .await;
}

/// Returns once a session waits for a lock.
async fn until_a_lock_is_awaited(ground: &Server) {
    let connection = ground.connection().await;
    let waits = "select from pg_locks where not granted";
    while connection.query(waits, &[]).await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn lengths(logs: &[Log]) -> Vec<Option<usize>> {
    let length = |log: &Log| match log {
        Log::Whole(part) => Some(part.events.len()),
        Log::TooLong => Some(usize::MAX),
        Log::NoEvent => None,
    };
    logs.iter().map(length).collect()
}

#[tokio::test]
async fn each_record_has_its_position_its_limits_and_its_own_lists() {
    let ground = Server::with_processes().await;
    let connection = ground.connection().await;
    for number in 0..10 {
        log(&connection, number % 2, number).await;
    }
    let item = "insert into waybill.item (process, identifier, ok, messages, stamp) values";
    for (process, name, ok) in [(0, "a", true), (0, "b", false), (1, "c", true)] {
        let key = key(process).0;
        let row = format!("{item} ('{key}', '{name}', {ok}, '{{m}}', 's')");
        ground.execute(&row).await;
    }
    let unknown = ProcessKey(Uuid::nil());
    let queries = [
        query_of(key(1), 2, 0),
        query_of(unknown, 9, 9),
        query_of(key(0), 0, 9),
        query_of(key(3), 9, 9),
        query_of(key(1), 9, 9),
    ];
    let records = read(&ground, &queries, i64::MAX).await;
    let found = records.iter().map(|record| {
        let record = record.as_ref()?;
        let items = record.items.iter().map(|item| item.identifier.as_str());
        let token = record.process.token.as_str();
        Some((token, record.logged, record.events.len(), items.collect()))
    });
    let expected = [
        Some(("t1", 5, 2, vec![])),
        None,
        Some(("t0", 5, 0, vec!["b", "a"])),
        Some(("t0", 0, 0, vec![])),
        Some(("t1", 5, 5, vec!["c"])),
    ];
    assert_eq!(found.collect::<Vec<_>>(), expected);
    assert_eq!(records[3].as_ref().unwrap().cursor, None);
    let newest = places(&ground, 1).await.last().map(|place| place.cursor);
    assert_eq!(records[0].as_ref().unwrap().cursor, newest);

    // The limit in bytes drops the last ones.
    ground
        .execute("update waybill.event set data = repeat('x', 100)")
        .await;
    let records = read(&ground, &queries, 350).await;
    let counts = records.iter().flatten().map(|record| record.events.len());
    assert_eq!(counts.collect::<Vec<_>>(), [2, 0, 0, 2]);
    ground.end().await;
}

/// Records that can all be read.
async fn read(ground: &Server, queries: &[RecordQuery], bytes_max: i64) -> Vec<Option<Record>> {
    let found = ground.store.records(queries, bytes_max).await.unwrap();
    found
        .into_iter()
        .map(|found| found.map(Result::unwrap))
        .collect()
}

#[tokio::test]
async fn data_that_is_not_requested_is_read_for_steps_only() {
    let ground = Server::with_processes().await;
    let connection = ground.connection().await;
    for number in 0..2 {
        log(&connection, 0, number).await;
    }
    let key = key(0);
    ground
        .execute(&format!(
            "insert into waybill.item (process, identifier, ok, messages, data, stamp)
             select '{}', n::text, true, '{{}}', repeat('x', 1000), 's' from generate_series(1, 3) n",
            key.0
        ))
        .await;
    let query = |data| RecordQuery {
        data,
        ..query_of(key, 9, 9)
    };
    let read = async |data| {
        let found = self::read(&ground, &[query(data)], 1_000).await;
        let record = found.into_iter().next().flatten().unwrap();
        let items = record.items.iter();
        let items: Vec<_> = items.map(|item| item.data.is_some()).collect();
        let events = record.events.iter();
        let events: Vec<_> = events.map(|event| event.data.len()).collect();
        (items, events)
    };
    assert_eq!(read(true).await, (vec![true], vec![2, 2]));
    assert_eq!(read(false).await, (vec![false; 3], vec![2, 0]));
    ground.end().await;
}

#[tokio::test]
async fn a_record_is_never_older_than_its_cursor() {
    let ground = Server::with_processes().await;
    let writer = ground.connection().await;
    // Prepares the reader's statements.
    ground.store.record(key(0), 0, 0).await.unwrap();
    writer
        .batch_execute("begin; lock table waybill.epoch in access exclusive mode")
        .await
        .unwrap();
    let reading = ground.store.record(key(0), 0, 0);
    let writing = async {
        until_a_lock_is_awaited(&ground).await;
        log(&writer, 0, 1).await;
        let key = key(0).0;
        let update =
            format!("update waybill.process set progress_done = 1 where key = '{key}'; commit");
        writer.batch_execute(&update).await.unwrap();
    };
    let (record, ()) = tokio::join!(reading, writing);
    let record = record.unwrap().unwrap();
    assert_eq!(record.logged, 1);
    assert_eq!(record.process.done(), 1, "the event that is counted is in");
    ground.end().await;
}

#[tokio::test]
async fn a_log_is_read_up_to_an_event_that_the_feed_returned() {
    let ground = Server::with_processes().await;
    let connection = ground.connection().await;
    for number in 0..10 {
        log(&connection, number % 2, number).await;
    }
    let [of_first, of_second] = [places(&ground, 0).await, places(&ground, 1).await];
    // A transaction that began before the next event may still log before it.
    let open = ground.connection().await;
    open.batch_execute("begin").await.unwrap();
    log(&open, 2, 10).await;
    log(&connection, 0, 11).await;
    let rows = "select epoch, tx::text, pos from waybill.event where pos = 11";
    let row = connection.query_one(rows, &[]).await.unwrap();
    let delayed = cursor(&row);
    let place = |key, cursor| LogPlace { key, cursor };
    let places = [
        of_second[4],
        place(key(0), of_second[4].cursor),
        place(key(0), FeedCursor::default()),
        place(key(0), delayed),
        place(ProcessKey(Uuid::nil()), of_second[4].cursor),
        of_first[0],
        of_second[2],
    ];
    let logs = ground.store.logs(&places).await.unwrap();
    let expected = [Some(5), None, None, None, None, Some(1), Some(3)];
    assert_eq!(lengths(&logs), expected);
    let record = ground.store.record(key(0), 0, 0).await.unwrap().unwrap();
    let newest = (record.cursor, record.logged);
    assert_eq!(newest, (Some(of_first[4].cursor), 6));
    let [Log::Whole(last), .., Log::Whole(before)] = logs.as_slice() else {
        panic!("{logs:?}");
    };
    assert_eq!((last.is_last, before.is_last), (true, false));
    assert_eq!(last.end, of_second[4].cursor);

    open.batch_execute("rollback").await.unwrap();
    let logs = ground.store.logs(&places[3..4]).await.unwrap();
    assert_eq!(lengths(&logs), [Some(6)]);
    ground.end().await;
}

#[tokio::test]
async fn a_log_that_is_too_long_is_not_read_and_the_others_are() {
    let ground = Server::with_processes().await;
    for (process, count, bytes) in [(0, 10_001, 2), (1, 6_000, 2), (2, 9, 2_000_000)] {
        fill(&ground, process, count, bytes).await;
    }
    let mut places = Vec::new();
    for (process, pos) in [
        (0, 10_001),
        (1, 6_000),
        (0, 10_000),
        (0, 4_000),
        (2, 9),
        (2, 8),
    ] {
        let query = format!(
            "select epoch, tx::text, pos from waybill.event
             where process = '{}' and pos = {pos}",
            key(process).0
        );
        let row = ground.connection().await.query_one(&query, &[]).await;
        let row = row.unwrap();
        let cursor = cursor(&row);
        places.push(LogPlace {
            key: key(process),
            cursor,
        });
    }
    let too_long = Some(usize::MAX);
    for (requested, expected) in [
        (&places[..1], vec![too_long]),
        (&places[2..3], vec![Some(10_000)]),
        (&places[4..6], vec![too_long, Some(8)]),
        (
            &[places[0], places[1], places[3]][..],
            vec![too_long, Some(6_000), Some(4_000)],
        ),
        (
            &[places[1], places[3], places[5]][..],
            vec![Some(6_000), Some(4_000), too_long],
        ),
    ] {
        let logs = ground.store.logs(requested).await.unwrap();
        assert_eq!(lengths(&logs), expected);
    }
    ground.end().await;
}
