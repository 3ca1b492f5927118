//! After a disaster: a backup from the middle of the work, restored into another database cluster,
//! and a broker that delivers old messages again lead to the records that were lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::process::Command;

use super::database_roles::{ROLES, RUN, login};
use crate::support::address::with_last;
use crate::support::checker;
use crate::support::ground::{Ground, PATIENCE, execute, holds, run};
use crate::support::order_story::{PURCHASE, Walks, apply};
use crate::support::producer::{Message, Producer};
use crate::support::recorder::{Received, Recorder};
use crate::support::snapshots::{TABLES, assert_published_again, first_copies, table_contents};
use crate::support::story::{repeated, shuffled, story};

const UPLOADS: usize = 42;
const ORDERS: usize = 12;
const BAD: usize = 4;
const LOGGED: &str = "event";
const DEAD: &str = "dead_letter";
const ENDED: &str = "process where ended_at is not null";
const SEALED: &str = "select key::text from waybill.process where ended_at is not null";
const ENTERED: &str = "select data_id::text from waybill.stage";

/// The state before the disaster.
struct Original {
    dump: PathBuf,
    /// In the order in which they were published; the backup ran during `during`.
    before: Vec<Message>,
    during: Vec<Message>,
    after: Vec<Message>,
    tables: Vec<Vec<String>>,
    logged: i64,
    ended: i64,
    completions: BTreeMap<String, Received>,
    stages: BTreeMap<String, Received>,
}

#[test]
fn a_restored_backup_and_old_messages_restore_the_lost_records() {
    run(async {
        let original = original().await;
        let mut ground = Ground::own("restore-new").await;
        restore(&mut ground, &original.dump).await;
        let restored = ground.count(LOGGED).await;
        let ended = ground.count(ENDED).await;
        assert!(
            0 < restored && restored < original.logged,
            "{restored} events in the backup"
        );
        assert!(
            0 < ended && ended < original.ended,
            "{ended} ends in the backup"
        );
        let sealed = ids(&ground, SEALED).await;
        let entered = ids(&ground, ENTERED).await;
        let completions = Recorder::of_completions(&ground).await;
        let stages = Recorder::of_stages(&ground).await;
        // All since the backup, and some that it contains already: in any order, some of them
        // twice.
        let mut old: Vec<_> = original.before.iter().step_by(3).cloned().collect();
        old.extend(original.during.iter().chain(&original.after).cloned());
        let mut producer = Producer::new(&ground);
        producer.publish(shuffled(repeated(old, 4), 11)).await;

        let worker = ground.plan().start().await;
        until_idle(&ground, original.logged, original.ended).await;
        worker.stop().await;

        for (query, (found, lost)) in TABLES
            .iter()
            .zip(table_contents(&ground).await.iter().zip(&original.tables))
        {
            assert_eq!(found, lost, "{query}");
        }
        let new = "select count(*) from waybill.event where epoch = 2";
        assert_eq!(ground.number(new).await, original.logged - restored);
        assert_eq!(checker::counters(&ground).await, Vec::<String>::new());
        assert_published_again(&original.completions, &completions, &sealed);
        assert_published_again(&original.stages, &stages, &entered);
    });
}

/// A system that is backed up in the middle of its work and runs until its last completion; then it
/// is gone, with its broker.
async fn original() -> Original {
    let ground = Ground::own("restore-original").await;
    apply(&ground, "purchase", PURCHASE).await;
    let completions = Recorder::of_completions(&ground).await;
    let stages = Recorder::of_stages(&ground).await;
    let worker = ground.plan().start().await;
    let mut before = messages();
    let mut during = before.split_off(before.len() / 3);
    let after = during.split_off(during.len() / 2);
    let mut producer = Producer::new(&ground);
    producer.publish(before.clone()).await;
    // What is not in the database yet would not be in the backup.
    let bad = before.iter().filter(|message| message.event.is_none());
    let applied = count(producer.confirmed().len() + bad.count());
    holds("all of it applied", async || {
        ground.count(LOGGED).await + ground.count(DEAD).await == applied
    })
    .await;
    let dump = ground.folder.join("waybill.dump");
    tokio::join!(back_up(&ground, &dump), producer.publish(during.clone()));
    producer.publish(after.clone()).await;
    let logged = count(producer.confirmed().len());
    let ended = count(UPLOADS + ORDERS);
    until_idle(&ground, logged, ended).await;
    worker.stop().await;
    Original {
        tables: table_contents(&ground).await,
        completions: first_copies(&completions),
        stages: first_copies(&stages),
        dump,
        before,
        during,
        after,
        logged,
        ended,
    }
}

/// Uploads and orders of which several are under way at any time, some events twice, and some that
/// can't be read.
fn messages() -> Vec<Message> {
    let mut walks = Walks::default();
    let mut staggered = Vec::new();
    for n in 0..UPLOADS {
        let events = story("restored", n).into_iter().enumerate();
        staggered.extend(events.map(|(at, event)| (n * 2 + at, event)));
    }
    for (at, event) in walks
        .begin("restored-order", ORDERS)
        .into_iter()
        .enumerate()
    {
        staggered.push((at, event));
    }
    staggered.sort_by_key(|(place, _)| *place);
    let events = staggered.iter().map(|(_, event)| Message::event(event));
    let mut messages = repeated(events.collect(), 5);
    for n in 0..BAD {
        let bad = Message::bad(&format!("bad-{n}"), b"no event", "undecodable");
        messages.insert(n * messages.len() / BAD, bad);
    }
    messages
}

async fn back_up(ground: &Ground, dump: &Path) {
    let file = format!("--file={}", dump.display());
    run_tool(
        "pg_dump",
        &[
            "--format=custom",
            "--schema=waybill",
            &file,
            &ground.database_url,
        ],
    )
    .await;
}

/// Into a new database of the ground's cluster, which the ground uses from now on.
async fn restore(ground: &mut Ground, dump: &Path) {
    execute(&ground.database_url, "create database restored").await;
    ground.database_url = with_last(&ground.database_url, "restored");
    ground.run_url = login(&ground.database_url, RUN);
    execute(&ground.database_url, ROLES).await;
    let into = format!("--dbname={}", ground.database_url);
    let dump = dump.display().to_string();
    run_tool(
        "pg_restore",
        &[
            "--exit-on-error",
            "--single-transaction",
            "--clean",
            "--if-exists",
            &into,
            &dump,
        ],
    )
    .await;
}

async fn run_tool(program: &str, arguments: &[&str]) {
    let output = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap_or_else(|error| panic!("{program}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {errors}");
}

/// Waits until everything is applied, ended and published.
async fn until_idle(ground: &Ground, logged: i64, ended: i64) {
    let expected = [logged, ended, count(BAD), 0, 0];
    let began = Instant::now();
    loop {
        let found = [
            ground.count(LOGGED).await,
            ground.count(ENDED).await,
            ground.count(DEAD).await,
            ground.count("outbox").await,
            ground.ready("waybill.events.0").await.map_or(-1, i64::from),
        ];
        if found == expected {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "events, ends, dead letters, outbox and ready are {found:?}, not {expected:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// The ids that a query finds in the backup: their messages need not be published again.
async fn ids(ground: &Ground, query: &str) -> BTreeSet<String> {
    ground.texts(query).await.into_iter().collect()
}

fn count(number: usize) -> i64 {
    i64::try_from(number).expect("few")
}
