//! A database that says no in every way it knows, for a while: the batch is tried again.

use std::time::Duration;

use crate::ops::shutdown::Blocker;
use crate::support::ground;
use crate::support::ground::{Ground, run};
use crate::support::scenario::Trial;
use crate::support::story::{shuffled, stories};
use crate::support::worker::Worker;

#[test]
fn a_database_that_refuses_for_a_while_costs_time_and_nothing_else() {
    run(async {
        let mut trial = Trial::shared("refusals").await;
        let plan = trial.ground.plan().with("batch.events", "60");
        let plan = plan.with("database.lock_timeout", "500ms");
        let worker = plan.start().await;
        let name = database(&trial.ground);
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
            trial.events(before).await;
            administer(&trial.ground, &refuse).await;
            trial.events(after).await;
            tokio::time::sleep(Duration::from_secs(1)).await;
            administer(&trial.ground, &relent).await;
            trial.rest().await;
        }
        felt(&worker, "connection").await;
        let blocker = Blocker::of(&trial.ground.database_url).await;
        trial.events(&stories("locked", 60)).await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        drop(blocker);
        trial.rest().await;
        felt(&worker, "timeout").await;
        trial.conclude(vec![worker]).await;
    });
}

/// Plans that were made before are no longer valid.
const CHANGE: &str = "alter table waybill.process add column extra text; \
    alter table waybill.event alter column data set storage external; \
    create index extra on waybill.item (document_id)";
const CHANGE_BACK: &str = "drop index waybill.extra; alter table waybill.process drop column extra";

/// From another database, but for what concerns the tables.
async fn administer(ground: &Ground, statements: &[&str]) {
    for statement in statements {
        if !statement.contains("waybill.") {
            ground::administer(statement).await;
        } else {
            ground.execute(statement).await;
        }
    }
}

async fn felt(worker: &Worker, reason: &str) {
    let label = format!("reason=\"{reason}\"");
    let retried = worker.metric("waybill_retries_total", &label).await;
    assert!(
        retried > 0,
        "the worker felt no {reason}\n{}",
        worker.log_text()
    );
}

fn database(ground: &Ground) -> String {
    let last = ground.database_url.rsplit_once('/');
    last.expect("the address has a path").1.to_owned()
}
