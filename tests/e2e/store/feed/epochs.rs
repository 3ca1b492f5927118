//! Epochs begin by themselves, once, with the first event on another server or time line.

use waybill::store::read::epoch;
use waybill::store::read::feed::FeedQuery;

use crate::store::feed::ground::{begin, commit, write};
use crate::store::feed::reader::{Reader, Selection};
use crate::store::server::Server;

/// As if the tables had been on another server or time line until now.
const ELSEWHERE: [&str; 3] = [
    "update waybill.epoch set system_identifier = 1",
    "update waybill.epoch set timeline = 7",
    "update waybill.epoch set timeline = null",
];
const WAITING: &str = "select count(*) from pg_locks where not granted";
const EPOCHS: &str = "select array_agg(number order by number) from waybill.epoch";
const LOGGED: &str = "select array_agg(epoch order by epoch, tx, pos) from waybill.event";

#[tokio::test]
async fn the_first_event_on_another_server_or_time_line_begins_an_epoch() {
    let ground = Server::with_processes().await;
    let mut reader = Reader::begin(&ground.store, &Selection::everything(1)).await;
    for (number, elsewhere) in ELSEWHERE.into_iter().enumerate() {
        write(&ground.store, 0, 2 * number).await;
        reader.drain(&ground.store).await;
        ground.execute(elsewhere).await;
        write(&ground.store, 1, 2 * number + 1).await;
    }
    assert_eq!(ground.value(EPOCHS).await, "{1,2,3,4}");
    assert_eq!(ground.value(LOGGED).await, "{1,2,2,3,3,4}");
    reader.drain(&ground.store).await;
    assert_eq!(reader.seen, ground.log().await);
    ground.end().await;
}

#[tokio::test]
async fn numbers_of_epochs_leave_room_for_time_lines_in_between() {
    let ground = Server::with_processes().await;
    // A recovery to a moment on time line 1 ends on the first number that no time line has had.
    ground
        .execute("update waybill.epoch set timeline = timeline - 2")
        .await;
    write(&ground.store, 0, 0).await;
    assert_eq!(ground.value(EPOCHS).await, "{1,3}");
    ground.end().await;
}

#[tokio::test]
async fn two_writers_begin_only_one_epoch() {
    let ground = Server::with_processes().await;
    write(&ground.store, 2, 0).await;
    ground.execute(ELSEWHERE[0]).await;
    let [first, second] = [ground.connection().await, ground.connection().await];
    // Statements are prepared, so that there is only one round trip to wait for.
    begin(&first, 0, 1).await;
    let waits = async {
        ground.becomes(WAITING, "1").await;
        commit(&first).await;
    };
    tokio::join!(begin(&second, 1, 2), waits);
    commit(&second).await;
    assert_eq!(ground.value(EPOCHS).await, "{1,2}");
    assert_eq!(ground.value(LOGGED).await, "{1,2,2}");
    ground.end().await;
}

#[tokio::test]
async fn an_epoch_whose_first_writer_rolls_back_is_begun_by_the_next_one() {
    let ground = Server::with_processes().await;
    ground.execute(ELSEWHERE[1]).await;
    let [first, second] = [ground.connection().await, ground.connection().await];
    begin(&first, 0, 1).await;
    let gives_up = async {
        ground.becomes(WAITING, "1").await;
        first.roll_back().await.unwrap();
    };
    tokio::join!(begin(&second, 1, 2), gives_up);
    commit(&second).await;
    assert_eq!(ground.value(EPOCHS).await, "{1,2}");
    assert_eq!(ground.value(LOGGED).await, "{2}");
    assert_eq!(epoch::begin(&first).await.unwrap(), None);
    let feed = ground.store.feed(&FeedQuery::default()).await.unwrap();
    assert_eq!(feed.events.len(), 1);
    ground.end().await;
}

#[tokio::test]
async fn a_role_that_may_log_events_may_begin_their_epoch() {
    let ground = Server::with_processes().await;
    ground
        .execute(
            "create role writer; grant usage on schema waybill to writer;
             grant select on all tables in schema waybill to writer;
             grant insert on waybill.epoch to writer",
        )
        .await;
    ground.execute(ELSEWHERE[0]).await;
    let connection = ground.connection().await;
    connection.batch_execute("set role writer").await.unwrap();
    assert_eq!(epoch::begin(&connection).await.unwrap(), Some(2));
    connection.discard();
    ground.end().await;
}
