//! A transaction that stays open delays the feed, and is reported.

use std::process::Command;

use waybill::store::Store;

use crate::store::feed::ground::write;
use crate::store::server::{Server, store};

/// The doctor's output about the database; there is no broker.
fn doctor(url: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_waybill"))
        .args(["doctor", "--set", &format!("database.url={url}")])
        .args(["--set", "broker.url=amqp://127.0.0.1:1/%2f"])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

async fn lag_seconds(store: &Store) -> f64 {
    store
        .feed_lag()
        .await
        .unwrap()
        .map_or(0.0, |lag| lag.seconds)
}

#[tokio::test]
async fn a_foreign_transaction_that_stays_open_shows_as_lag_and_the_doctor_names_it() {
    let ground = Server::with_processes().await;
    ground.execute("create database erp").await;
    ground
        .execute(
            "create role billing superuser login password 'p';
             create role ordinary login password 'p';
             grant usage on schema waybill to ordinary;
             grant select, insert, update, delete on all tables in schema waybill to ordinary",
        )
        .await;
    let port = ground.server.port();
    let url = |user, database| format!("postgres://{user}:p@127.0.0.1:{port}/{database}");
    let ordinary = url("ordinary", "waybill");
    let quiet = "nothing holds the change feed back";
    assert!(doctor(&ordinary).contains(quiet));

    let foreign = store(&url("billing", "erp")).connection().await.unwrap();
    let open = "begin; select pg_current_xact_id()";
    foreign.batch_execute(open).await.unwrap();
    let row = foreign.query_one("select pg_backend_pid()", &[]).await;
    let pid: i32 = row.unwrap().get(0);
    assert_eq!(lag_seconds(&ground.store).await, 0.0);
    write(&ground.store, 0, 0).await;
    // As if it had waited for an hour.
    ground
        .execute("update waybill.event set received_at = now() - interval '1 hour'")
        .await;
    assert!(lag_seconds(&ground.store).await >= 3_600.0);
    let holder = ground.store.feed_holder().await.unwrap().unwrap();
    assert!(holder.since.is_some(), "a superuser sees every session");
    let holder = store(&ordinary).feed_holder().await.unwrap().unwrap();
    assert_eq!((holder.pid, holder.since), (Some(pid), None));
    let output = doctor(&ordinary);
    let named = format!("process {pid} of user billing in database erp, open since ");
    assert!(output.contains(&named), "{output}");

    foreign.batch_execute("rollback").await.unwrap();
    assert_eq!(lag_seconds(&ground.store).await, 0.0);
    assert!(doctor(&ordinary).contains(quiet));
    drop(foreign);
    ground.end().await;
}

#[tokio::test]
async fn an_abandoned_prepared_transaction_is_named_too() {
    let mut ground = Server::with_processes().await;
    ground
        .execute("alter system set max_prepared_transactions = 1")
        .await;
    ground.server.restart().await.unwrap();
    let ground = Server {
        store: store(&ground.server.url()),
        ..ground
    };
    ground
        .execute("begin; select pg_current_xact_id(); prepare transaction 'two-phase'")
        .await;
    write(&ground.store, 0, 0).await;
    ground
        .execute("update waybill.event set received_at = now() - interval '1 minute'")
        .await;
    assert!(lag_seconds(&ground.store).await >= 60.0);
    let output = doctor(&ground.server.url());
    let named = "the prepared transaction 'two-phase' of user waybill in database waybill";
    assert!(output.contains(named), "{output}");
    ground.execute("rollback prepared 'two-phase'").await;
    assert_eq!(lag_seconds(&ground.store).await, 0.0);
    ground.end().await;
}
