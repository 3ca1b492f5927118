//! Clients' requests while the worker works: records by token, batches, and the feed, on a store of
//! very many processes.

pub(crate) mod client;
pub(crate) mod filled;
pub(crate) mod report;
pub(crate) mod server;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::client::Client;
use self::server::Server;
use crate::audience::Audience;
use crate::engine::{Engine, Running};
use crate::ground::{Field, Ground};
use crate::latency::{Latency, quantiles};
use crate::workload::{Dice, Workload};
use crate::{note, open_loop};

/// Connections of the loops.
const CLIENTS: u32 = 32;
/// Requests a second of the open loop.
pub(super) const RATE: u32 = 2_000;
/// How long each of the closed loops lasts.
const SECONDS: u64 = 5;
/// Batches that are timed, and about how long they take.
const BATCHES: u32 = 300;
const BATCH_SECONDS: u32 = 4;

/// The plan of the measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    /// Processes in the store.
    pub(crate) processes: u32,
    /// Events a second that the worker has to do meanwhile.
    pub(crate) load: u32,
    /// How long the open loop lasts.
    pub(crate) seconds: u32,
}

/// What was measured.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    pub(crate) plan: Plan,
    /// Records by token at [`RATE`], beside the worker.
    pub(crate) open: Latency,
    /// Maximum requests per second: Waybill, and the bare program.
    pub(crate) fastest: (f64, f64),
    /// A single one and a hundred at once, one after the other: beside the worker, and alone.
    pub(crate) beside: (Latency, Latency),
    pub(crate) alone: (Latency, Latency),
    /// Events a second that one reader of the feed gets.
    pub(crate) feed: f64,
}

/// Measures it on a place of its own.
pub(crate) async fn run(ground: &Ground, plan: Plan) -> anyhow::Result<Outcome> {
    let field = ground.field("reads").await?;
    note(&format!("reads: filling {} processes …", plan.processes));
    filled::fill(&field, plan.processes).await?;
    let bare = Server::bare(&field).await?;
    let ceiling = fastest(bare.address, plan).await?;
    bare.stop().await?;
    let api = Server::api(&field, "").await?;
    let waybill = fastest(api.address, plan).await?;
    note(&format!("reads: {waybill:.0} of {ceiling:.0} requests/s"));
    let alone = batches(api.address, plan).await?;
    let feed = feed(api.address).await?;
    note(&format!(
        "reads: {RATE} requests/s beside {} events/s …",
        plan.load
    ));
    let (open, beside) = beside_the_worker(&field, api.address, plan).await?;
    api.stop().await?;
    ground.clear(field).await?;
    Ok(Outcome {
        plan,
        open,
        fastest: (waybill, ceiling),
        beside,
        alone,
        feed,
    })
}

fn record(n: u32) -> String {
    format!("/v1/processes/{}", filled::token(n))
}

/// Requests per second when every client sends the next request after each answer.
async fn fastest(address: SocketAddr, plan: Plan) -> anyhow::Result<f64> {
    let until = Instant::now() + Duration::from_secs(SECONDS);
    let mut clients: JoinSet<anyhow::Result<u32>> = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(async move {
            let mut client = Client::connect(address).await?;
            let mut dice = Dice(u64::from(number) + 1);
            let mut count = 0;
            while Instant::now() < until {
                client.get(&record(any(&mut dice, plan))).await?;
                count += 1;
            }
            Ok(count)
        });
    }
    let mut count = 0;
    while let Some(answered) = clients.join_next().await {
        count += answered??;
    }
    Ok(f64::from(count) / SECONDS as f64)
}

/// Batches of one, and of a hundred.
async fn batches(address: SocketAddr, plan: Plan) -> anyhow::Result<(Latency, Latency)> {
    let single = one_by_one(address, plan, 1).await?;
    Ok((single, one_by_one(address, plan, 100).await?))
}

/// Requests for `size` processes each, one after the other.
async fn one_by_one(address: SocketAddr, plan: Plan, size: u32) -> anyhow::Result<Latency> {
    let mut client = Client::connect(address).await?;
    let mut dice = Dice(7);
    let mut latencies = Vec::new();
    for _ in 0..BATCHES {
        let tokens = (0..size).map(|_| filled::token(any(&mut dice, plan)));
        let requests: Vec<Value> = tokens.map(|token| json!({ "token": token })).collect();
        let body = json!({ "requests": requests }).to_string();
        let began = Instant::now();
        client.post("/v1/processes/batch", &body).await?;
        latencies.push(began.elapsed());
    }
    Ok(quantiles(latencies))
}

/// The needed fields of a page of the feed.
#[derive(Deserialize)]
struct Page {
    events: Vec<IgnoredAny>,
    next: String,
}

/// Events a second that a reader of the feed gets, page by page.
async fn feed(address: SocketAddr) -> anyhow::Result<f64> {
    let mut client = Client::connect(address).await?;
    let mut path = "/v1/events?limit=1000".to_owned();
    let began = Instant::now();
    let mut events = 0;
    while began.elapsed() < Duration::from_secs(SECONDS) {
        let page: Page = serde_json::from_slice(client.get(&path).await?)?;
        path = format!("/v1/events?limit=1000&after={}", page.next);
        events += page.events.len();
        if page.events.is_empty() {
            break;
        }
    }
    Ok(events as f64 / began.elapsed().as_secs_f64())
}

/// Records at a fixed rate, and then batches, while the worker works at its own.
async fn beside_the_worker(
    field: &Field,
    address: SocketAddr,
    plan: Plan,
) -> anyhow::Result<(Latency, (Latency, Latency))> {
    let workload = Workload::of_rate(plan.load, plan.seconds + BATCH_SECONDS);
    let mut audience = Audience::of_completions(&field.settings.broker).await?;
    let mut running = Running::prepare(Engine::Waybill(1), field, workload).await?;
    running.go(Engine::Waybill(1), field).await?;
    running.ready().await?;
    let (sending, messages) = open_loop::prepare(&workload.order(), plan.load);
    let clients = async {
        let open = open_loop_reads(address, plan, sending.start).await?;
        Ok((open, batches(address, plan).await?))
    };
    let sent = open_loop::send(&field.settings.broker, sending, messages);
    let (latencies, _) = tokio::try_join!(clients, sent)?;
    audience.wait_for(workload.processes as usize).await?;
    running.stop().await?;
    Ok(latencies)
}

/// Every latency counts from the planned moment of the request.
async fn open_loop_reads(
    address: SocketAddr,
    plan: Plan,
    start: Instant,
) -> anyhow::Result<Latency> {
    let mut clients: JoinSet<anyhow::Result<Vec<Duration>>> = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(async move {
            let mut client = Client::connect(address).await?;
            let mut dice = Dice(u64::from(number) + 1);
            let mut latencies = Vec::new();
            for turn in (number..RATE * plan.seconds).step_by(CLIENTS as usize) {
                let due = start + Duration::from_secs(1) * turn / RATE;
                tokio::time::sleep_until(due.into()).await;
                client.get(&record(any(&mut dice, plan))).await?;
                latencies.push(due.elapsed());
            }
            Ok(latencies)
        });
    }
    let mut all = Vec::new();
    while let Some(latencies) = clients.join_next().await {
        all.extend(latencies??);
    }
    Ok(quantiles(all))
}

fn any(dice: &mut Dice, plan: Plan) -> u32 {
    u32::try_from(dice.below(u64::from(plan.processes))).unwrap_or(0)
}
