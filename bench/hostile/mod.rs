//! A hostile tenant does over HTTP what it can: what that costs another tenant, as the ratio of two runs
//! that differ in nothing else.

pub(crate) mod attacks;
pub(crate) mod report;

use std::net::SocketAddr;
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context;
use secrecy::ExposeSecret;
use serde_json::json;
use tokio::process::Command;
use tokio::task::JoinSet;
use waybill::domain::access::{Access, Scope};
use waybill::store::Store;
use waybill::store::admin::api_key::NewKey;

use self::attacks::Attack;
use crate::engine::spawn;
use crate::ground::{Field, Ground, waybill};
use crate::latency::{Latency, quantiles};
use crate::reads::client::Client;
use crate::reads::filled;
use crate::reads::server::Server;

/// Processes of the other tenant.
const PROCESSES: u32 = 20_000;
/// The other tenant's connections, and its requests a second: of each kind a third.
const CLIENTS: u32 = 6;
const RATE: u32 = 90;

/// What the other tenant requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Request {
    Record,
    List,
    Post,
}

/// The results.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) quiet: Run,
    pub(crate) beside: Run,
}

/// One run: the latencies of the other tenant, none of whose requests failed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) record: Latency,
    pub(crate) list: Latency,
    pub(crate) post: Latency,
    /// What the hostile tenant got answered.
    pub(crate) attacks: u64,
}

/// How long a run is, and what is done in the second one.
pub(crate) struct Plan {
    pub(crate) seconds: u32,
    pub(crate) attacks: Vec<Attack>,
}

/// Runs it without and with attacks.
pub(crate) async fn run(ground: &Ground, plan: &Plan) -> anyhow::Result<Outcome> {
    let field = ground.field("hostile").await?;
    filled::fill(&field, PROCESSES).await?;
    let hostile = key(&field, "hostile").await?;
    let other = key(&field, "default").await?;
    let mut worker = Command::new(waybill()?);
    worker.args(["run", "--roles", "worker,relay"]);
    worker.env("WAYBILL_OPS__LISTEN", "127.0.0.1:0");
    let mut worker = spawn(worker, &field, Stdio::inherit())?;
    let server = Server::api(&field, &other).await?;
    crate::note("hostile: quiet …");
    let quiet = one(server.address, &other, plan.seconds).await?;
    crate::note("hostile: beside attacks …");
    let attacks = attacks::begin(&plan.attacks, &field, server.address, &hostile).await?;
    let mut beside = one(server.address, &other, plan.seconds).await?;
    beside.attacks = attacks.end().await;
    server.stop().await?;
    worker.kill().await?;
    ground.clear(field).await?;
    Ok(Outcome { quiet, beside })
}

async fn key(field: &Field, tenant: &str) -> anyhow::Result<String> {
    let new = NewKey {
        name: String::new(),
        access: Access {
            tenant: tenant.to_owned(),
            scopes: vec![Scope::Read, Scope::Write],
        },
        expires_after: None,
    };
    let created = Store::new(&field.settings.database)?
        .create_key(&new)
        .await?;
    Ok(created.text.expose_secret().to_owned())
}

/// The other tenant's requests, each at its planned moment.
async fn one(address: SocketAddr, key: &str, seconds: u32) -> anyhow::Result<Run> {
    let start = Instant::now();
    let mut clients: JoinSet<anyhow::Result<Vec<(Request, Duration)>>> = JoinSet::new();
    for number in 0..CLIENTS {
        let key = key.to_owned();
        clients.spawn(async move {
            let mut client = Client::with_key(address, &key).await?;
            let mut latencies = Vec::new();
            for turn in (number..RATE * seconds).step_by(CLIENTS as usize) {
                let due = start + Duration::from_secs(1) * turn / RATE;
                tokio::time::sleep_until(due.into()).await;
                let request = send(&mut client, turn).await.context("the other tenant")?;
                latencies.push((request, due.elapsed()));
            }
            Ok(latencies)
        });
    }
    let mut all = Vec::new();
    while let Some(latencies) = clients.join_next().await {
        all.extend(latencies??);
    }
    let of = |kind| {
        let of_kind = all.iter().filter(|(request, _)| *request == kind);
        quantiles(of_kind.map(|(_, latency)| *latency).collect())
    };
    Ok(Run {
        record: of(Request::Record),
        list: of(Request::List),
        post: of(Request::Post),
        attacks: 0,
    })
}

async fn send(client: &mut Client, turn: u32) -> anyhow::Result<Request> {
    // A client keeps to one remainder of the turns, so the kind changes with its own count.
    Ok(match turn / CLIENTS % 3 {
        0 => {
            let token = filled::token(turn % PROCESSES);
            client.get(&format!("/v1/processes/{token}")).await?;
            Request::Record
        }
        1 => {
            client.get("/v1/processes?limit=20").await?;
            Request::List
        }
        _ => {
            let event = json!({"id": uuid::Uuid::new_v4().to_string(), "source": "other", "type": "upload.received",
                               "token": format!("other-{turn}"), "data": {"filename": "a.pdf"}});
            client.post("/v1/events", &event.to_string()).await?;
            Request::Post
        }
    })
}
