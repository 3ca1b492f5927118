//! A process with many rows is deleted slice by slice; meanwhile it is gone for every reader.

use std::time::Duration;

use tokio_postgres::Row;
use waybill::domain::ProcessKey;
use waybill::store::admin::deletion::{Deletion, Stopped};
use waybill::store::admin::quarantine::{ClaimLimits, QuarantinedFor};
use waybill::store::read::feed::FeedQuery;

use waybill::store::read::list_selection::Selection;
use waybill::view::parts::Parts;
use waybill::view::read::{Absent, ReadQuery, read};

use crate::store::server::Server;

const LONG: Duration = Duration::from_secs(3_600);
const EVENTS: i64 = 5_000;
const ITEMS: i64 = 2_000;

#[tokio::test]
async fn a_large_process_is_deleted_in_slices_and_is_gone_for_readers_at_once() {
    let ground = Server::start().await;
    ground.fill(1, 60).await;
    let key = large(&ground, "alpha", "large", "2 hours").await;
    ground
        .execute("update waybill.process set sealed_at = now() where token <> 'large' and sealed_at is not null")
        .await;
    let mut stopped = Stopped::default();
    let (mut slices, mut before) = (0, EVENTS);
    assert!(seen(&ground, key).await.is_ok() && is_listed(&ground).await);
    loop {
        let deletion = Deletion::expired(&ground.store, LONG, &ClaimLimits::of(500))
            .await
            .unwrap();
        assert_eq!(deletion.claimed().len(), 1);
        let finished = deletion.slice(600, &mut stopped).await.unwrap();
        slices += 1;
        assert_eq!(seen(&ground, key).await.err(), Some(Absent::Forgotten));
        assert!(!is_listed(&ground).await);
        let left = ground.count("event where id like 'large%'").await;
        assert!(before - left <= 600 && (finished == 1) == (left == 0));
        // The feed still returns exactly what comes after the horizon of its tenant.
        let hidden = "event_before e, waybill.tenant_horizon h
             where h.tenant = 'alpha' and (e.epoch, e.tx, e.pos) > (h.epoch, h.tx, h.pos)
               and not exists (select from waybill.event k where k.source = e.source and k.id = e.id)";
        assert_eq!(ground.count(hidden).await, 0);
        before = left;
        if finished == 1 {
            break;
        }
    }
    assert_eq!(slices, 9);
    leaves_only_what_must_be_recognised(&ground, key).await;
    ground.end().await;
}

async fn leaves_only_what_must_be_recognised(ground: &Server, key: ProcessKey) {
    for table in ["item", "stage", "event"] {
        let left = format!("{table} where process = '{}'", key.0);
        assert_eq!(ground.count(&left).await, 0, "{table}");
    }
    // The tombstone has each accepted opening, and no late or refused one.
    let remembered = "select t.attempt, t.ended_at is not null, t.openings = array(
            select substring(sha256(convert_to(source || E'\\n' || id, 'UTF8')) from 1 for 16) as h
            from waybill.event_before where type = 'upload.received' and not late
            order by h limit 100)
        from waybill.tombstone t";
    let row = one(ground, remembered).await;
    let row = (row.get(0), row.get(1), row.get(2));
    assert_eq!(row, (3, true, true));
    let horizon = one(ground, "select tenant from waybill.tenant_horizon").await;
    assert_eq!(horizon.get::<_, &str>(0), "alpha");
}

#[tokio::test]
async fn a_deletion_skips_locked_processes_and_finds_late_rows() {
    let ground = Server::start().await;
    let one = large(&ground, "alpha", "one", "3 hours").await;
    let other = large(&ground, "beta", "other", "2 hours").await;
    let mut stopped = Stopped::default();
    let take = async || Deletion::expired(&ground.store, LONG, &ONE).await;
    let first = take().await.unwrap();
    assert_eq!(first.claimed()[0].key, one);
    let second = take().await.unwrap();
    assert_eq!(second.claimed()[0].key, other);
    assert!(take().await.unwrap().claimed().is_empty());
    drop(second);
    assert_eq!(first.slice(3_000, &mut stopped).await.unwrap(), 0);
    // A late event that sorts before what was deleted; a janitor without knowledge of the slice.
    ground
        .execute(&format!(
            "insert into waybill.event (process, source, id, type, time, late, data, pos)
             values ('{}', 'a', 'a', 'upload.step', now(), true, '{{}}', 1)",
            one.0
        ))
        .await;
    assert_eq!(
        take()
            .await
            .unwrap()
            .slice(10_000, &mut stopped)
            .await
            .unwrap(),
        0
    );
    assert_eq!(
        take()
            .await
            .unwrap()
            .slice(10_000, &mut stopped)
            .await
            .unwrap(),
        1
    );
    let left = format!("event where process = '{}'", one.0);
    assert_eq!(ground.count(&left).await, 0);
    let fresh = &mut Stopped::default();
    assert_eq!(take().await.unwrap().slice(10_000, fresh).await.unwrap(), 1);
    ground.end().await;
}

