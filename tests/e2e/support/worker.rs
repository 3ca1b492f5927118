//! The program as a child process: started with settings in its environment, signalled by its
//! process id, never outliving its test.

use std::{
    collections::BTreeMap,
    fs::File,
    net::SocketAddr,
    os::unix::process::ExitStatusExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use tokio::{
    process::{Child, Command},
    time::timeout,
};
use waybill::dev::listen_on_free_port;

use super::ground::{Ground, holds, until};
use super::ops;
use super::ops::Scrape;
use crate::ops::database_roles;

/// SIGABRT, with which a crash point ends.
pub(crate) const ABORTED: i32 = 6;

static STARTED: AtomicUsize = AtomicUsize::new(0);

/// How to start a worker.
#[derive(Clone)]
pub(crate) struct Plan {
    roles: String,
    settings: BTreeMap<String, String>,
    folder: PathBuf,
    /// How many bytes of memory the system gives it.
    memory: Option<u64>,
}

/// A running worker; dropping it kills it.
pub(crate) struct Worker {
    child: Child,
    ops: SocketAddr,
    pub(crate) log: PathBuf,
}

impl Ground {
    /// All roles, with short waits.
    pub(crate) fn plan(&self) -> Plan {
        let plan = Plan {
            roles: "worker,relay,janitor".to_owned(),
            settings: BTreeMap::new(),
            folder: self.folder.clone(),
            memory: None,
        };
        plan.with("database.url", &self.run_url)
            .with("broker.url", &self.broker_url)
            .with("outbox.sweep_after", "1s")
            .with("janitor.interval", "200ms")
            .with("log.format", "json")
            .with(
                "files.url",
                &self.folder.join("files").display().to_string(),
            )
    }
}

impl Plan {
    pub(crate) fn with(mut self, key: &str, value: &str) -> Self {
        self.settings.insert(key.to_owned(), value.to_owned());
        self
    }

    /// With at most so many bytes of memory: more are refused, and then it aborts.
    pub(crate) fn within(mut self, bytes: u64) -> Self {
        self.memory = Some(bytes);
        self
    }

    pub(crate) fn roles(mut self, roles: &str) -> Self {
        roles.clone_into(&mut self.roles);
        self
    }

    /// Starts it and waits until it is ready.
    pub(crate) async fn start(&self) -> Worker {
        let mut worker = self.launch().await;
        worker.ready().await;
        worker
    }

    /// Starts it and waits for nothing: it may die at once.
    pub(crate) async fn launch(&self) -> Worker {
        let port = listen_on_free_port().expect("a free port");
        let ops = port.local_addr().expect("it is bound");
        drop(port);
        let number = STARTED.fetch_add(1, Ordering::Relaxed);
        let log = self.folder.join(format!("worker-{number}.log"));
        let file = File::create(&log).expect("the folder is ours");
        let program = env!("CARGO_BIN_EXE_waybill");
        let mut command = match self.memory {
            None => Command::new(program),
            Some(bytes) => {
                let mut command = Command::new("prlimit");
                command.args([&format!("--data={bytes}"), program]);
                command
            }
        };
        command.args(["run", "--roles", &self.roles]);
        command
            .env_clear()
            .env("WAYBILL_OPS__LISTEN", ops.to_string());
        for (key, value) in &self.settings {
            let variable = key.to_uppercase().replace('.', "__");
            let value = database_roles::of_roles(value, &self.roles);
            command.env(format!("WAYBILL_{variable}"), value);
        }
        let errors = file.try_clone().expect("a second handle");
        command
            .stdin(Stdio::null())
            .stdout(file)
            .stderr(errors)
            .kill_on_drop(true);
        Worker {
            child: command.spawn().expect("the program runs"),
            ops,
            log,
        }
    }
}

impl Worker {
    pub(crate) async fn ready(&mut self) {
        until("a ready worker", async || {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the worker ended: {status}\n{}", self.log_text());
            }
            (self.readiness().await == Some(200)).then_some(())
        })
        .await;
    }

    /// Waits until it is ready, or has died of a crash point.
    pub(crate) async fn ready_or_gone(&mut self) {
        holds("a ready or a dead worker", async || {
            self.is_gone() || self.readiness().await == Some(200)
        })
        .await;
    }

    pub(crate) fn is_gone(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(Some(_)))
    }

    /// The HTTP status of its readiness, if it answers.
    pub(crate) async fn readiness(&self) -> Option<u16> {
        Some(ops::get(self.ops, "/readyz").await?.status)
    }

    pub(crate) async fn scrape(&self) -> Option<Scrape> {
        Some(Scrape::new(ops::get(self.ops, "/metrics").await?.body))
    }

    /// A metric's sum right now.
    pub(crate) async fn metric(&self, name: &str, part: &str) -> i64 {
        let scrape = self.scrape().await;
        scrape.map_or(-1, |scrape| scrape.sum(name, part))
    }

    /// How many events had this outcome.
    pub(crate) async fn events(&self, outcome: &str) -> i64 {
        let part = format!("outcome=\"{outcome}\"");
        self.metric("waybill_events_total", &part).await
    }

    /// Waits until it has applied this many events.
    pub(crate) async fn applies(&self, count: i64) {
        let what = format!("{count} applied events");
        holds(&what, async || self.events("applied").await >= count).await;
    }

    /// How many attempts were made again for this reason.
    pub(crate) async fn retries(&self, reason: &str) -> i64 {
        let part = format!("reason=\"{reason}\"");
        self.metric("waybill_retries_total", &part).await
    }

    /// How many deliveries another consumer had before.
    pub(crate) async fn redelivered(&self) -> i64 {
        let part = "redelivered=\"true\"";
        self.metric("waybill_deliveries_total", part).await
    }

    /// Waits until a metric's sum is this number.
    pub(crate) async fn counts(&self, name: &str, part: &str, number: i64) {
        let what = format!("{number} in {name} {part}");
        holds(&what, async || self.metric(name, part).await == number).await;
    }

    /// Waits until its readiness has this HTTP status.
    pub(crate) async fn reports(&self, status: u16) {
        let what = format!("readiness {status}");
        holds(&what, async || self.readiness().await == Some(status)).await;
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.ops
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id().expect("it has not been waited for")
    }

    /// Sends a signal by its name.
    pub(crate) async fn signal(&self, name: &str) {
        signal(name, self.pid()).await;
    }

    /// Waits for its end.
    pub(crate) async fn ended(&mut self, limit: Duration) -> ExitStatus {
        let ended = timeout(limit, self.child.wait()).await;
        let ended = ended.unwrap_or_else(|_| panic!("it did not end:\n{}", self.log_text()));
        ended.expect("a child can be waited for")
    }

    /// Waits until it has died of a crash point.
    pub(crate) async fn crashed(mut self) {
        let status = self.ended(Duration::from_secs(30)).await;
        assert_eq!(status.signal(), Some(ABORTED), "{}", self.log_text());
    }

    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("a child can be killed");
    }

    /// Sends SIGTERM and expects a clean end.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM").await;
        let status = self.ended(Duration::from_secs(30)).await;
        assert_eq!(status.code(), Some(0), "{}", self.log_text());
    }

    pub(crate) fn log_text(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

/// Stops workers one after the other.
pub(crate) async fn stop_all(workers: impl IntoIterator<Item = Worker>) {
    for worker in workers {
        worker.stop().await;
    }
}

/// Sends a signal by its name to a process that the test started.
pub(crate) async fn signal(name: &str, pid: u32) {
    // The shell's own `kill`: the program of that name is not installed everywhere.
    let script = format!("kill -s {name} {pid}");
    let status = Command::new("/bin/sh").args(["-c", &script]).status().await;
    assert!(status.expect("a shell").success(), "{script}");
}
