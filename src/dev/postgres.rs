//! A private PostgreSQL server: durable, on 127.0.0.1 only, with a database `waybill`.

use std::{ffi::OsString, fs, path::Path, time::Duration};

use tokio::time::timeout;
use tokio_postgres::NoTls;

use super::account::Account;
use super::folder::{self, Lock};
use super::guard::Guard;
use super::plan::Plan;
use super::{DevError, ports, programs, start_twice};

/// Initializes the data the first time, then executes the server.
const SCRIPT: &str = include_str!("postgres.sh");

/// The name of both user and database.
const NAME: &str = "waybill";

/// Setting up takes a second, recovery after a kill usually less.
const READY_MAX: Duration = Duration::from_secs(60);

/// A fast shutdown writes one checkpoint.
const PATIENCE: Duration = Duration::from_secs(15);

/// Everything durable, nothing outside the folder: no socket file, no shared memory file.
const SETTINGS: [&str; 8] = [
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "dynamic_shared_memory_type=mmap",
    "fsync=on",
    "synchronous_commit=on",
    "shared_buffers=256MB",
    "max_connections=100",
    "password_encryption=scram-sha-256",
];

/// A private PostgreSQL server.
pub struct Postgres {
    guard: Guard,
    port: u16,
    password: String,
}

impl Postgres {
    /// Starts a server on `folder`/postgres and waits until it answers.
    ///
    /// # Errors
    ///
    /// When it is not installed, another program uses the folder, or it does not start.
    pub async fn start(folder: &Path) -> Result<Self, DevError> {
        Self::start_with(folder, false).await
    }

    pub(super) async fn start_with(folder: &Path, temporary: bool) -> Result<Self, DevError> {
        start_twice(async || Self::try_start(folder, temporary).await).await
    }

    async fn try_start(folder: &Path, temporary: bool) -> Result<Self, DevError> {
        let folder = folder::create(folder)?;
        let account = Account::of_server("postgres")?;
        let home = folder::create_home(&folder, "postgres", account)?;
        let mut plan = Plan::new("postgresql", &home, account, PATIENCE);
        plan.stop_signal = "INT";
        plan.temporary = temporary;
        let lock = Lock::acquire(&plan.lock()).await?;
        let password = folder::secret(&plan.home.join("password"), account)?;
        let (port, listener) = ports::claim(&plan.home.join("port"))?;
        plan.command = command(&plan.home, port)?;
        plan.secret = Some(password.clone());
        plan.ports.push(port);
        drop(listener);
        let mut server = Self {
            guard: Guard::start(plan, lock).await?,
            port,
            password,
        };
        server.ready().await?;
        Ok(server)
    }

    /// Where to connect, with the password.
    #[must_use]
    pub fn url(&self) -> String {
        let Self { port, password, .. } = self;
        format!("postgres://{NAME}:{password}@127.0.0.1:{port}/{NAME}")
    }

    /// The port on 127.0.0.1.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The postmaster process, the parent of all others.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.guard.pid()
    }

    /// Ends it cleanly (a fast shutdown) and waits for its end.
    ///
    /// # Errors
    ///
    /// When it does not end even after a kill.
    pub async fn stop(mut self) -> Result<(), DevError> {
        self.guard.stop().await
    }

    /// Kills all its processes at once and waits until they are gone.
    ///
    /// # Errors
    ///
    /// When they are not gone in time.
    pub async fn kill(&mut self) -> Result<(), DevError> {
        self.guard.kill().await
    }

    /// Starts it again on the same port and data; stops it cleanly first if it is running.
    ///
    /// # Errors
    ///
    /// When it does not end or does not start.
    pub async fn restart(&mut self) -> Result<(), DevError> {
        self.guard.restart().await?;
        self.ready().await
    }

    /// Suspends all its processes; connections stay open and silent.
    ///
    /// # Errors
    ///
    /// When no signal can be sent.
    pub async fn pause(&self) -> Result<(), DevError> {
        self.guard.pause().await
    }

    /// Resumes it after [`Postgres::pause`].
    ///
    /// # Errors
    ///
    /// When no signal can be sent.
    pub async fn resume(&self) -> Result<(), DevError> {
        self.guard.resume().await
    }

    async fn ready(&mut self) -> Result<(), DevError> {
        let url = self.url();
        // Logins are refused until recovery has finished.
        let probe = async || {
            let login = tokio_postgres::connect(&url, NoTls);
            matches!(timeout(Duration::from_secs(5), login).await, Ok(Ok(_)))
        };
        self.guard.ready(READY_MAX, probe).await
    }
}

fn command(home: &Path, port: u16) -> Result<Vec<OsString>, DevError> {
    // Data is tied to the major version that wrote it.
    let version = fs::read_to_string(home.join("data/PG_VERSION")).ok();
    let programs = programs::postgres(version.as_deref().map(str::trim))?;
    let mut command: Vec<OsString> = ["/bin/sh", "-c", SCRIPT, "waybill-postgres"]
        .map(OsString::from)
        .into();
    command.push(programs.into());
    let port = format!("port={port}");
    for setting in SETTINGS.into_iter().chain([port.as_str()]) {
        command.extend(["-c".into(), setting.into()]);
    }
    Ok(command)
}
