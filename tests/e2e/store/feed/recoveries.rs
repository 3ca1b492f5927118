//! Real servers that are promoted, or recovered to an earlier moment.

use waybill::store::Store;
use waybill::store::read::epoch;
use waybill::store::read::feed::{FeedError, FeedEvent, FeedQuery};
use waybill::store::read::feed_cursor::FeedCursor;

use crate::store::feed::ground::{begin, commit, write};
use crate::store::feed::reader::{Reader, Selection};
use crate::store::server::{self, Server};

/// The events that an unfiltered reader gets after a cursor.
async fn ids(store: &Store, after: FeedCursor) -> Result<Vec<String>, FeedError> {
    let query = FeedQuery {
        after: Some(after),
        limit: 100,
        ..FeedQuery::default()
    };
    let feed = store.feed(&query).await?;
    let ids = feed.events.into_iter().map(|event| event.logged.id);
    Ok(ids.collect())
}

async fn is_undone(store: &Store, after: FeedCursor) -> bool {
    matches!(ids(store, after).await, Err(FeedError::Undone))
}

/// Uses up transaction ids without logging.
async fn burn(ground: &Server, count: usize) {
    let connection = ground.connection().await;
    for how in ["commit", "rollback"].iter().cycle().take(count) {
        let burn = format!("begin; select pg_current_xact_id(); {how}");
        connection.batch_execute(&burn).await.unwrap();
    }
}

/// The cursor that earlier versions returned at the end of the feed.
async fn end_as_before(ground: &Server) -> FeedCursor {
    let xmin = ground.value("select pg_snapshot_xmin(pg_current_snapshot())");
    let running: u64 = xmin.await.parse().unwrap();
    FeedCursor {
        epoch: 1,
        tx: running - 1,
        pos: i32::MAX,
    }
}

/// Readers at different positions, some with filters.
async fn readers(ground: &Server) -> Vec<Reader> {
    let selections = [
        Selection::everything(1),
        Selection::everything(50),
        Selection::of_tenant(2, 1),
        Selection::of_tenant(3, 5),
    ];
    let mut readers = Vec::new();
    for (at, selection) in selections.iter().enumerate() {
        let mut reader = Reader::begin(&ground.store, selection).await;
        for _ in 0..at {
            reader.read(&ground.store).await;
        }
        readers.push(reader);
    }
    readers
}

#[tokio::test]
async fn promoting_a_synchronous_replica_keeps_every_cursor() {
    let mut primary = Server::with_processes().await;
    let replica = primary.replica().await;
    primary.waits_for(&replica).await;
    let mut logged = Vec::new();
    for number in 0..12 {
        logged.push(write(&primary.store, number % 3, number).await);
    }
    let mut readers = readers(&primary).await;
    burn(&primary, 20).await;
    let ends = [
        primary.store.feed_end().await.unwrap(),
        end_as_before(&primary).await,
    ];
    for reader in &mut readers[1..] {
        reader.drain(&primary.store).await;
    }
    // A client that connected before the promotion and writes after it.
    let early = replica.connection().await;
    early.batch_execute("select 1").await.unwrap();
    replica.promote(&mut primary).await;
    for end in ends {
        assert_eq!(ids(&replica.store, end).await.unwrap(), [""; 0]);
    }
    let first = begin(&early, 0, 12).await;
    commit(&early).await;
    let second = write(&replica.store, 2, 13).await;
    let new = [first, second];
    logged.extend(new.iter().cloned());
    let epochs = "select array_agg(array[number, timeline] order by number) from waybill.epoch";
    assert_eq!(replica.value(epochs).await, "{{1,1},{2,2}}");
    for end in ends {
        assert_eq!(ids(&replica.store, end).await.unwrap(), new);
    }
    for reader in &mut readers {
        reader.drain(&replica.store).await;
        assert_eq!(reader.seen, reader.expected(&logged));
    }
    drop(early);
    replica.end().await;
    primary.end().await;
}

#[tokio::test]
async fn an_event_whose_transaction_has_a_number_that_a_crash_freed_is_shown() {
    let mut ground = Server::with_processes().await;
    for setting in [
        "alter system set wal_writer_delay = '10s'",
        "select pg_reload_conf()",
    ] {
        ground.execute(setting).await;
    }
    write(&ground.store, 0, 0).await;
    burn(&ground, 9).await;
    let [end, before] = [
        ground.store.feed_end().await.unwrap(),
        end_as_before(&ground).await,
    ];
    ground.server.kill().await.unwrap();
    ground.server.restart().await.unwrap();
    let after = server::store(&ground.server.url());
    let id = write(&after, 1, 1).await;
    assert_eq!(ids(&after, end).await.unwrap(), [id]);
    // Its transaction id had been assigned before the crash.
    assert_eq!(ids(&after, before).await.unwrap(), [""; 0]);
    ground.end().await;
}

