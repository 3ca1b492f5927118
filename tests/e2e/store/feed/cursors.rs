//! Cursors over time: refused behind the horizon, kept across clusters.

use std::time::Duration;

use waybill::domain::ProcessKey;
use waybill::store::admin::deletion::{Deletion, Stopped};
use waybill::store::admin::migrate;
use waybill::store::admin::quarantine::ClaimLimits;
use waybill::store::read::feed::{Feed, FeedError, FeedQuery, FeedScan};
use waybill::store::read::feed_cursor::FeedCursor;

use crate::store::feed::ground::{PROCESSES, log};
use crate::store::feed::reader::{Reader, Selection};
use crate::store::server::Server;

async fn read(ground: &Server, after: Option<FeedCursor>) -> Result<Feed, FeedError> {
    let query = FeedQuery {
        after,
        limit: 10,
        ..FeedQuery::default()
    };
    ground.store.feed(&query).await
}

async fn ids(ground: &Server, after: Option<FeedCursor>) -> Vec<String> {
    let page = read(ground, after).await.unwrap();
    page.events
        .into_iter()
        .map(|event| event.logged.id)
        .collect()
}

#[tokio::test]
async fn only_cursors_overtaken_by_retention_are_gone() {
    let ground = Server::with_processes().await;
    let connection = ground.connection().await;
    let mut logged = Vec::new();
    for (number, process) in [0, 1, 0, 1].into_iter().enumerate() {
        logged.push(log(&connection, process, number).await);
    }
    let before = read(&ground, None).await.unwrap();
    let places: Vec<_> = before.events.iter().map(|event| event.cursor).collect();
    assert_eq!(ids(&ground, None).await, logged);
    // With the first process the events 0 and 2 are deleted.
    forget(&ground, 0).await;
    for gone in [FeedCursor::default(), places[0], places[1]] {
        let answer = read(&ground, Some(gone)).await;
        let Err(FeedError::Gone { oldest }) = answer else {
            panic!("{answer:?}");
        };
        assert_eq!(oldest, places[2]);
    }
    for kept in [None, Some(places[2])] {
        assert_eq!(ids(&ground, kept).await, logged[3..]);
    }
    assert!(ids(&ground, Some(before.next)).await.is_empty());
    ground.end().await;
}

#[tokio::test]
async fn the_horizon_never_falls_and_does_not_affect_readers_of_one_process() {
    let ground = Server::with_processes().await;
    let connection = ground.connection().await;
    for (number, process) in [0, 1, 0, 1].into_iter().enumerate() {
        log(&connection, process, number).await;
    }
    let before = read(&ground, None).await.unwrap();
    forget(&ground, 0).await;
    // Of one process all or nothing is kept.
    for (after, found) in [(None, 2), (Some(before.events[1].cursor), 1)] {
        let (tenant, token, _) = PROCESSES[1];
        let query = FeedQuery {
            after,
            limit: 10,
            process: Some(ProcessKey::of(tenant, token)),
            ..FeedQuery::default()
        };
        assert_eq!(ground.store.feed(&query).await.unwrap().events.len(), found);
    }
    let far = "update waybill.tenant_horizon set tx = '9000000000'";
    ground.execute(far).await;
    forget(&ground, 1).await;
    let answer = read(&ground, Some(before.next)).await;
    assert!(
        matches!(&answer, Err(FeedError::Gone { oldest }) if oldest.tx == 9_000_000_000),
        "{answer:?}"
    );
    ground.end().await;
}

/// Ends a process long ago and deletes it by retention.
async fn forget(ground: &Server, process: usize) {
    let (tenant, token, _) = PROCESSES[process];
    let end = format!(
        "update waybill.process set status = 'done', opened_at = now(), opening_stamp = '',
                ended_at = now(), sealed_at = now() - interval '1 hour'
         where tenant = '{tenant}' and token = '{token}'"
    );
    ground.execute(&end).await;
    let minute = Duration::from_secs(60);
    let deletion = Deletion::expired(&ground.store, minute, &ClaimLimits::of(10)).await;
    assert_eq!(
        deletion
            .unwrap()
            .slice(100, &mut Stopped::default())
            .await
            .unwrap(),
        1
    );
}

#[tokio::test]
async fn cursors_stay_valid_when_the_tables_move_to_another_cluster() {
    let ground = Server::with_processes().await;
    let connection = ground.connection().await;
    let mut logged = vec![log(&connection, 0, 0).await, log(&connection, 1, 1).await];
    let mut reader = Reader::begin(&ground.store, &Selection::everything(1)).await;
    reader.drain(&ground.store).await;
    let before = ground.store.feed_end().await.unwrap();
    let scan = async |after| ground.store.scan_feed(after).await.unwrap();
    assert_eq!(scan(before).await, FeedScan::default());
    logged.push(log(&connection, 2, 2).await);
    let scanned = scan(before).await;
    assert!(scanned.end.unwrap() > before && !scanned.more);
    assert_eq!(scanned.tenants.len(), 1);

    ground
        .execute("update waybill.epoch set system_identifier = 1")
        .await;
    let migrated = migrate::migrate(ground.connection().await).await.unwrap();
    assert_eq!((migrated.applied, migrated.epoch), (0, Some(2)));
    let again = migrate::migrate(ground.connection().await).await.unwrap();
    assert_eq!((again.applied, again.epoch), (0, None));

    // Statements that this connection prepared before log into the new epoch too.
    logged.push(log(&connection, 0, 3).await);
    // A new cluster counts from the start again.
    ground
        .execute("update waybill.event set tx = '4' where epoch = 2")
        .await;
    logged.push(log(&connection, 1, 4).await);
    assert_eq!(ground.log().await, logged);
    reader.drain(&ground.store).await;
    assert_eq!(reader.seen, logged);
    assert!(ground.store.feed_end().await.unwrap() > before);
    assert_eq!(scan(before).await.end.unwrap().epoch, 2);
    ground.end().await;
}

#[tokio::test]
async fn a_page_is_bounded_in_bytes_and_a_filter_in_what_it_reads() {
    let ground = Server::with_processes().await;
    let connection = ground.connection().await;
    for number in 0..300 {
        log(&connection, number % 3, number).await;
    }
    log(&connection, 3, 300).await;
    // Of 301 events the last one matches; each page reads twenty.
    let mut reader = Reader::begin(&ground.store, &Selection::of_tenant(3, 2)).await;
    let mut pages = 1;
    while reader.read(&ground.store).await {
        pages += 1;
    }
    assert_eq!((pages, reader.seen.len()), (16, 1));

    ground
        .execute("update waybill.event set data = repeat('x', 1500000)")
        .await;
    let page = read(&ground, None).await.unwrap();
    assert_eq!((page.events.len(), page.more), (3, true));
    assert_eq!(page.next, page.events[2].cursor);
    ground
        .execute("update waybill.event set data = repeat('x', 5000000)")
        .await;
    let page = read(&ground, None).await.unwrap();
    assert_eq!((page.events.len(), page.more), (1, true));
    ground.end().await;
}
