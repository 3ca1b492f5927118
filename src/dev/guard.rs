//! Runs one server under `guard.sh`, which ends it when this program is gone.

use std::{
    fs::{self, File},
    io::{Read, Seek, SeekFrom},
    process::Stdio,
    time::Duration,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, ChildStdin, Command},
    time::{Instant, sleep, timeout},
};

use super::folder::Lock;
use super::plan::Plan;
use super::{DevError, ports, processes};

/// A fixed `PATH`, so that a server does not inherit the caller's environment.
pub(super) const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

const SCRIPT: &str = include_str!("guard.sh");

/// How long a killed server's processes may take to disappear.
const KILLED_MAX: Duration = Duration::from_secs(10);

/// A log larger than this is removed at the next start.
const LOG_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// How much of a log's end goes into an error.
const TAIL_LINES: usize = 15;
const TAIL_BYTES: u64 = 8 * 1024;

impl Plan {
    fn command(&self, lock: Lock) -> Command {
        let patience = u64::try_from(self.patience.as_millis() / 100).unwrap_or(u64::MAX);
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SCRIPT, "waybill-guard"])
            .args([self.log(), self.home.clone()])
            .args([self.stop_signal, &patience.to_string()])
            .arg(if self.temporary {
                self.home.as_os_str()
            } else {
                "".as_ref()
            })
            .args(self.account.prefix())
            .args(&self.command)
            .env_clear()
            .env("PATH", PATH)
            .env("LANG", "C.UTF-8")
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(lock)
            // Ctrl-C on the terminal is for this program; it then ends its servers in order.
            .process_group(0);
        command
    }
}

/// One server with its guard.
pub(super) struct Guard {
    plan: Plan,
    /// `None` while a server has it.
    lock: Option<Lock>,
    shell: Option<(Child, ChildStdin)>,
    pid: u32,
    log_start: u64,
}

impl Guard {
    /// Starts the server; it need not answer yet.
    pub(super) async fn start(plan: Plan, lock: Lock) -> Result<Self, DevError> {
        let mut guard = Self {
            plan,
            lock: Some(lock),
            shell: None,
            pid: 0,
            log_start: 0,
        };
        guard.start_again().await?;
        Ok(guard)
    }

    /// The server's own process.
    pub(super) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until `probe` succeeds. A server that ends meanwhile, or takes longer than `limit`, is
    /// stopped and reported with the end of its log.
    pub(super) async fn ready(
        &mut self,
        limit: Duration,
        probe: impl AsyncFn() -> bool,
    ) -> Result<(), DevError> {
        let deadline = Instant::now() + limit;
        while !probe().await {
            if processes::has_ended(self.pid) || Instant::now() >= deadline {
                let error = self.not_started();
                self.stop().await?;
                // Its ports are free again now, so one that isn't belongs to another program.
                return match self.plan.ports.iter().find(|&&port| !ports::is_free(port)) {
                    Some(&port) => Err(DevError::PortInUse {
                        server: self.plan.name,
                        port,
                    }),
                    None => Err(error),
                };
            }
            sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Stops the server cleanly, or kills it, and removes its folder if it is temporary.
    pub(super) async fn stop(&mut self) -> Result<(), DevError> {
        self.end_with(b"").await
    }

    /// Kills the server and waits until all its processes are gone.
    pub(super) async fn kill(&mut self) -> Result<(), DevError> {
        if self.shell.is_some() && self.lock.is_none() {
            processes::signal("KILL", &processes::family(self.pid)).await?;
            self.reacquire_lock().await?;
        }
        Ok(())
    }

    /// Starts the server again; stops it cleanly first if it is running.
    pub(super) async fn restart(&mut self) -> Result<(), DevError> {
        self.end_with(b"keep\n").await?;
        if self.lock.is_none() {
            self.reacquire_lock().await?;
        }
        self.start_again().await
    }

    /// Suspends all its processes; connections stay open and silent.
    pub(super) async fn pause(&self) -> Result<(), DevError> {
        // The parent first: then the list of its children is final.
        processes::signal("STOP", &[self.pid]).await?;
        processes::signal("STOP", &processes::family(self.pid)).await
    }

    /// Resumes a paused server.
    pub(super) async fn resume(&self) -> Result<(), DevError> {
        processes::signal("CONT", &processes::family(self.pid)).await
    }

    async fn start_again(&mut self) -> Result<(), DevError> {
        let Some(lock) = self.lock.take() else {
            return Err(self.not_ended());
        };
        self.log_start = begin_log(&self.plan.log());
        let fault = |source| DevError::Run {
            program: "/bin/sh",
            source,
        };
        // The command is dropped at once, and with it this program's copy of the lock.
        let mut shell = self.plan.command(lock).spawn().map_err(fault)?;
        let (Some(orders), Some(answers)) = (shell.stdin.take(), shell.stdout.take()) else {
            return Err(fault(std::io::ErrorKind::BrokenPipe.into()));
        };
        let mut line = String::new();
        BufReader::new(answers)
            .read_line(&mut line)
            .await
            .map_err(fault)?;
        self.pid = line.trim().parse().map_err(|_| self.not_started())?;
        self.shell = Some((shell, orders));
        Ok(())
    }

    /// Sends the guard its last order, then waits for it and so for the server.
    async fn end_with(&mut self, order: &[u8]) -> Result<(), DevError> {
        let Some((mut shell, mut orders)) = self.shell.take() else {
            return Ok(());
        };
        // A guard that has already ended needs no order.
        let _ = orders.write_all(order).await;
        let _ = orders.flush().await;
        drop(orders);
        let limit = self.plan.patience + KILLED_MAX;
        match timeout(limit, shell.wait()).await {
            Ok(_) => Ok(()),
            Err(_) => Err(self.not_ended()),
        }
    }

    async fn reacquire_lock(&mut self) -> Result<(), DevError> {
        self.lock = Lock::acquire_when_free(&self.plan.lock(), KILLED_MAX).await?;
        match self.lock {
            Some(_) => Ok(()),
            None => Err(self.not_ended()),
        }
    }

    fn not_started(&self) -> DevError {
        DevError::NotStarted {
            server: self.plan.name,
            log: self.plan.log(),
            tail: self.log_tail(),
        }
    }

    fn not_ended(&self) -> DevError {
        DevError::NotEnded {
            server: self.plan.name,
            pid: self.pid,
        }
    }

    /// The last lines that the server logged since its last start.
    fn log_tail(&self) -> String {
        let read = || -> std::io::Result<String> {
            let mut file = File::open(self.plan.log())?;
            let end = file.metadata()?.len();
            file.seek(SeekFrom::Start(
                self.log_start.max(end.saturating_sub(TAIL_BYTES)),
            ))?;
            let mut bytes = Vec::new();
            file.take(TAIL_BYTES).read_to_end(&mut bytes)?;
            Ok(String::from_utf8_lossy(&bytes).into_owned())
        };
        let text = read().unwrap_or_default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty()).collect();
        let skipped = lines.len().saturating_sub(TAIL_LINES);
        let tail: Vec<&str> = lines.into_iter().skip(skipped).collect();
        match &self.plan.secret {
            Some(secret) => tail.join("\n").replace(secret, "[secret]"),
            None => tail.join("\n"),
        }
    }
}

/// The offset of the next start's log lines.
fn begin_log(log: &std::path::Path) -> u64 {
    let size = fs::metadata(log).map_or(0, |file| file.len());
    if size <= LOG_BYTES_MAX {
        return size;
    }
    // A log that can't be removed stays until the next start.
    let _ = fs::remove_file(log);
    0
}
