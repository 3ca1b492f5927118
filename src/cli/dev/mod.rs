//! `waybill dev`: private servers, the schema, all roles, and optionally a demo, which start and
//! stop as one.

mod key;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::{demo, output};
use crate::app::{App, End, Roles, Signals};
use crate::config::{self, Settings};
use crate::dev::Servers;
use crate::store::Store;
use crate::store::admin::migrate;
use crate::telemetry::Health;

/// The default data folder of the servers, in the temporary directory.
const FOLDER: &str = "waybill-dev";

/// Run everything on this machine: private PostgreSQL and RabbitMQ servers, the schema, all roles.
#[derive(Debug, Args)]
pub struct Dev {
    /// The data folder of the servers; a later start with the same folder has the same data
    /// [default: waybill-dev in the temporary directory].
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
    /// Publish sample uploads and orders and show their completions.
    #[arg(long)]
    demo: bool,
    /// Stop after a fixed number of samples; exit 0 only if every completion arrived.
    #[arg(long, requires = "demo")]
    once: bool,
    /// Write the addresses as JSON to this file once everything is ready.
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

/// The addresses and credentials that a program needs to use these servers.
#[derive(Debug, Serialize)]
struct Addresses {
    amqp_url: String,
    database_url: String,
    ops_url: String,
    http_url: String,
    api_key: String,
}

/// Runs until Ctrl-C, SIGTERM or the end of a finite demo; returns whether all went well.
pub async fn run(dev: Dev, overrides: &[String]) -> anyhow::Result<bool> {
    let signals = Signals::of_process()?;
    let stop = CancellationToken::new();
    let folder = dev
        .folder
        .clone()
        .unwrap_or_else(|| std::env::temp_dir().join(FOLDER));
    output::line(&format!(
        "starting PostgreSQL and RabbitMQ in {} …",
        folder.display()
    ))?;
    let servers = tokio::select! {
        servers = Servers::start(&folder) => servers?,
        () = signals.first() => return Ok(true),
    };
    let outcome = tokio::select! {
        outcome = with_servers(&dev, (&folder, overrides), &servers, &stop) => outcome,
        () = async { signals.first().await; stop.cancel(); signals.second().await } => Ok(false),
    };
    if let Some(file) = &dev.ready_file {
        // Its servers are stopping; a file that is already gone is no error.
        let _ = std::fs::remove_file(file);
    }
    servers.stop().await?;
    outcome
}

async fn with_servers(
    dev: &Dev,
    (folder, overrides): (&Path, &[String]),
    servers: &Servers,
    stop: &CancellationToken,
) -> anyhow::Result<bool> {
    let settings = settings(servers, folder, overrides)?;
    let store = Store::new(&settings.database)?;
    migrate::migrate(store.connection().await?).await?;
    servers.rabbitmq.set_policies("/").await?;
    let broker = settings.broker.clone();
    let app = App::new(settings, Roles::all()).await?;
    let addresses = Addresses {
        amqp_url: servers.rabbitmq.url(),
        database_url: servers.postgres.url(),
        ops_url: format!("http://{}", app.ops_address()?),
        http_url: format!(
            "http://{}",
            app.http_address()
                .context("no HTTP listener was started, although waybill dev runs the role api")?
        ),
        api_key: key::of_folder(folder, &store).await?,
    };
    let health = app.health();
    let app_stop = CancellationToken::new();
    let running = app.run(Signals::token(app_stop.clone()));
    let using = async {
        tokio::select! {
            () = when_ready(health) => {}
            () = stop.cancelled() => return Ok(true),
        }
        announce(dev, &addresses)?;
        if !dev.demo {
            stop.cancelled().await;
            return Ok(true);
        }
        let summary = demo::run(&broker, &store, dev.once, stop).await?;
        report(&summary, dev.once)?;
        anyhow::Ok(!dev.once || summary.is_good())
    };
    tokio::pin!(running);
    let good = tokio::select! {
        ended = &mut running => {
            ended?;
            anyhow::bail!("the roles stopped unexpectedly");
        }
        good = using => good,
    };
    app_stop.cancel();
    let end = running.await?;
    Ok(good? && end == End::Clean)
}

async fn when_ready(health: Health) {
    while health.ready().is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn settings(servers: &Servers, folder: &Path, overrides: &[String]) -> anyhow::Result<Settings> {
    let mut own = vec![
        format!("database.url={}", servers.postgres.url()),
        format!("broker.url={}", servers.rabbitmq.url()),
        "ops.listen=127.0.0.1:0".to_owned(),
        "http.listen=127.0.0.1:0".to_owned(),
        format!("files.url={}", folder.join("files").display()),
    ];
    own.extend_from_slice(overrides);
    let loaded = config::load(None, std::iter::empty::<(String, String)>(), &own)?;
    Ok(loaded.settings)
}

fn announce(dev: &Dev, addresses: &Addresses) -> anyhow::Result<()> {
    output::line("ready:")?;
    output::line(&format!("  AMQP_URL={}", addresses.amqp_url))?;
    output::line(&format!("  DATABASE_URL={}", addresses.database_url))?;
    output::line(&format!("  WAYBILL_CLIENT__URL={}", addresses.http_url))?;
    output::line(&format!("  WAYBILL_CLIENT__KEY={}", addresses.api_key))?;
    output::line(&format!(
        "  monitor page (sign in with that key): {}/",
        addresses.http_url
    ))?;
    output::line(&format!(
        "  metrics and health: {0}/metrics  {0}/readyz",
        addresses.ops_url
    ))?;
    output::line("stop with Ctrl-C")?;
    if let Some(file) = &dev.ready_file {
        write_atomically(file, &serde_json::to_vec_pretty(addresses)?)
            .with_context(|| format!("could not write {}", file.display()))?;
    }
    Ok(())
}

/// Writes a file with secrets atomically, by a rename, since programs wait for it to appear.
fn write_atomically(file: &Path, text: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    let mut name = file.as_os_str().to_owned();
    name.push(".part");
    let part = PathBuf::from(name);
    let mut options = std::fs::OpenOptions::new();
    let mut out = options
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&part)?;
    out.write_all(text)?;
    out.sync_all()?;
    std::fs::rename(part, file)
}

fn report(summary: &demo::Summary, once: bool) -> anyhow::Result<()> {
    let demo::Summary {
        events,
        bad,
        right,
        wrong,
        missing,
    } = summary;
    output::line(&format!(
        "demo: {events} events sent, {right} completions as expected, {bad} invalid messages kept \
         as dead letters"
    ))?;
    if once && !summary.is_good() {
        output::line(&format!(
            "demo: {wrong} completions had another status, {missing} did not arrive"
        ))?;
    }
    Ok(())
}
