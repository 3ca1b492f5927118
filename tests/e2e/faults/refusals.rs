//! A database that refuses in every way, for a while: the batch is retried.

use std::time::Duration;

use crate::ops::shutdown::blocker;
use crate::support::ground;
use crate::support::ground::Ground;
use crate::support::scenario::Scenario;
use crate::support::story::{shuffled, stories};
use crate::support::worker::Worker;

#[test]
fn a_database_that_refuses_for_a_while_costs_time_and_nothing_else() {
    Scenario::test("refusals", async |mut scenario| {
        let plan = scenario.plan().with("batch.events", "60");
        let plan = plan.with("database.lock_timeout", "500ms");
        let worker = plan.start().await;
        let name = scenario.ground.vhost();
        let end_all = format!(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = '{name}'"
        );
        let read_only = format!("alter database {name} set default_transaction_read_only = on");
        let writable = format!("alter database {name} reset default_transaction_read_only");
        let closed = format!("alter database {name} allow_connections false");
        let open = format!("alter database {name} allow_connections true");
        let refusals: [(&str, Vec<&str>, Vec<&str>); 4] = [
            ("ended", vec![&end_all, &end_all], vec![]),
            ("changed", vec![CHANGE], vec![CHANGE_BACK]),
            (
                "read-only",
                vec![&read_only, &end_all],
                vec![&writable, &end_all],
            ),
            ("closed", vec![&closed, &end_all], vec![&open]),
        ];
        for (seed, (tag, refuse, relent)) in refusals.into_iter().enumerate() {
            let events = shuffled(stories(tag, 60), seed as u64);
            let (before, after) = events.split_at(events.len() / 2);
            scenario.events(before).await;
            administer(&scenario.ground, &refuse).await;
            scenario.events(after).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            administer(&scenario.ground, &relent).await;
            scenario.until_idle().await;
        }
        noticed(&worker, "connection").await;
        let blocker = blocker(&scenario.ground).await;
        scenario.events(&stories("locked", 60)).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(blocker);
        scenario.until_idle().await;
        noticed(&worker, "timeout").await;
        scenario.finish(vec![worker]).await;
    });
}

/// Invalidates prepared plans.
const CHANGE: &str = "alter table waybill.process add column extra text; \
    alter table waybill.event alter column data set storage external; \
    create index extra on waybill.item (document_id)";
const CHANGE_BACK: &str = "drop index waybill.extra; alter table waybill.process drop column extra";

/// Executes statements; those that don't name a table from another database.
async fn administer(ground: &Ground, statements: &[&str]) {
    for statement in statements {
        if !statement.contains("waybill.") {
            ground::administer(statement).await;
        } else {
            ground.execute(statement).await;
        }
    }
}

async fn noticed(worker: &Worker, reason: &str) {
    let retried = worker.retries(reason).await;
    assert!(
        retried > 0,
        "the worker noticed no {reason}\n{}",
        worker.log_text()
    );
}
