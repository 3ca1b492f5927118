//! Migrations beside running programs: none waits long, and none is ended.

use std::path::Path;
use std::time::Duration;

use refinery::{Migration, Runner, Target};
use waybill::config::DatabaseSettings;
use waybill::dev::Postgres;
use waybill::store::admin::migrate;
use waybill::store::{Connection, Store};

use crate::store::server::{folder, settings};

/// The last released version.
const RELEASED: i32 = 12;
const WAITS: &str = "select exists (select from pg_locks
    where mode = 'AccessExclusiveLock' and not granted and relation = $1::text::regclass)";
const INSERT: &str = "insert into waybill.process (key, tenant, token, kind)
    values (gen_random_uuid(), 'default', gen_random_uuid()::text, 'upload')";

/// The tables of an earlier version.
async fn older(settings: &DatabaseSettings) {
    let mut files = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "sql") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        files.push(Migration::unapplied(name, &text).unwrap());
    }
    let mut connection = connection(settings).await;
    let create = "create schema waybill";
    connection.batch_execute(create).await.unwrap();
    let mut runner = Runner::new(&files).set_target(Target::Version(RELEASED));
    let runner = runner.set_migration_table_name("waybill.migration");
    runner.run_async(&mut *connection).await.unwrap();
}

async fn connection(settings: &DatabaseSettings) -> Connection {
    Store::new(settings).unwrap().connection().await.unwrap()
}

/// A client reads a table in a transaction that stays open, and then inserts a process in it.
async fn beside(settings: &DatabaseSettings, table: &str) {
    older(settings).await;
    let (reader, looking) = (connection(settings).await, connection(settings).await);
    let read = format!("begin; select count(*) from {table}");
    reader.batch_execute(&read).await.unwrap();
    let migrating = migrate::migrate(connection(settings).await);
    let others = async {
        loop {
            let row = looking.query_one(WAITS, &[&table]).await.unwrap();
            if row.get(0) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        // It waits for the migration, which waits for the reader.
        let writer = connection(settings).await;
        writer.batch_execute(INSERT).await.unwrap();
        reader.batch_execute(INSERT).await.unwrap();
        reader.batch_execute("commit").await.unwrap();
    };
    let (migrated, ()) = tokio::join!(migrating, others);
    assert!(migrated.unwrap().applied > 0);
    let versions = migrate::versions(&looking).await.unwrap();
    assert!(versions.suffice());
    let count = "select count(*) from waybill.process where attempt = 1";
    let row = looking.query_one(count, &[]).await.unwrap();
    assert_eq!(row.get::<_, i64>(0), 2);
}

#[tokio::test]
async fn a_migration_blocks_no_one_while_a_long_transaction_uses_a_table() {
    let folder = folder();
    let server = Postgres::start(&folder.join("server")).await.unwrap();
    let (base, _) = server
        .url()
        .rsplit_once('/')
        .map_or_else(Default::default, |(base, name)| {
            (base.to_owned(), name.to_owned())
        });
    // In the second round the migration already has a lock on the table that is written to.
    for (name, table) in [
        ("first", "waybill.process"),
        ("second", "waybill.tombstone"),
    ] {
        let create = format!("create database {name}");
        let any = settings(&server.url());
        connection(&any).await.batch_execute(&create).await.unwrap();
        beside(&settings(&format!("{base}/{name}")), table).await;
    }
    server.stop().await.unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}
