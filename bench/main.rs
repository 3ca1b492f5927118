//! The end-to-end benchmark: compares Waybill with its upper bounds and with a naive program, in
//! one run.
//!
//! `README.md` describes what is measured and how. The engines that Waybill is compared with are
//! this same program, started again; everything durable, everything on this machine.

mod audience;
mod backlog;
mod check;
mod closed;
mod engine;
mod engines;
mod feed;
mod ground;
mod hostile;
mod isolation;
mod latency;
mod machine;
mod meter;
mod open_loop;
mod options;
mod patience;
mod reads;
mod rehearsal;
mod report;
mod scrape;
mod statements;
mod stops;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;

use engine::Engine;
use ground::Ground;
use options::Options;
use report::Report;

/// In the order of the table.
const ENGINES: [Engine; 8] = [
    Engine::BrokerCeiling,
    Engine::DatabaseCeiling,
    Engine::Null,
    Engine::Waybill(1),
    Engine::Waybill(2),
    Engine::Naive,
    Engine::Orders,
    Engine::OrdersBroker,
];

#[tokio::main]
async fn main() -> ExitCode {
    let mut args = std::env::args().skip(1).peekable();
    let outcome = if args.next_if_eq("engine").is_some() {
        engines::run(args).await.map(|()| true)
    } else {
        bench(&Options::parse()).await
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            note(&format!("bench: {error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// Runs the selected engines; returns whether every run counts.
async fn bench(options: &Options) -> anyhow::Result<bool> {
    note("starting PostgreSQL and RabbitMQ …");
    let ground = Ground::new(options.statements).await?;
    let report = measure(&ground, options).await;
    ground.servers.stop().await?;
    let report = report?;
    if let Some(file) = &options.json {
        std::fs::write(file, serde_json::to_vec_pretty(&report.json())?)?;
    }
    writeln!(std::io::stdout(), "{}", report.markdown())?;
    Ok(report.broken().is_empty())
}

async fn measure(ground: &Ground, options: &Options) -> anyhow::Result<Report> {
    let selected = |name: &str| {
        options
            .only
            .as_ref()
            .is_none_or(|only| name.contains(only.as_str()))
    };
    let engines: Vec<_> = ENGINES
        .into_iter()
        .filter(|engine| selected(engine.name()))
        .collect();
    let runs = closed_runs(ground, options, &engines).await?;
    let closed = ENGINES
        .into_iter()
        .filter_map(|engine| median(&runs, engine))
        .collect();
    let mut open = Vec::new();
    if selected("open_loop") {
        open = open_loops(ground, options).await?;
    }
    let mut reads = None;
    if selected("reads") {
        let worker = median(&runs, Engine::Waybill(1));
        let half = worker.map(|run| (run.events_per_second() / 2.0) as u32);
        reads = Some(reads::run(ground, options.reads(half)).await?);
    }
    let mut isolation = None;
    if selected("isolation") {
        isolation = Some(isolation::run(ground, options.isolation()).await?);
    }
    let mut backlog = None;
    if selected("backlog") {
        backlog = Some(backlog::run(ground, options.backlog()).await?);
    }
    let mut hostile = None;
    if selected("hostile") {
        hostile = Some(hostile::run(ground, &options.hostile()).await?);
    }
    Ok(Report {
        machine: machine::describe(ground).await?,
        closed,
        open,
        reads,
        isolation,
        backlog,
        hostile,
    })
}

async fn closed_runs(
    ground: &Ground,
    options: &Options,
    engines: &[Engine],
) -> anyhow::Result<Vec<closed::Outcome>> {
    let mut runs = Vec::new();
    for _ in 0..options.rounds.max(1) {
        for engine in engines {
            let run = closed::run(ground, *engine, options.workload(*engine)).await?;
            let speed = run.events_per_second();
            note(&format!("{}: {speed:.0} events/s", engine.title()));
            runs.push(run);
        }
    }
    Ok(runs)
}

async fn open_loops(ground: &Ground, options: &Options) -> anyhow::Result<Vec<open_loop::Outcome>> {
    let mut open = Vec::new();
    for engine in [Engine::BrokerCeiling, Engine::Waybill(1)] {
        let (rate, workload) = (options.rate(), options.open_loop());
        note(&format!("{}: open loop, {rate} events/s …", engine.title()));
        open.push(open_loop::run(ground, engine, rate, workload).await?);
    }
    Ok(open)
}

/// The median run, with the broken invariants of all of them.
fn median(runs: &[closed::Outcome], engine: Engine) -> Option<closed::Outcome> {
    let mut runs: Vec<_> = runs
        .iter()
        .filter(|run| run.engine == engine)
        .cloned()
        .collect();
    runs.sort_by(|one, other| one.seconds.total_cmp(&other.seconds));
    let broken = runs.iter().flat_map(|run| run.broken.clone()).collect();
    let mut middle = runs.get(runs.len() / 2)?.clone();
    middle.broken = broken;
    Some(middle)
}

/// Reports progress.
fn note(line: &str) {
    // Errors of the standard error are ignored.
    let _ = writeln!(std::io::stderr(), "{line}");
}
