//! The programs that are compared, each a process of its own.

use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use anyhow::Context;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use waybill::domain::Kind;

use crate::ground::Field;
use crate::patience;
use crate::scrape;
use crate::workload::Workload;

/// How long a worker may take to end.
const END_MAX: Duration = Duration::from_secs(30);

/// What consumes the queue in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Engine {
    /// The broker alone: consume, acknowledge, publish.
    BrokerCeiling,
    /// The database alone: the statements and the merge.
    DatabaseCeiling,
    /// The same input and output without any logic.
    Null,
    /// Waybill, with that many workers.
    Waybill(u8),
    /// One message, one transaction.
    Naive,
    /// Waybill with one worker, walking orders.
    Orders,
    /// The broker alone with the messages of orders.
    OrdersBroker,
}

impl Engine {
    /// Every engine of this program, started by its name.
    pub(crate) const OWN: [Self; 5] = [
        Self::BrokerCeiling,
        Self::OrdersBroker,
        Self::DatabaseCeiling,
        Self::Null,
        Self::Naive,
    ];

    /// Its name on the command line, in JSON and of its database.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::BrokerCeiling => "broker_ceiling",
            Self::DatabaseCeiling => "database_ceiling",
            Self::Null => "null_worker",
            Self::Waybill(1) => "waybill_1",
            Self::Waybill(_) => "waybill_2",
            Self::Naive => "naive",
            Self::Orders => "orders",
            Self::OrdersBroker => "orders_broker",
        }
    }

    /// Its title.
    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::BrokerCeiling => "(a) broker alone",
            Self::DatabaseCeiling => "(b) database alone",
            Self::Null => "(c) same I/O, no logic",
            Self::Waybill(1) => "(d) Waybill, 1 worker",
            Self::Waybill(_) => "(d) Waybill, 2 workers",
            Self::Naive => "(e) one message, one transaction",
            Self::Orders => "(f) Waybill, orders",
            Self::OrdersBroker => "(g) broker alone, orders",
        }
    }

    /// The kind of its workload's processes.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Orders | Self::OrdersBroker => Kind::Order,
            _ => Kind::Upload,
        }
    }

    pub(crate) fn uses_broker(self) -> bool {
        self != Self::DatabaseCeiling
    }

    pub(crate) fn uses_database(self) -> bool {
        !matches!(self, Self::BrokerCeiling | Self::OrdersBroker)
    }

    /// Whether it keeps the whole workload in memory, so that its memory is not meaningful.
    pub(crate) fn rehearses(self) -> bool {
        matches!(self, Self::DatabaseCeiling | Self::Null)
    }

    fn is_own(self) -> bool {
        self.workers() == 0
    }

    /// How many processes of Waybill it is.
    fn workers(self) -> u8 {
        match self {
            Self::Waybill(workers) => workers,
            Self::Orders => 1,
            _ => 0,
        }
    }
}

/// The running processes of an engine.
pub(crate) struct Running {
    children: Vec<Child>,
    /// Where Waybill's workers serve health and metrics.
    ops: Vec<SocketAddr>,
    /// The standard input and output of this program's own engines.
    lines: Option<(ChildStdin, Lines<BufReader<ChildStdout>>)>,
}

impl Running {
    /// Prepares an engine. This program's own ones wait for [`go`](Self::go); Waybill starts with
    /// `go`, so its start counts.
    pub(crate) async fn prepare(
        engine: Engine,
        field: &Field,
        workload: Workload,
    ) -> anyhow::Result<Self> {
        let mut running = Self {
            children: Vec::new(),
            ops: Vec::new(),
            lines: None,
        };
        if !engine.is_own() {
            return Ok(running);
        }
        let mut command = Command::new(std::env::current_exe()?);
        command.arg("engine").arg(engine.name());
        command.arg(workload.kind.name());
        command.args([workload.processes.to_string(), workload.open.to_string()]);
        let mut child = spawn(command, field, Stdio::piped())?;
        let stdin = child.stdin.take().context("the engine has no input")?;
        let stdout = child.stdout.take().context("the engine has no output")?;
        let mut lines = BufReader::new(stdout).lines();
        expect(&mut lines, "ready").await?;
        running.children.push(child);
        running.lines = Some((stdin, lines));
        Ok(running)
    }

    /// The clock starts now.
    pub(crate) async fn go(&mut self, engine: Engine, field: &Field) -> anyhow::Result<()> {
        if let Some((stdin, _)) = &mut self.lines {
            stdin.write_all(b"go\n").await?;
            return Ok(());
        }
        for _ in 0..engine.workers() {
            let mut command = Command::new(crate::ground::waybill()?);
            command.args(["run", "--roles", "worker,relay,janitor"]);
            let address = scrape::free_address().await?;
            command.env("WAYBILL_OPS__LISTEN", address.to_string());
            self.ops.push(address);
            self.children.push(spawn(command, field, Stdio::null())?);
        }
        Ok(())
    }

    /// Waits until one of this program's own engines reports its end.
    pub(crate) async fn done(&mut self) -> anyhow::Result<()> {
        let (_, lines) = self
            .lines
            .as_mut()
            .context("only our own engines say when they are done")?;
        expect(lines, "done").await
    }

    /// Waits until Waybill consumes.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        for address in &self.ops {
            scrape::ready(*address).await?;
        }
        Ok(())
    }

    /// The metrics of Waybill's first worker.
    pub(crate) async fn metrics(&self) -> anyhow::Result<String> {
        let address = self.ops.first().context("only Waybill exports metrics")?;
        scrape::get(*address, "/metrics").await
    }

    pub(crate) fn pids(&self) -> Vec<u32> {
        self.children.iter().filter_map(Child::id).collect()
    }

    /// Stops the processes by SIGTERM; each must exit with code 0.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        drop(self.lines.take());
        for child in &mut self.children {
            if let Some(pid) = child.id() {
                Command::new("/bin/sh")
                    .args(["-c", "kill -s TERM $1", "kill", &pid.to_string()])
                    .status()
                    .await?;
            }
            let status: ExitStatus = tokio::time::timeout(END_MAX, child.wait())
                .await
                .context("the worker does not end")??;
            anyhow::ensure!(status.success(), "the worker ended with {status}");
        }
        Ok(())
    }
}

/// Starts a program that uses the database and the virtual host.
pub(crate) fn spawn(mut command: Command, field: &Field, stdout: Stdio) -> anyhow::Result<Child> {
    command
        .env("WAYBILL_DATABASE__URL", &field.database_url)
        .env("WAYBILL_BROKER__URL", &field.amqp_url)
        .env("WAYBILL_LOG__FILTER", "warn")
        .stdin(Stdio::piped())
        .stdout(stdout)
        .kill_on_drop(true);
    Ok(command.spawn()?)
}

/// Waits for a line with a given word; other lines only show progress.
async fn expect(lines: &mut Lines<BufReader<ChildStdout>>, word: &str) -> anyhow::Result<()> {
    loop {
        let line = patience::once("a word of the engine", lines.next_line()).await??;
        let line = line.context("the engine has failed, see above")?;
        if line == word {
            return Ok(());
        }
    }
}
