//! The jobs of the janitor do not wait for each other, whatever is locked, slow, damaged or broken.

use std::time::{Duration, Instant};

use crate::support::ground::{Ground, Session, holds, reaches};
use crate::support::ops;
use crate::support::worker::{Plan, Worker};

const SEALED: &str = "process where code = 'deadline_exceeded'";
const OPEN: &str = "process where ended_at is null";
const EXPIRED: &str = "process where token like 'old%'";
const QUARANTINED: &str = "quarantine";
/// Raises for records with such a token.
const DAMAGE: &str = "create function waybill.damaged() returns trigger language plpgsql as $$
    begin
        if old.token like '%damaged' then raise exception 'a page is unreadable'; end if;
        return case tg_op when 'DELETE' then old else new end;
    end $$;
    create trigger damaged before update or delete on waybill.process
        for each row execute function waybill.damaged()";
/// Makes each deletion slow.
const SLOW: &str = "create function waybill.slow() returns trigger language plpgsql as $$
    begin perform pg_sleep(0.02); return old; end $$;
    create trigger slow before delete on waybill.event
        for each row execute function waybill.slow()";

#[test]
fn sealing_continues_during_a_blocked_and_a_large_deletion() {
    Ground::test("janitor-locked", async |ground| {
        expired(&ground, "old-locked", 1, 3).await;
        expired(&ground, "old-large", 1, 200_000).await;
        let session = Session::open(&ground.database_url).await;
        let lock = "begin; select from waybill.event e join waybill.process p on p.key = e.process
                    where p.token = 'old-locked1' for update of e";
        session.execute(lock).await;
        due(&ground, "due", 100).await;
        let janitor = plan(&ground)
            .with("database.lock_timeout", "20s")
            .start()
            .await;
        let began = Instant::now();
        reaches(&ground, SEALED, 100).await;
        assert!(began.elapsed() < Duration::from_secs(5));
        assert_eq!(ground.count(EXPIRED).await, 2);
        session.execute("commit").await;
        // While the large one is deleted slice by slice.
        let some = "select (count(*) < 200000)::integer::bigint from waybill.event";
        holds("a slice", async || ground.number(some).await == 1).await;
        due(&ground, "due-again", 100).await;
        reaches(&ground, SEALED, 200).await;
        reaches(&ground, EXPIRED, 0).await;
        assert_eq!(ground.count("event").await, 0);
        assert_eq!(ground.count(QUARANTINED).await, 0);
        janitor.stop().await;
    });
}

#[test]
fn a_damaged_record_is_quarantined_and_all_others_are_sealed_and_deleted() {
    Ground::test("janitor-damaged", async |ground| {
        expired(&ground, "old", 40, 2).await;
        due(&ground, "due", 40).await;
        let damage = "update waybill.process set token = token || '-damaged'
                      where token in ('old7', 'due9', 'due31')";
        ground.execute(damage).await;
        ground.execute(DAMAGE).await;
        let (first, second) = two(&plan(&ground)).await;
        holds("all but the damaged", async || {
            let left = (ground.count(SEALED).await, ground.count(EXPIRED).await);
            left == (38, 1)
        })
        .await;
        // Another must succeed after it has failed, in the same janitor, however few there are.
        holds("three quarantined", async || {
            due(&ground, "later", 1).await;
            expired(&ground, "old-later", 1, 2).await;
            let counted = first
                .metric("waybill_quarantined", "what=\"process\"")
                .await;
            ground.count(QUARANTINED).await == 3 && counted == 3
        })
        .await;
        let reasons = "quarantine
                       where reason = 'database: a page is unreadable (P0001)'
                         and retry_at > now() + interval '50 minutes'";
        assert_eq!(ground.count(reasons).await, 3);
        assert!((first.log_text() + &second.log_text()).contains("was quarantined"));

        ground
            .execute("drop trigger damaged on waybill.process")
            .await;
        let retry = "update waybill.quarantine set retry_at = now()";
        ground.execute(retry).await;
        holds("nothing quarantined", async || {
            let counted = first.metric("waybill_quarantined", "").await;
            let left = (ground.count(OPEN).await, ground.count(EXPIRED).await);
            left == (0, 0) && counted == 0
        })
        .await;
        first.stop().await;
        second.stop().await;
    });
}

#[test]
fn a_job_that_panics_stops_neither_another_nor_the_program() {
    Ground::test("janitor-panic", async |ground| {
        ground
            .execute(
                "insert into waybill.process (key, tenant, token, kind)
                 select gen_random_uuid(), 'default', 'parked', 'order';
                 insert into waybill.parked (process, source, event_id, id, type, exchange, routing_key,
                                             queue, properties, headers, body, parked_at)
                 select key, 's', '1', key, 'order.pushed', '', '', '', '', '', '', now() - interval '1 year'
                 from waybill.process;
                 alter table waybill.parked drop constraint parked_pkey, alter column event_id drop not null;
                 update waybill.parked set event_id = null",
            )
            .await;
        let janitor = plan(&ground).start().await;
        holds("a panic", async || {
            janitor.log_text().contains("a job panicked")
        })
        .await;
        due(&ground, "due", 10).await;
        expired(&ground, "old", 10, 2).await;
        holds("the others' work", async || {
            let left = (ground.count(SEALED).await, ground.count(EXPIRED).await);
            left == (10, 0)
        })
        .await;
        let alive = ops::get(janitor.address(), "/livez")
            .await
            .expect("an answer");
        assert_eq!(alive.status, 200, "{}", alive.body);
        janitor.stop().await;
    });
}

#[test]
fn a_slow_statement_is_retried_with_a_smaller_batch_and_nothing_is_quarantined() {
    Ground::test("janitor-slow", async |ground| {
        expired(&ground, "old", 100, 5).await;
        ground.execute(SLOW).await;
        let plan = plan(&ground).with("database.statement_timeout", "1s");
        let janitor = plan.start().await;
        reaches(&ground, EXPIRED, 0).await;
        let retries = janitor.retries("timeout").await;
        assert!((3..20).contains(&retries), "{retries}");
        assert_eq!(ground.count(QUARANTINED).await, 0);
        janitor.stop().await;
    });
}

/// A janitor with a retention of one hour.
fn plan(ground: &Ground) -> Plan {
    let plan = ground.plan().roles("janitor");
    plan.with("process.retention", "1h")
        .with("janitor.interval", "50ms")
}

async fn two(plan: &Plan) -> (Worker, Worker) {
    (plan.start().await, plan.start().await)
}

/// Open uploads whose deadline has passed.
async fn due(ground: &Ground, tag: &str, count: u32) {
    ground
        .execute(&format!(
            "insert into waybill.process (key, tenant, token, kind, deadline_at)
             select gen_random_uuid(), 'default', '{tag}' || n, 'upload', now()
             from generate_series(1, {count}) n"
        ))
        .await;
}

/// Uploads that ended two hours ago, each with that many events.
async fn expired(ground: &Ground, tag: &str, count: u32, events: u32) {
    ground
        .execute(&format!(
            "with ended as (
                 insert into waybill.process (key, tenant, token, kind, status, ended_at, sealed_at)
                 select gen_random_uuid(), 'default', '{tag}' || n, 'upload', 'error', now(),
                        now() - interval '2 hours'
                 from generate_series(1, {count}) n
                 returning key
             )
             insert into waybill.event (process, source, id, type, time, late, data, pos)
             select key, 'e2e', md5(n::text), 'upload.step', now(), false, '{{}}', n
             from ended, generate_series(1, {events}) n"
        ))
        .await;
}
