//! After a disaster: a backup from the middle of the work, restored into another database cluster, and
//! a broker that delivers old messages again come to the records that were lost.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use serde_json::Value;
use tokio::process::Command;

use crate::{
    audience::{Audience, Heard},
    checker,
    ground::{Ground, PATIENCE, execute, run, until, with_last},
    order_story::{PURCHASE, Walks, apply},
    person::Person,
    producer::{Message, Producer},
    story::{repeated, shuffled, story},
};

const UPLOADS: usize = 42;
const ORDERS: usize = 12;
const BAD: usize = 4;
const LOGGED: &str = "select count(*) from waybill.event";
const ENDED: &str = "select count(*) from waybill.process where ended_at is not null";

const SEALED: &str = "select key::text from waybill.process where ended_at is not null";
const ENTERED: &str = "select data_id::text from waybill.stage";

/// Everything that is told of a process, without when and where in the log a worker wrote it down; the
/// stops of an order are made when a worker makes them, and so is its end at the last of them.
const TOLD: [&str; 7] = [
    "select to_jsonb(p) - '{created_at,sealed_at,settle_at,deadline_at}'::text[]
            - case p.kind when 'order' then 'ended_at' else '' end
     from waybill.process p order by p.key",
    "select to_jsonb(e) - '{received_at,epoch,tx,pos}'::text[]
     from waybill.event e order by e.process, e.source, e.id",
    "select to_jsonb(i) from waybill.item i order by i.process, i.identifier",
    "select to_jsonb(s) - '{entered_at,left_at}'::text[] || jsonb_build_object('left', left_at is not null)
     from waybill.stage s order by s.process, s.data_id",
    "select to_jsonb(k) from waybill.parked k order by k.process, k.event_id",
    "select to_jsonb(d) - 'received_at' from waybill.dead_letter d order by d.id",
    "select jsonb_build_object(t.name || ' ' || t.label, sum(t.value))
     from waybill.tally t group by t.name, t.label having sum(t.value) <> 0 order by t.name, t.label",
];

/// What was there before the disaster.
struct Original {
    dump: PathBuf,
    /// In the order in which they were published; the backup was made somewhere in `during`.
    before: Vec<Message>,
    during: Vec<Message>,
    after: Vec<Message>,
    told: Vec<Vec<String>>,
    logged: i64,
    ended: i64,
    completions: BTreeMap<String, Heard>,
    stages: BTreeMap<String, Heard>,
}

#[test]
fn a_restored_backup_and_old_messages_come_to_the_records_that_were_lost() {
    run(async {
        let original = original().await;
        let mut ground = Ground::own("restore-anew").await;
        restore(&mut ground, &original.dump).await;
        let held = ground.number(LOGGED).await;
        let ended = ground.number(ENDED).await;
        assert!(
            0 < held && held < original.logged,
            "{held} events in the backup"
        );
        assert!(
            0 < ended && ended < original.ended,
            "{ended} ends in the backup"
        );

        let sealed = ids(&ground, SEALED).await;
        let entered = ids(&ground, ENTERED).await;

        let completions = Audience::of_completions(&ground).await;
        let stages = Audience::of_stages(&ground).await;
        // All since the backup, and some that it holds already: in any order, some of them twice.
        let mut old: Vec<_> = original.before.iter().step_by(3).cloned().collect();
        old.extend(original.during.iter().chain(&original.after).cloned());
        let mut producer = Producer::new(&ground);
        producer.publish(shuffled(repeated(old, 4), 11)).await;

        let worker = ground.plan().launch().await;
        let warned = "run `waybill migrate`, which begins a new epoch";
        until("the remedy", async || {
            worker.log_text().contains(warned).then_some(())
        })
        .await;
        assert_eq!(ground.number(LOGGED).await, held, "nothing is taken before");
        let migrated = Person::of(&ground).says(&["migrate"]).await;
        migrated.ended(0, &["began epoch 2 of the change feed"]);
        rest(&ground, original.logged, original.ended).await;
        worker.stop().await;

        for (query, (found, lost)) in TOLD
            .iter()
            .zip(told(&ground).await.iter().zip(&original.told))
        {
            assert_eq!(found, lost, "{query}");
        }
        let anew = "select count(*) from waybill.event where epoch = 2";
        assert_eq!(ground.number(anew).await, original.logged - held);
        assert_eq!(checker::counters(&ground).await, Vec::<String>::new());
        said_again(&original.completions, &completions, &sealed);
        said_again(&original.stages, &stages, &entered);
    });
}

