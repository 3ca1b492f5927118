//! The invariants after a run; a run that breaks one does not count.

use std::collections::HashMap;
use std::time::Duration;

use waybill::broker;
use waybill::broker::topology;
use waybill::domain::Kind;

use crate::audience::Received;
use crate::engine::Engine;
use crate::ground::{Field, query};
use crate::workload::{SOURCE, Workload, token};

/// How long the outbox may take to become empty after the last completion.
const SETTLE: Duration = Duration::from_secs(10);

/// Every broken invariant as text; none if the run counts. The workers have ended by now.
pub(crate) async fn broken(
    engine: Engine,
    field: &Field,
    workload: Workload,
    received: &HashMap<String, Received>,
) -> anyhow::Result<Vec<String>> {
    let mut broken = broken_but_for_copies(engine, field, workload, received).await?;
    // Engine (a) repeats repeated messages.
    if engine.uses_broker() && engine.uses_database() {
        let what = "completions that came more than once";
        let copies = received
            .values()
            .filter(|received| received.copies != 1)
            .count();
        expect(&mut broken, what, copies, 0);
    }
    Ok(broken)
}

/// The same, where completions may come more than once.
pub(crate) async fn broken_but_for_copies(
    engine: Engine,
    field: &Field,
    workload: Workload,
    received: &HashMap<String, Received>,
) -> anyhow::Result<Vec<String>> {
    let mut broken = Vec::new();
    if engine.uses_database() {
        events(field, workload, &mut broken).await?;
        processes(field, workload, &mut broken).await?;
        empty(field, "waybill.dead_letter", &mut broken).await?;
        outbox(field, &mut broken).await?;
    }
    if engine.uses_broker() {
        completions(engine, workload, received, &mut broken);
        let connection = broker::connect(&field.settings.broker, "bench check").await?;
        let left = topology::ready_count(&connection, &topology::events_queue(0)).await?;
        expect(&mut broken, "messages left in the queue", left, 0);
        connection.close().await;
    }
    Ok(broken)
}

/// Every published identity exactly once: the right number of rows, each of them of this workload,
/// and none twice.
async fn events(field: &Field, workload: Workload, broken: &mut Vec<String>) -> anyhow::Result<()> {
    let sequence = match workload.kind {
        Kind::Upload => "right(e.id, 1)::bigint",
        Kind::Order => "null",
    };
    let statement = format!(
        "select count(*), count(distinct (p.token, e.id)),
                count(*) filter (where e.source = '{SOURCE}' and e.id = p.token || '-' || right(e.id, 1)
                                       and e.sequence is not distinct from {sequence} and not e.late)
         from waybill.event e join waybill.process p on p.key = e.process"
    );
    let rows = query(&field.database_url, &statement).await?;
    let all = workload.events() as u64;
    for row in rows {
        for (column, what) in ["events", "different events", "events as published"]
            .into_iter()
            .enumerate()
        {
            expect(broken, what, row.get::<_, i64>(column).unsigned_abs(), all);
        }
    }
    Ok(())
}

async fn processes(
    field: &Field,
    workload: Workload,
    broken: &mut Vec<String>,
) -> anyhow::Result<()> {
    let statement = "select token, status, case when items > 0 then items else progress_done end, total, items_failed
                     from waybill.process";
    let rows = query(&field.database_url, statement).await?;
    let mut found = HashMap::with_capacity(rows.len());
    for row in &rows {
        let counts: (i64, Option<i64>, i64) = (row.get(2), row.get(3), row.get(4));
        found.insert(row.get::<_, String>(0), (row.get::<_, String>(1), counts));
    }
    expect(broken, "processes", found.len(), workload.processes);
    let signed = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let wrong = (0..workload.processes).filter(|n| {
        let right = workload.expected(*n);
        let counts = (
            signed(right.done),
            right.total.map(signed),
            signed(right.failed),
        );
        found.get(&token(*n)) != Some(&(right.status.name().to_owned(), counts))
    });
    expect(
        broken,
        "processes with a wrong status or count",
        wrong.count(),
        0,
    );
    Ok(())
}

async fn outbox(field: &Field, broken: &mut Vec<String>) -> anyhow::Result<()> {
    let mut waited = Duration::ZERO;
    let step = Duration::from_millis(100);
    while waited < SETTLE && count(field, "waybill.outbox").await? > 0 {
        tokio::time::sleep(step).await;
        waited += step;
    }
    empty(field, "waybill.outbox", broken).await
}

fn completions(
    engine: Engine,
    workload: Workload,
    received: &HashMap<String, Received>,
    broken: &mut Vec<String>,
) {
    expect(
        broken,
        "processes with a completion",
        received.len(),
        workload.processes,
    );
    let differing = received
        .values()
        .filter(|received| received.differs)
        .count();
    expect(broken, "completions whose copies differ", differing, 0);
    // Engine (a) has no statuses.
    if engine.uses_database() {
        let wrong = (0..workload.processes).filter(|n| {
            let (kind, status) = (workload.kind.name(), workload.expected(*n).status.name());
            let is_right = |received: &Received| received.routing_key == format!("{kind}.{status}");
            !received.get(&token(*n)).is_some_and(is_right)
        });
        expect(broken, "completions with a wrong status", wrong.count(), 0);
    }
}

pub(crate) async fn empty(
    field: &Field,
    table: &str,
    broken: &mut Vec<String>,
) -> anyhow::Result<()> {
    let rows = count(field, table).await?;
    expect(broken, &format!("rows in {table}"), rows, 0);
    Ok(())
}

pub(crate) async fn count(field: &Field, table: &str) -> anyhow::Result<u64> {
    let statement = format!("select count(*) from {table}");
    let rows = query(&field.database_url, &statement).await?;
    let counts = rows.iter().map(|row| row.get::<_, i64>(0).unsigned_abs());
    Ok(counts.sum())
}

pub(crate) fn expect(
    broken: &mut Vec<String>,
    what: &str,
    found: impl TryInto<u64>,
    right: impl TryInto<u64>,
) {
    let found = found.try_into().unwrap_or(u64::MAX);
    let right = right.try_into().unwrap_or(u64::MAX);
    if found != right {
        broken.push(format!("{what}: {found} instead of {right}"));
    }
}