#[tokio::test]
async fn quarantined_records_are_skipped_until_a_retry_or_a_repair() {
    let ground = Server::start().await;
    let one = large(&ground, "alpha", "one", "3 hours").await;
    let other = large(&ground, "alpha", "other", "2 hours").await;
    let store = &ground.store;
    store
        .set_aside(one, QuarantinedFor::Delete, "it is damaged")
        .await
        .unwrap();
    assert_eq!(store.tally().await.unwrap().quarantined, 1);
    let claimed = async || {
        let deletion = Deletion::expired(store, LONG, &ONE).await.unwrap();
        deletion.claimed()[0]
    };
    assert_eq!((claimed().await.key, claimed().await.again), (other, false));
    ground
        .execute("update waybill.quarantine set retry_at = now()")
        .await;
    assert_eq!((claimed().await.key, claimed().await.again), (one, true));
    store
        .set_aside(one, QuarantinedFor::Delete, "it still is")
        .await
        .unwrap();
    let row = ground
        .query("select reason, attempts from waybill.quarantine")
        .await;
    assert_eq!((row[0].get(0), row[0].get(1)), ("it still is", 2));
    assert_eq!(store.release_quarantine().await.unwrap(), 0);
    ground
        .execute("delete from waybill.process where token = 'one'")
        .await;
    assert_eq!(store.release_quarantine().await.unwrap(), 1);
    assert_eq!(store.tally().await.unwrap().quarantined, 0);
    ground.end().await;
}

const ONE: ClaimLimits = ClaimLimits::of(1);

/// The only row.
async fn one(ground: &Server, text: &str) -> Row {
    let mut rows = ground.query(text).await;
    assert_eq!(rows.len(), 1, "{text}");
    rows.remove(0)
}

/// An ended process with many rows, in its third attempt; `event_before` keeps what is deleted.
async fn large(ground: &Server, tenant: &str, token: &str, age: &str) -> ProcessKey {
    let key = ProcessKey::of(tenant, token);
    ground
        .execute(&format!(
            "insert into waybill.process (key, tenant, token, kind, status, attempt, opened_at,
                                          opening_stamp, ended_at, sealed_at)
             values ('{0}', '{tenant}', '{token}', 'upload', 'done', 3, now(), e'2026-01-01T00:00:00.000000Z\\t-\\ts\\ti',
                     now() - interval '{age}', now() - interval '{age}');
             insert into waybill.event (process, source, id, type, time, late, data, pos)
             select '{0}', 's' || n % 3, '{token}' || md5(n::text),
                    case when n % 40 < 2 then 'upload.received' else 'upload.step' end,
                    now(), n % 40 = 1, '{{}}', n
             from generate_series(1, {EVENTS}) n;
             insert into waybill.item (process, identifier, ok, stamp)
             select '{0}', n::text, true, 's' from generate_series(1, {ITEMS}) n;
             create table if not exists waybill.event_before as select * from waybill.event;
             insert into waybill.tombstone (key, openings) values ('{0}', array['\\x00'::bytea])",
            key.0
        ))
        .await;
    key
}

async fn seen(ground: &Server, key: ProcessKey) -> Result<(), Absent> {
    let store = &ground.store;
    let kind = store.kind(key).await.unwrap();
    let process = Some(key);
    let query = FeedQuery {
        process,
        ..FeedQuery::default()
    };
    let events = store.feed(&query).await.unwrap().events;
    let parts = Parts::default();
    let as_of = None;
    let found = read(store, &[ReadQuery { key, parts, as_of }])
        .await
        .unwrap()
        .remove(0);
    assert_eq!(found.is_ok(), kind.is_some() && !events.is_empty());
    found.map(|_| ())
}

async fn is_listed(ground: &Server) -> bool {
    let selection = Selection::default();
    let list = ground
        .store
        .list("alpha", &selection, None, 1_000)
        .await
        .unwrap();
    let counted = ground
        .store
        .count_listed("alpha", &selection, 0)
        .await
        .unwrap();
    assert_eq!(list.processes.len() as u64, counted.total);
    list.processes
        .iter()
        .any(|process| process.token == "large")
}

#[tokio::test]
async fn a_slice_reads_no_more_than_it_deletes_however_much_there_is() {
    let ground = Server::start().await;
    let key = large(&ground, "alpha", "one", "3 hours").await;
    large(&ground, "beta", "other", "2 hours").await;
    ground
        .execute("vacuum analyze waybill.event, waybill.item")
        .await;
    let keys = "(select array_agg(key) from waybill.process)";
    let keys: Vec<uuid::Uuid> = one(&ground, &format!("select {keys}")).await.get(0);
    let keys = format!("'{{{},{}}}'", keys[0], keys[1]);
    let middle = |place: &str| format!("'{}', {place}", key.0);
    for (statement, place) in [
        (EVENTS_SQL, "true, null, null, null".to_owned()),
        (EVENTS_SQL, format!("true, {}", middle("'s1', 'one7'"))),
        (ITEMS_SQL, "null, null".to_owned()),
        (ITEMS_SQL, middle("'1500'")),
    ] {
        let values = format!("{keys}, 100, {place}");
        let plan = ground.explain_generic(statement, &values).await;
        for line in plan.lines().filter(|line| line.contains("actual rows=")) {
            let (_, rest) = line.split_once("actual rows=").unwrap();
            let rows = rest.split(' ').next().unwrap().parse::<u64>().unwrap();
            assert!(
                rows <= 100 && !line.contains("Seq Scan"),
                "{line} in {plan}"
            );
        }
        assert!(!plan.contains("Bitmap"), "{plan}");
    }
    ground.end().await;
}

const EVENTS_SQL: &str =
    include_str!("../../../../src/store/queries/admin/delete_process_events.sql");
const ITEMS_SQL: &str =
    include_str!("../../../../src/store/queries/admin/delete_process_items.sql");