/// A system at work, of which in the midst of it a backup is made, up to its last completion; then it
/// is gone, with its broker.
async fn original() -> Original {
    let ground = Ground::own("restore-original").await;
    apply(&ground, "purchase", PURCHASE).await;
    let completions = Audience::of_completions(&ground).await;
    let stages = Audience::of_stages(&ground).await;
    let worker = ground.plan().start().await;
    let mut before = messages();
    let mut during = before.split_off(before.len() / 3);
    let after = during.split_off(during.len() / 2);
    let mut producer = Producer::new(&ground);
    producer.publish(before.clone()).await;
    until("some ends", async || {
        (ground.number(ENDED).await > 5).then_some(())
    })
    .await;
    let dump = ground.folder.join("waybill.dump");
    tokio::join!(back_up(&ground, &dump), producer.publish(during.clone()));
    producer.publish(after.clone()).await;
    let logged = i64::try_from(producer.confirmed().len()).expect("few");
    let ended = i64::try_from(UPLOADS + ORDERS).expect("few");
    rest(&ground, logged, ended).await;
    worker.stop().await;
    Original {
        told: told(&ground).await,
        completions: first(&completions),
        stages: first(&stages),
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

/// Into a new database of the ground's cluster, which from now on is the ground's.
async fn restore(ground: &mut Ground, dump: &Path) {
    execute(&ground.database_url, "create database restored").await;
    ground.database_url = with_last(&ground.database_url, "restored");
    let into = format!("--dbname={}", ground.database_url);
    let dump = dump.display().to_string();
    run_tool(
        "pg_restore",
        &["--exit-on-error", "--single-transaction", &into, &dump],
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
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {said}");
}

/// Waits until everything is applied, ended and published.
async fn rest(ground: &Ground, logged: i64, ended: i64) {
    let bad = i64::try_from(BAD).expect("few");
    let wanted = [logged, ended, bad, 0, 0];
    let began = Instant::now();
    loop {
        let found = [
            ground.number(LOGGED).await,
            ground.number(ENDED).await,
            ground
                .number("select count(*) from waybill.dead_letter")
                .await,
            ground.number("select count(*) from waybill.outbox").await,
            ground.ready("waybill.events.0").await.map_or(-1, i64::from),
        ];
        if found == wanted {
            return;
        }
        assert!(
            began.elapsed() < PATIENCE,
            "events, ends, dead letters, outbox and ready are {found:?}, not {wanted:?}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

async fn told(ground: &Ground) -> Vec<Vec<String>> {
    let mut told = Vec::new();
    for query in TOLD {
        let rows = ground
            .rows(&format!("select t::text from ({query}) q (t)"))
            .await;
        told.push(rows.iter().map(|row| row.get(0)).collect());
    }
    told
}

/// The ids of what the backup holds, by a query: nobody says so again.
async fn ids(ground: &Ground, query: &str) -> BTreeSet<String> {
    let rows = ground.rows(query).await;
    rows.iter().map(|row| row.get(0)).collect()
}

/// The first copy of each message; the others are the same.
fn first(audience: &Audience) -> BTreeMap<String, Heard> {
    let mut first: BTreeMap<String, Heard> = BTreeMap::new();
    for heard in audience.heard() {
        let heard = Heard {
            cursor: None,
            ..heard
        };
        let known = first
            .entry(heard.id.clone())
            .or_insert_with(|| heard.clone());
        assert_eq!(*known, heard, "every copy has the same bytes");
    }
    first.values_mut().for_each(forget_when);
    first
}

/// An order ends when a worker makes its last step, so its completion tells another time. Of a stop its
/// name counts: what is told of it tells when it was made, and the form as it stood then.
fn forget_when(heard: &mut Heard) {
    let mut said: Value = serde_json::from_slice(&heard.body).expect("JSON");
    let forgotten: &[&str] = match heard.routing_key.split_once('.') {
        Some(("upload", _)) => return,
        Some(("order", _)) => &["ended_at", "elapsed_seconds"],
        _ => &["entered_at", "form"],
    };
    for field in forgotten {
        assert!(!said[field].take().is_null(), "{said}");
    }
    heard.body = said.to_string().into_bytes();
}

/// What is said after the disaster was said before it, under the same id and in the same words; and
/// what is not said again is held by the backup as said.
fn said_again(lost: &BTreeMap<String, Heard>, audience: &Audience, held: &BTreeSet<String>) {
    let again = first(audience);
    for (id, heard) in &again {
        assert_eq!(lost.get(id), Some(heard), "{id}");
    }
    let silent = lost.keys().filter(|id| !again.contains_key(*id));
    let silent: BTreeSet<_> = silent.cloned().collect();
    assert!(silent.is_subset(held), "{silent:?} of {held:?}");
    assert!(!again.is_empty(), "something happened after the backup");
}
