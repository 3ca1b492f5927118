//! One tenant has a long backlog in a queue of its own: what that costs another tenant, as the
//! ratio of two runs that differ in nothing else.

pub(crate) mod report;

use std::process::Stdio;
use std::time::{Duration, Instant};

use waybill::broker::tenant_exchanges::{completions_exchange, events_exchange, own_queue};
use waybill::broker::{self, Connection, topology};

use crate::audience::Audience;
use crate::check::{count, empty, expect};
use crate::engine::{Engine, Running, spawn};
use crate::feed;
use crate::ground::{Field, Ground, bind, query, waybill};
use crate::latency::{Latency, quantiles};
use crate::open_loop;
use crate::patience;
use crate::workload::Workload;

const ENGINE: Engine = Engine::Waybill(1);
/// The tenant with the backlog, and the other one.
const FLOODED: &str = "acme";
const OTHER: &str = "globex";
const OTHERS_QUEUE: &str = "bench.globex";
/// How often the backlog is looked at until its first message is consumed.
const POLL_EVERY: Duration = Duration::from_millis(20);

/// The plan of the runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) backlog: Workload,
    pub(crate) other: Workload,
    /// Events per second of the other tenant.
    pub(crate) rate: u32,
}

/// The results: of each the median run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) rate: u32,
    /// Events of the backlog.
    pub(crate) events: usize,
    pub(crate) quiet: Run,
    pub(crate) beside: Run,
    pub(crate) broken: Vec<String>,
}

/// One run.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) sender: Latency,
    /// From planned sending to the other tenant's completion.
    pub(crate) to_completion: Latency,
    /// Messages of the backlog that were left after the last of these.
    pub(crate) left: u32,
    /// Until the backlog was gone.
    pub(crate) drained_seconds: f64,
    pub(crate) broken: Vec<String>,
}

/// Runs it, with and without the backlog.
pub(crate) async fn run(ground: &Ground, plan: Plan) -> anyhow::Result<Outcome> {
    let (mut quiet, mut beside) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds.max(1) {
        crate::note("backlog: without …");
        quiet.push(one(ground, plan, None).await?);
        crate::note("backlog: with …");
        beside.push(one(ground, plan, Some(plan.backlog)).await?);
    }
    let broken = quiet.iter().chain(&beside).flat_map(|run| &run.broken);
    let broken = broken.cloned().collect();
    Ok(Outcome {
        rate: plan.rate,
        events: plan.backlog.events(),
        quiet: median(quiet),
        beside: median(beside),
        broken,
    })
}

fn median(mut runs: Vec<Run>) -> Run {
    let p99 = |run: &Run| run.to_completion.p99;
    runs.sort_by(|one, other| p99(one).total_cmp(&p99(other)));
    runs.swap_remove(runs.len() / 2)
}

async fn one(ground: &Ground, plan: Plan, backlog: Option<Workload>) -> anyhow::Result<Run> {
    let field = ground.field("backlog").await?;
    let settings = &field.settings.broker;
    let connection = broker::connect(settings, "bench backlog").await?;
    let messages = prepare(&field, &connection, backlog).await?;
    let mut audience = Audience::of_queue(settings, OTHERS_QUEUE).await?;
    let mut running = Running::prepare(ENGINE, &field, plan.other).await?;
    let start = Instant::now();
    running.go(ENGINE, &field).await?;
    running.ready().await?;
    let own = own_queue(FLOODED);
    let left = async || topology::ready_count(&connection, &own).await;
    while messages > 0 && left().await? == messages {
        tokio::time::sleep(POLL_EVERY).await;
    }
    let order = plan.other.order();
    let (schedule, mut events) = open_loop::prepare(&order, plan.rate);
    for event in &mut events {
        event.exchange = events_exchange(OTHER);
    }
    let lags = open_loop::send(settings, schedule, events).await?;
    audience.wait_for(plan.other.processes as usize).await?;
    let still_left = left().await?;
    let gone = async || Ok(left().await?.into());
    patience::until("messages in the backlog", 0, gone).await?;
    let drained_seconds = start.elapsed().as_secs_f64();
    running.stop().await?;
    connection.close().await;
    let received = audience.received();
    let all = Duration::ZERO;
    let latencies = open_loop::completion_latencies(schedule, &order, &received, all);
    let mut broken = broken(&field, plan, backlog).await?;
    if messages > 0 && still_left == 0 {
        broken.push("the backlog was gone too soon".to_owned());
    }
    ground.clear(field).await?;
    Ok(Run {
        sender: quantiles(lags),
        to_completion: quantiles(latencies),
        left: still_left,
        drained_seconds,
        broken,
    })
}

/// Adds both tenants and publishes the backlog; returns how many messages it has.
async fn prepare(
    field: &Field,
    connection: &Connection,
    backlog: Option<Workload>,
) -> anyhow::Result<u32> {
    add_tenant(field, &[FLOODED, "--own-queue"]).await?;
    add_tenant(field, &[OTHER]).await?;
    let (exchange, queue) = (completions_exchange(OTHER), OTHERS_QUEUE);
    bind(&connection.channel().await?, queue, &exchange, "#").await?;
    let Some(backlog) = backlog else { return Ok(0) };
    let (settings, own) = (&field.settings.broker, own_queue(FLOODED));
    feed::fill_by(settings, backlog, &events_exchange(FLOODED), &own).await?;
    Ok(topology::ready_count(connection, &own).await?)
}

async fn add_tenant(field: &Field, arguments: &[&str]) -> anyhow::Result<()> {
    let mut command = tokio::process::Command::new(waybill()?);
    command.args(["tenant", "add"]).args(arguments);
    let mut child = spawn(command, field, Stdio::null())?;
    let ended = patience::once("the command", child.wait()).await??;
    anyhow::ensure!(ended.success(), "the command ended with {ended}");
    Ok(())
}

/// The invariants: every event of each tenant exactly once, every process sealed, nothing refused.
async fn broken(
    field: &Field,
    plan: Plan,
    backlog: Option<Workload>,
) -> anyhow::Result<Vec<String>> {
    let mut broken = Vec::new();
    let workloads = [(FLOODED, backlog), (OTHER, Some(plan.other))];
    for (tenant, workload) in workloads {
        let statement = format!(
            "select count(*) from waybill.event e join waybill.process p on p.key = e.process
             where p.tenant = '{tenant}' and not e.late"
        );
        let rows = query(&field.database_url, &statement).await?;
        let events: i64 = rows.iter().map(|row| row.get::<_, i64>(0)).sum();
        let (all, ended) = match workload {
            Some(workload) => (workload.events(), workload.processes as usize),
            None => (0, 0),
        };
        expect(&mut broken, &format!("events of {tenant}"), events, all);
        let sealed = format!("waybill.process where tenant = '{tenant}' and sealed_at is not null");
        let sealed = count(field, &sealed).await?;
        expect(&mut broken, &format!("ends of {tenant}"), sealed, ended);
    }
    empty(field, "waybill.dead_letter", &mut broken).await?;
    Ok(broken)
}
