//! The engines of this program that Waybill is compared with.

mod bare;
mod broker_ceiling;
mod database_ceiling;
mod naive;
mod null;

use std::io::Write;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, BufReader, Stdin};
use waybill::app::Signals;
use waybill::config;
use waybill::config::Settings;

use crate::engine::Engine;
use crate::workload::Workload;
use waybill::domain::Kind;

/// Runs the engine of the command line in this process.
pub(crate) async fn run(mut args: impl Iterator<Item = String>) -> anyhow::Result<()> {
    let name = args.next().context("which engine?")?;
    if name == "bare" {
        let settings = settings()?;
        return bare::run(&settings, settings.http.listen).await;
    }
    let kind = args.next().as_deref().and_then(Kind::from_name);
    let mut number = || {
        args.next()
            .context("a number is missing")?
            .parse::<u32>()
            .context("a number")
    };
    let workload = Workload {
        kind: kind.context("a kind")?,
        processes: number()?,
        open: number()?,
    };
    let starter = Starter {
        // Registered here: the signal to stop may come before the engine has finished.
        signals: Signals::of_process()?,
        input: BufReader::new(tokio::io::stdin()),
    };
    let settings = settings()?;
    match Engine::OWN.into_iter().find(|engine| engine.name() == name) {
        Some(Engine::BrokerCeiling | Engine::OrdersBroker) => {
            broker_ceiling::run(&settings, starter, workload).await
        }
        Some(Engine::DatabaseCeiling) => database_ceiling::run(&settings, starter, workload).await,
        Some(Engine::Null) => null::run(&settings, starter, workload).await,
        Some(Engine::Naive) => naive::run(&settings, starter).await,
        _ => anyhow::bail!("no engine is called {name}"),
    }
}

fn settings() -> anyhow::Result<Settings> {
    let loaded = config::load(None, std::env::vars_os(), &[]);
    let loaded = loaded.map_err(|faults| anyhow::anyhow!("{faults}"))?;
    Ok(loaded.settings)
}

/// The signals between the engine and the benchmark.
struct Starter {
    signals: Signals,
    input: BufReader<Stdin>,
}

impl Starter {
    /// Reports that all is prepared, and waits for the start.
    async fn ready(&mut self) -> anyhow::Result<()> {
        say("ready")?;
        let mut line = String::new();
        self.input.read_line(&mut line).await?;
        Ok(())
    }

    /// Waits for the signal to stop.
    async fn wait_for_end(&mut self) -> anyhow::Result<()> {
        self.signals.first().await;
        Ok(())
    }
}

fn say(word: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{word}")?;
    out.flush()
}