#[tokio::test]
async fn a_cursor_of_events_that_a_promoted_replica_never_received_is_gone() {
    let mut primary = Server::with_processes().await;
    let replica = primary.replica().await;
    // Two at the same time: of the first one only the beginning is received.
    let slow = primary.connection().await;
    begin(&slow, 0, 0).await;
    let kept = write(&primary.store, 1, 1).await;
    primary.is_followed_by(&replica).await;
    replica.cut_off().await;
    commit(&slow).await;
    drop(slow);
    for number in 2..5 {
        write(&primary.store, number % 3, number).await;
    }
    let (lost, kept): (Vec<_>, Vec<_>) = places(&primary)
        .await
        .into_iter()
        .partition(|(id, _)| *id != kept);
    let survived = kept[0].1;
    let lost: Vec<_> = lost.into_iter().map(|(_, cursor)| cursor).collect();
    assert_eq!(lost.len(), 4);

    replica.promote(&mut primary).await;
    // Before anything is written, and after the transaction ids were used again.
    for round in 0..2 {
        for cursor in &lost {
            assert!(
                is_undone(&replica.store, *cursor).await,
                "{round}: {cursor}"
            );
        }
        burn(&replica, 10).await;
        write(&replica.store, 0, 10 + round).await;
    }
    let new = ids(&replica.store, survived).await.unwrap();
    assert_eq!(new, replica.log().await[1..]);
    assert_eq!(new.len(), 2);
    // A later horizon of retention hides none of those after the end of the first epoch.
    let horizon = "insert into waybill.tenant_horizon select 'else', epoch, tx, pos
                   from waybill.event order by epoch desc, tx desc limit 1";
    replica.execute(horizon).await;
    for cursor in lost.iter().filter(|cursor| **cursor > survived) {
        let query = FeedQuery {
            after: Some(*cursor),
            tenant: Some("beta"),
            ..FeedQuery::default()
        };
        let answer = replica.store.feed(&query).await;
        assert!(matches!(answer, Err(FeedError::Undone)), "{cursor}");
    }
    replica.end().await;
    primary.end().await;
}

/// The events that readers get, each with its cursor.
async fn places(ground: &Server) -> Vec<(String, FeedCursor)> {
    let query = FeedQuery {
        limit: 100,
        ..FeedQuery::default()
    };
    let events = ground.store.feed(&query).await.unwrap().events;
    let place = |event: FeedEvent| (event.logged.id, event.cursor);
    events.into_iter().map(place).collect()
}

#[tokio::test]
async fn a_cursor_from_after_the_moment_of_a_point_in_time_recovery_is_gone() {
    let primary = Server::with_processes().await;
    let backups = [0, 1].map(|_| primary.back_up("recovery", ""));
    let mut places = Vec::new();
    let mut moment = String::new();
    for number in 0..6 {
        write(&primary.store, number % 3, number).await;
        places.push(primary.store.feed_end().await.unwrap());
        if number == 3 {
            moment = primary.position().await;
        }
    }
    let log = primary.log().await;
    let mut before = None;
    for backup in backups {
        let recovered = backup.recover(&primary, &moment).await;
        assert_eq!(recovered.log().await, log[..4]);
        let begun = epoch::begin(&recovered.connection().await).await.unwrap();
        assert_eq!(begun, Some(2));
        let new = write(&recovered.store, 0, 9).await;
        for (at, place) in places.iter().enumerate() {
            match ids(&recovered.store, *place).await {
                Err(FeedError::Undone) => assert!(at > 3, "{at}"),
                shown => {
                    let mut rest = log[at + 1..4].to_vec();
                    rest.push(new.clone());
                    assert_eq!(shown.unwrap(), rest);
                }
            }
        }
        // The first recovery was abandoned, and the second one does not know of it.
        if let Some(before) = before {
            assert!(is_undone(&recovered.store, before).await);
        }
        burn(&recovered, 3).await;
        write(&recovered.store, 1, 10).await;
        before = Some(recovered.store.feed_end().await.unwrap());
        recovered.end().await;
    }
    primary.end().await;
}
