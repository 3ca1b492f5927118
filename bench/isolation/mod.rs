//! One destination fails beside healthy ones: its cost for these, as the ratio of two runs that
//! differ in nothing else.
//!
//! The completion of every tenth upload goes to a quorum queue of its own. In one of the two runs
//! that queue confirms nothing until everything else is finished; then it recovers.

mod destinations;
pub(crate) mod report;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use waybill::clock;

use crate::closed::committed;
use crate::engine::{Engine, Running};
use crate::feed;
use crate::ground::{Field, Ground, query};
use crate::latency::{Latency, quantiles};
use crate::open_loop;
use crate::workload::Workload;
use destinations::Destinations;

const ENGINE: Engine = Engine::Waybill(1);
/// By then a worker has detected which destination fails, and published the delayed messages.
const FOUND_OUT: Duration = Duration::from_secs(10);

/// The plan of the runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rounds: usize,
    pub(crate) closed: Workload,
    pub(crate) open: Workload,
    /// Events per second of the open loop.
    pub(crate) rate: u32,
}

/// The same run twice.
#[derive(Debug, Clone)]
pub(crate) struct Pair<T> {
    /// Every destination confirms.
    pub(crate) healthy: T,
    /// One of them does not.
    pub(crate) failing: T,
}

/// The results of both loops: of each the median run.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) rate: u32,
    pub(crate) closed: Pair<Closed>,
    pub(crate) open: Pair<Open>,
    pub(crate) broken: Vec<String>,
}

/// A run that begins with a full queue.
#[derive(Debug, Clone)]
pub(crate) struct Closed {
    pub(crate) events: usize,
    /// Until the last upload has ended.
    pub(crate) ended_seconds: f64,
    /// Until the healthy queue has all of its completions.
    pub(crate) received_seconds: f64,
    pub(crate) recovery: Recovery,
}

/// A run at a fixed rate.
#[derive(Debug, Clone)]
pub(crate) struct Open {
    /// How far the sender was behind its plan.
    pub(crate) sender: Latency,
    /// From planned sending to the completion in the healthy queue.
    pub(crate) to_completion: Latency,
    /// The same for those due after the failing destination was detected.
    pub(crate) found_out: Latency,
    pub(crate) recovery: Recovery,
}

/// The outcome of the failing destination.
#[derive(Debug, Clone, Default)]
pub(crate) struct Recovery {
    /// From its recovery until it has all of its completions.
    pub(crate) seconds: f64,
    /// Completions that came more than once, there and at the healthy one.
    pub(crate) repeated: usize,
    pub(crate) broken: Vec<String>,
}

impl Closed {
    pub(crate) fn events_per_second(&self) -> f64 {
        self.events as f64 / self.ended_seconds
    }
}

/// Runs both loops, each with and without the failing destination.
pub(crate) async fn run(ground: &Ground, plan: Plan) -> anyhow::Result<Outcome> {
    let (mut closed, mut open) = (Vec::new(), Vec::new());
    for _ in 0..plan.rounds.max(1) {
        crate::note("isolation: closed loop …");
        closed.push(Pair {
            healthy: full_queue(ground, plan.closed, false).await?,
            failing: full_queue(ground, plan.closed, true).await?,
        });
        crate::note("isolation: open loop …");
        open.push(Pair {
            healthy: fixed_rate(ground, plan, false).await?,
            failing: fixed_rate(ground, plan, true).await?,
        });
    }
    let of_closed = closed.iter().flat_map(|pair| pair.both());
    let of_open = open.iter().flat_map(|pair| pair.both());
    let broken = of_closed.flat_map(|run| &run.recovery.broken);
    let broken = broken.chain(of_open.flat_map(|run| &run.recovery.broken));
    Ok(Outcome {
        rate: plan.rate,
        broken: broken.cloned().collect(),
        closed: Pair::median(closed, |run| run.received_seconds),
        open: Pair::median(open, |run| run.to_completion.p99),
    })
}

impl<T: Clone> Pair<T> {
    fn both(&self) -> [&T; 2] {
        [&self.healthy, &self.failing]
    }

    /// The median run of each kind.
    fn median(pairs: Vec<Self>, value: fn(&T) -> f64) -> Self {
        let (healthy, failing) = pairs.into_iter().map(|p| (p.healthy, p.failing)).unzip();
        let middle = |mut runs: Vec<T>| {
            runs.sort_by(|one, other| value(one).total_cmp(&value(other)));
            runs.swap_remove(runs.len() / 2)
        };
        Self {
            healthy: middle(healthy),
            failing: middle(failing),
        }
    }
}

async fn full_queue(ground: &Ground, workload: Workload, fails: bool) -> anyhow::Result<Closed> {
    let field = ground.field("isolation").await?;
    feed::fill(&field.settings.broker, workload).await?;
    let mut destinations = Destinations::prepare(ground, field, workload, fails).await?;
    let mut running = Running::prepare(ENGINE, destinations.field(), workload).await?;
    let (began, start) = (clock::now(), Instant::now());
    running.go(ENGINE, destinations.field()).await?;
    destinations.wait_for_healthy().await?;
    let received_seconds = start.elapsed().as_secs_f64();
    committed(destinations.field(), workload).await?;
    let ended_at = last_end(destinations.field()).await?;
    Ok(Closed {
        events: workload.events(),
        ended_seconds: ended_at.duration_since(began).as_secs_f64(),
        received_seconds,
        recovery: destinations.recover(running).await?,
    })
}

async fn fixed_rate(ground: &Ground, plan: Plan, fails: bool) -> anyhow::Result<Open> {
    let workload = plan.open;
    let field = ground.field("isolation").await?;
    let mut destinations = Destinations::prepare(ground, field, workload, fails).await?;
    let mut running = Running::prepare(ENGINE, destinations.field(), workload).await?;
    running.go(ENGINE, destinations.field()).await?;
    running.ready().await?;
    let order = workload.order();
    let (schedule, messages) = open_loop::prepare(&order, plan.rate);
    let broker = &destinations.field().settings.broker;
    let lags = open_loop::send(broker, schedule, messages).await?;
    destinations.wait_for_healthy().await?;
    committed(destinations.field(), workload).await?;
    let received = destinations.received_by_healthy();
    let latency = |after| {
        quantiles(open_loop::completion_latencies(
            schedule, &order, &received, after,
        ))
    };
    Ok(Open {
        sender: quantiles(lags),
        to_completion: latency(Duration::ZERO),
        found_out: latency(FOUND_OUT),
        recovery: destinations.recover(running).await?,
    })
}

/// When the last process was sealed, by the clock of the same machine.
async fn last_end(field: &Field) -> anyhow::Result<Timestamp> {
    let rows = query(
        &field.database_url,
        "select max(sealed_at) from waybill.process",
    )
    .await?;
    let last = rows.first().and_then(|row| row.get(0));
    anyhow::Context::context(last, "no process was sealed")
}
